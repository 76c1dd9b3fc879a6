// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// Windows are the current hour, day and month.
type Windows struct {
	Hour, Today, Month dashboard.Totals
	// YesterdayHour and YesterdayToday are the dollars of the same hour and of the day,
	// yesterday, until this time of day. The ledger has whole hours; of the current
	// hour the elapsed share is used.
	YesterdayHour, YesterdayToday float64
}

// WindowsFrom is the start of the hours that Split needs, and their end.
func WindowsFrom(now time.Time) (from, to time.Time) {
	from = period.Month.Floor(now)
	if yesterday := period.Day.Add(now, -1); yesterday.Before(from) {
		from = yesterday
	}
	return from, period.Hour.Next(now)
}

// Split sums hourly rows by window, in the time zone of now.
func Split(hours []dashboard.Row, now time.Time) Windows {
	hour, day, month := period.Hour.Floor(now), period.Day.Floor(now), period.Month.Floor(now)
	yesterday := period.Day.Add(now, -1)
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
