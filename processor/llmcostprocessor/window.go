// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import "time"

// Window is a part of the calendar, in UTC.
type Window string

// The windows of a budget.
const (
	WindowHour  Window = "hour"
	WindowDay   Window = "day"
	WindowMonth Window = "month"
)

// windows are all of them, with the greatest length of each.
var windows = map[Window]time.Duration{
	WindowHour:  time.Hour,
	WindowDay:   24 * time.Hour,
	WindowMonth: 31 * 24 * time.Hour,
}

// around is the window that now is in: its start, and the start of the next.
func (w Window) around(now time.Time) (start, end time.Time) {
	now = now.UTC()
	year, month, day := now.Date()
	switch w {
	case WindowDay:
		start = time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(0, 0, 1)
	case WindowMonth:
		start = time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
		return start, start.AddDate(0, 1, 0)
	case WindowHour:
	}
	start = now.Truncate(time.Hour)
	return start, start.Add(time.Hour)
}
