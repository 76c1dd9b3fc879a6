// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package period

import (
	"time"
	_ "time/tzdata" // where the operating system has no time zones: the container image
)

// Unit is what a calendar counts in.
type Unit string

// The units. A week begins on Monday.
const (
	Hour    Unit = "hour"
	Day     Unit = "day"
	Week    Unit = "week"
	Month   Unit = "month"
	Quarter Unit = "quarter"
	Year    Unit = "year"
)

// Floor is the start of the unit that t is in, in the time zone of t.
func (u Unit) Floor(t time.Time) time.Time {
	year, month, day := t.Date()
	switch u {
	case Hour:
		return t.Truncate(time.Hour) // of UTC, as the ledger's
	case Week:
		day -= (int(t.Weekday()) + 6) % 7
	case Month:
		day = 1
	case Quarter:
		month, day = month-(month-1)%3, 1
	case Year:
		month, day = time.January, 1
	case Day:
	}
	return startOf(year, month, day, t.Location())
}

// startOf is the first moment of a day. Where clocks are changed at midnight there is no
// 00:00, or there are two.
func startOf(year int, month time.Month, day int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	noon := time.Date(year, month, day, 12, 0, 0, 0, zone)
	if t.Day() != noon.Day() {
		_, t = t.ZoneBounds()
		return t
	}
	if earlier := t.Add(-time.Hour); earlier.Day() == noon.Day() {
		return earlier
	}
	return t
}

// Add is the start of the unit that begins n units after the one that t is in.
func (u Unit) Add(t time.Time, n int) time.Time {
	t = u.Floor(t)
	year, month, day := t.Date()
	switch u {
	case Hour:
		return t.Add(time.Duration(n) * time.Hour)
	case Week:
		day += 7 * n
	case Month:
		month += time.Month(n)
	case Quarter:
		month += time.Month(3 * n)
	case Year:
		year += n
	case Day:
		day += n
	}
	return startOf(year, month, day, t.Location())
}

// Next is the start of the unit after the one that t is in.
func (u Unit) Next(t time.Time) time.Time { return u.Add(t, 1) }
