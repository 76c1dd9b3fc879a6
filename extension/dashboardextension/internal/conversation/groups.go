// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package conversation

import (
	"cmp"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Group is the sum of calls that have a session or a trace in common.
type Group struct {
	ID string
	dashboard.Totals
	// From is when the first call began, To when the last one ended.
	From, To time.Time
	// Agents, Users and Models are those of the calls, in the order of the alphabet.
	Agents, Users, Models []string
}

// Took is the time from the start of the first call to the end of the last one.
func (g *Group) Took() time.Duration { return g.To.Sub(g.From) }

// Failed is the number of calls that failed.
func (g *Group) Failed() int64 { return g.Errors + g.Timeouts }

// Key is what calls are grouped by; "" for calls without it.
type Key func(*dashboard.Call) string

// BySession and ByTrace are what calls can be grouped by.
var (
	BySession Key = func(c *dashboard.Call) string { return c.Session }
	ByTrace   Key = func(c *dashboard.Call) string { return c.TraceID }
)

// Of returns the groups of calls, and how many calls are in none. The first value of a call is
// its model.
func Of(calls []dashboard.Call, by Key) (groups []Group, without int) {
	at := map[string]int{}
	for i := range calls {
		call := &calls[i]
		id := by(call)
		if id == "" {
			without++
			continue
		}
		index, known := at[id]
		if !known {
			index = len(groups)
			at[id] = index
			groups = append(groups, Group{ID: id, From: began(call), To: call.Time})
		}
		groups[index].add(call)
	}
	for i := range groups {
		g := &groups[i]
		slices.Sort(g.Agents)
		slices.Sort(g.Users)
		slices.Sort(g.Models)
	}
	return groups, without
}

func began(call *dashboard.Call) time.Time {
	if call.Seconds == nil {
		return call.Time
	}
	return call.Time.Add(-time.Duration(*call.Seconds * float64(time.Second)))
}

func (g *Group) add(call *dashboard.Call) {
	Add(&g.Totals, call)
	if from := began(call); from.Before(g.From) {
		g.From = from
	}
	if call.Time.After(g.To) {
		g.To = call.Time
	}
	note(&g.Agents, call.Agent)
	note(&g.Users, call.User)
	note(&g.Models, call.Values[0])
}

func note(to *[]string, value string) {
	if value != "" && !slices.Contains(*to, value) {
		*to = append(*to, value)
	}
}

// Add adds a call to totals.
func Add(sum *dashboard.Totals, call *dashboard.Call) {
	sum.Calls++
	switch call.Status {
	case "error":
		sum.Errors++
	case "timeout":
		sum.Timeouts++
	}
	if call.Dollars == nil {
		sum.Unpriced++
	} else {
		sum.Dollars += *call.Dollars
	}
	sum.Tokens.Input += call.Tokens.Input
	sum.Tokens.Output += call.Tokens.Output
	if call.Seconds != nil {
		sum.Timed++
		sum.Seconds += *call.Seconds
	}
}

// Orders are what groups can be ordered by, the largest first.
var Orders = []string{"cost", "calls", "failed", "tokens", "duration", "time"}

// Sort orders groups.
func Sort(groups []Group, order string) {
	slices.SortFunc(groups, func(a, b Group) int {
		var by int
		switch order {
		case "cost":
			by = cmp.Compare(b.Dollars, a.Dollars)
		case "calls":
			by = cmp.Compare(b.Calls, a.Calls)
		case "failed":
			by = cmp.Compare(b.Failed(), a.Failed())
		case "tokens":
			by = cmp.Compare(b.Tokens.Input+b.Tokens.Output, a.Tokens.Input+a.Tokens.Output)
		case "duration":
			by = cmp.Compare(b.Took(), a.Took())
		}
		return cmp.Or(by, b.To.Compare(a.To), cmp.Compare(a.ID, b.ID))
	})
}
