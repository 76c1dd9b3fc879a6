// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Windows are the current hour, day and month, in UTC.
type Windows struct {
	Hour, Today, Month dashboard.Totals
	// YesterdayHour and YesterdayToday are the dollars of the same hour and of the day,
	// yesterday, until this time of day. The ledger has whole hours; of the current
	// hour the elapsed share is used.
	YesterdayHour, YesterdayToday float64
}

// WindowsFrom is the start of the hours that Split needs, and their end.
func WindowsFrom(now time.Time) (from, to time.Time) {
	now = now.UTC()
	from = startOfMonth(now)
	if yesterday := startOfDay(now).AddDate(0, 0, -1); yesterday.Before(from) {
		from = yesterday
	}
	return from, now.Truncate(time.Hour).Add(time.Hour)
}

// Split sums hourly rows by window.
func Split(hours []dashboard.Row, now time.Time) Windows {
	now = now.UTC()
	hour, day, month := now.Truncate(time.Hour), startOfDay(now), startOfMonth(now)
	yesterday := day.AddDate(0, 0, -1)
	sameHour := hour.Add(-24 * time.Hour)
	passed := float64(now.Sub(hour)) / float64(time.Hour)
	var w Windows
	for i := range hours {
		start, usage := hours[i].Start, &hours[i].Usage
		if start.Equal(hour) {
			Add(&w.Hour, usage)
		}
		if !start.Before(day) {
			Add(&w.Today, usage)
		}
		if !start.Before(month) {
			Add(&w.Month, usage)
		}
		switch {
		case start.Equal(sameHour):
			w.YesterdayHour += usage.Dollars * passed
			w.YesterdayToday += usage.Dollars * passed
		case !start.Before(yesterday) && start.Before(sameHour):
			w.YesterdayToday += usage.Dollars
		}
	}
	return w
}

func startOfDay(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

func startOfMonth(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}
