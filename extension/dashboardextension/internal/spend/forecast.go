// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

const (
	forecastDays = 28
	weeklyDays   = 14 // from which on hours of the week differ
	leastHours   = 24 // to forecast anything from
)

// ForecastFrom is the period that a forecast is made from: whole hours of the last 28 days in
// which calls were counted.
func ForecastFrom(now, since time.Time) period.Period {
	of := period.Period{To: period.Hour.Floor(now)}
	of.From = of.To.Add(-forecastDays * 24 * time.Hour)
	if since = since.In(now.Location()); of.From.Before(since) {
		of.From = since
	}
	return of
}

// Forecast is what the calls until a time will have cost: what was spent so far, and for each
// hour to come the average of its hour of the week, or of all hours where less than two weeks
// were counted. Hours are the hourly sums of the period that it is made from.
func Forecast(hours []dashboard.Row, from period.Period, soFar float64, now, until time.Time) (dollars float64, method string, ok bool) {
	counted := from.To.Sub(from.From)
	if counted < leastHours*time.Hour {
		return 0, "", false
	}
	weekly := counted >= weeklyDays*24*time.Hour
	slot := func(t time.Time) int {
		if !weekly {
			return 0
		}
		return int(t.Weekday())*24 + t.Hour()
	}
	var spent, passed [7 * 24]float64
	for _, at := range from.Starts(period.Hour) {
		passed[slot(at)]++
	}
	for i := range hours {
		spent[slot(hours[i].Start)] += hours[i].Usage.Dollars
	}
	dollars = soFar
	for at := period.Hour.Floor(now); at.Before(until); at = at.Add(time.Hour) {
		share := 1.0
		if at.Before(now) {
			share = 1 - float64(now.Sub(at))/float64(time.Hour)
		}
		if i := slot(at); passed[i] > 0 {
			dollars += share * spent[i] / passed[i]
		}
	}
	method = "so far, and for each hour to come the average of all hours counted"
	if weekly {
		method = "so far, and for each hour to come the average of the same hour of the week in the last 28 days"
	}
	return dollars, method, true
}
