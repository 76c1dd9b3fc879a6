// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// Window is a part of the calendar, or the time until now.
type Window string

// The windows of a budget. Those of the calendar have the names of its units.
const (
	WindowHour    Window = "hour"
	WindowDay     Window = "day"
	WindowWeek    Window = "week"
	WindowMonth   Window = "month"
	WindowQuarter Window = "quarter"
	// The rolling ones are whole hours, of which the last is the running one.
	Window24Hours Window = "24h"
	Window30Days  Window = "30d"
)

// windows are all of them, with the greatest length of each: a day in which clocks are set
// back has 25 hours.
var windows = map[Window]time.Duration{
	WindowHour:    time.Hour,
	WindowDay:     25 * time.Hour,
	WindowWeek:    7*24*time.Hour + time.Hour,
	WindowMonth:   31*24*time.Hour + time.Hour,
	WindowQuarter: 92*24*time.Hour + time.Hour,
	Window24Hours: 24 * time.Hour,
	Window30Days:  30 * 24 * time.Hour,
}

// rolling is the length of a rolling window; 0 for those of the calendar.
func (w Window) rolling() time.Duration {
	if w == Window24Hours || w == Window30Days {
		return windows[w]
	}
	return 0
}

// around is the window that now is in: its start, and the start of the next. Those of the
// calendar are in the time zone.
func (w Window) around(now time.Time, zone *time.Location) (start, end time.Time) {
	if length := w.rolling(); length > 0 {
		end = now.UTC().Truncate(time.Hour).Add(time.Hour)
		return end.Add(-length), end
	}
	of := period.Of(period.Unit(w), now.In(zone))
	return of.From, of.To
}
