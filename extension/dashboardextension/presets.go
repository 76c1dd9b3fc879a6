// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// preset is a period that has a name. In completes "No calls …".
type preset struct {
	name, label, in string
	of              func(now time.Time) period.Period
}

// lastHours are whole hours until the end of the running one.
func lastHours(n int) func(time.Time) period.Period {
	return func(now time.Time) period.Period {
		end := period.Hour.Next(now)
		return period.Period{From: end.Add(-time.Duration(n) * time.Hour), To: end}
	}
}

// since is the unit that began n units ago, until the end of the running one.
func since(u period.Unit, n int) func(time.Time) period.Period {
	return func(now time.Time) period.Period { return period.Period{From: u.Add(now, -n), To: u.Next(now)} }
}

func before(u period.Unit) func(time.Time) period.Period {
	return func(now time.Time) period.Period { return period.Of(u, u.Add(now, -1)) }
}

var presets = []preset{
	{"24h", "24 hours", "in the last 24 hours", lastHours(24)},
	{"7d", "7 days", "in the last 7 days", lastHours(7 * 24)},
	{"30d", "30 days", "in the last 30 days", since(period.Day, 29)},
	{"today", "Today", "today", since(period.Day, 0)},
	{"yesterday", "Yesterday", "yesterday", before(period.Day)},
	{"week", "Week", "this week", since(period.Week, 0)},
	{"month", "Month", "this month", since(period.Month, 0)},
	{"last-month", "Last month", "last month", before(period.Month)},
	{"quarter", "Quarter", "this quarter", since(period.Quarter, 0)},
	{"12m", "12 months", "in the last 12 months", since(period.Month, 11)},
}

// chosenPreset is nil if other dates are chosen.
func (c *selection) chosenPreset() *preset {
	at := slices.IndexFunc(presets, func(p preset) bool { return p.name == c.preset })
	if at < 0 {
		return nil
	}
	return &presets[at]
}
