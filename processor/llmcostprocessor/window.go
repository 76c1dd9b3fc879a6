// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

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

// hours are the first and the last hour of the window that now is in.
func (w Window) hours(now time.Time) (first, last int64) {
	now = now.UTC()
	start := now
	switch w {
	case WindowDay:
		start = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	case WindowMonth:
		start = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	case WindowHour:
	}
	return ledger.HourOf(start), ledger.HourOf(now)
}
