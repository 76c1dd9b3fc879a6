// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/otelcol-arc/otelcol-arc/test/sdks/modelserver"
)

// The values that drivers give to a call of an agent, by the means that the
// framework has for it.
const (
	Agent   = "weather_agent"
	User    = "user-4711"
	Session = "session-0815"
)

// Column is what the table compares.
type Column struct{ Key, Title string }

// Columns are those of the table.
var Columns = []Column{
	{"calls", "Calls"},
	{"failed", "Failed calls"},
	{"input", "Input"},
	{"cache_read", "Cache read"},
	{"cache_write", "Cache write"},
	{"output", "Output"},
	{"reasoning", "Reasoning"},
	{"cost", "Cost"},
	{"agent", "Agent"},
	{"user", "User"},
	{"session", "Session"},
}

func isColumn(key string) bool {
	return slices.ContainsFunc(Columns, func(c Column) bool { return c.Key == key })
}

// State is what a cell comes to.
type State string

const (
	// Right is what the true ledger has.
	Right State = "right"
	// NotSent is a figure that the telemetry does not have, for some calls at least; the others are right.
	NotSent State = "not sent"
	// Wrong is a figure that the telemetry has, and the ledger has not.
	Wrong State = "wrong"
	// None is a figure that the calls of this pair do not have.
	None State = "none"
)

// Cell is one comparison.
type Cell struct {
	State State  `json:"state"`
	Text  string `json:"text,omitempty"`
}

// Found is a call as /api/calls lists it.
type Found struct {
	Values   map[string]string `json:"values"`
	Status   string            `json:"status"`
	Tokens   map[string]int64  `json:"tokens"`
	Cost     *float64          `json:"cost_dollars"`
	SpanID   string            `json:"span_id"`
	TraceID  string            `json:"trace_id"`
	Reported *float64          `json:"reported_cost_dollars"`
}

func (f *Found) succeeded() bool { return f.Status == "success" }

// cacheWrite is what was written to a cache, for however long.
func (f *Found) cacheWrite() int64 {
	if total, ok := f.Tokens["cache_write"]; ok {
		return total
	}
	return f.Tokens["cache_write_5m"] + f.Tokens["cache_write_1h"]
}

// kinds are the tokens that are compared.
var kinds = []struct {
	key   string
	want  func(modelserver.Tokens) int64
	found func(*Found) int64
}{
	{"input", func(t modelserver.Tokens) int64 { return t.Input }, func(f *Found) int64 { return f.Tokens["input"] }},
	{"cache_read", func(t modelserver.Tokens) int64 { return t.CacheRead }, func(f *Found) int64 { return f.Tokens["cache_read"] }},
	{"cache_write", func(t modelserver.Tokens) int64 { return t.CacheWrite + t.CacheWrite1h }, (*Found).cacheWrite},
	{"output", func(t modelserver.Tokens) int64 { return t.Output }, func(f *Found) int64 { return f.Tokens["output"] }},
	{"reasoning", func(t modelserver.Tokens) int64 { return t.Reasoning }, func(f *Found) int64 { return f.Tokens["reasoning"] }},
}

// match is a true call that succeeded, with what was found for it.
type match struct {
	call  *modelserver.Call
	found *Found // nil: nothing
}

// comparison is of one pair.
type comparison struct {
	capture *Capture
	matches []match
	extra   []*Found // found, and not one of the true calls or one of them again

	failedTrue, failedRetried, failedFound int
}

// Compare returns the cells of a pair.
func Compare(calls []modelserver.Call, found []Found, capture *Capture) map[string]Cell {
	c := newComparison(calls, found, capture)
	cells := map[string]Cell{"calls": c.calls(), "failed": c.failed(), "cost": c.cost()}
	for _, kind := range kinds {
		cells[kind.key] = c.tokens(kind.key, kind.want, kind.found)
	}
	cells["agent"] = c.who([]string{"gen_ai.agent.name"}, Agent, func(call *modelserver.Call) bool { return call.ByAgent })
	cells["user"] = c.who([]string{"user.id"}, User, func(call *modelserver.Call) bool { return call.ByUser })
	cells["session"] = c.who([]string{"session.id", "gen_ai.conversation.id"}, Session, func(call *modelserver.Call) bool { return call.ByUser })
	return cells
}

func newComparison(calls []modelserver.Call, found []Found, capture *Capture) *comparison {
	c := &comparison{capture: capture}
	for i := range calls {
		switch call := &calls[i]; {
		case !call.Failed():
			c.matches = append(c.matches, match{call: call})
		case call.Retried:
			c.failedRetried++
		default:
			c.failedTrue++
		}
	}
	var rest []*Found
	for i := range found {
		if f := &found[i]; f.succeeded() {
			rest = append(rest, f)
		} else {
			c.failedFound++
		}
	}
	// What is the same in every figure first, so that a call that was misread
	// does not take the place of one that was read right.
	for _, same := range []func(*modelserver.Call, *Found) bool{sameTokens, sameOutput, sameInput, c.sameWithoutUsage} {
		rest = slices.DeleteFunc(rest, func(f *Found) bool {
			for i := range c.matches {
				if m := &c.matches[i]; m.found == nil && same(m.call, f) {
					m.found = f
					return true
				}
			}
			return false
		})
	}
	c.extra = rest
	return c
}

func sameTokens(call *modelserver.Call, f *Found) bool {
	t := call.Tokens
	return t.Input+t.Output > 0 && f.Tokens["input"] == t.Input && f.Tokens["output"] == t.Output
}

func sameOutput(call *modelserver.Call, f *Found) bool {
	return names(call, "output", f.Tokens["output"], call.Tokens.Output)
}

func sameInput(call *modelserver.Call, f *Found) bool {
	return names(call, "input", f.Tokens["input"], call.Tokens.Input)
}

// names reports whether a count that was found can only be of this call.
func names(call *modelserver.Call, kind string, found, want int64) bool {
	return found > 0 && (found == want || slices.Contains(call.Reported[kind], found) || slices.Contains(call.Implied[kind], found) || slices.Contains(call.Alike, found))
}

// sameWithoutUsage pairs a call that no tokens were sent of.
func (c *comparison) sameWithoutUsage(call *modelserver.Call, f *Found) bool {
	return f.Tokens["input"]+f.Tokens["output"] == 0 && !c.sentTokens(call)
}

func (c *comparison) sentTokens(call *modelserver.Call) bool {
	return c.sent(call, "input") || c.sent(call, "output")
}

// sent reports whether a figure of a call is in the telemetry, in any of the
// forms that the vendor's response has it in.
func (c *comparison) sent(call *modelserver.Call, kind string) bool {
	return call.UsageInResponse && (c.capture.HasNumber(call.Reported[kind]...) || c.capture.HasNumbers(call.Implied[kind]))
}

// sentCall reports whether a call itself is in the telemetry.
func (c *comparison) sentCall(call *modelserver.Call) bool {
	return c.sentTokens(call) || call.ID != "" && c.capture.HasText(call.ID)
}

func (c *comparison) calls() Cell {
	missing, lost := 0, 0
	for _, m := range c.matches {
		if m.found == nil {
			missing++
			if c.sentCall(m.call) {
				lost++
			}
		}
	}
	n := len(c.matches)
	return judgeWithMore(n, n-missing, lost, missing-lost, len(c.extra))
}

func (c *comparison) failed() Cell {
	low, high, got := c.failedTrue, c.failedTrue+c.failedRetried, c.failedFound
	switch {
	case high == 0 && got == 0:
		return Cell{State: None}
	case low <= got && got <= high:
		return Cell{Right, strconv.Itoa(got)}
	case got < low && got >= c.capture.Errors(): // all that were sent
		return Cell{NotSent, fmt.Sprintf("%d of %d", got, low)}
	}
	return Cell{Wrong, fmt.Sprintf("%d of %d", got, low)}
}

func (c *comparison) tokens(key string, want func(modelserver.Tokens) int64, get func(*Found) int64) Cell {
	var n, right, wrong, absent int
	for _, m := range c.matches {
		tokens := want(m.call.Tokens)
		var got int64
		if m.found != nil {
			got = get(m.found)
		}
		switch {
		case tokens == 0 && got == 0:
			continue
		case tokens == got:
			right++
		case c.sent(m.call, key):
			wrong++
		case got != 0 && !slices.Contains(m.call.Alike, got) && !slices.Contains(m.call.Implied[key], got): // made up of something else
			wrong++
		default:
			absent++
		}
		n++
	}
	more := 0
	for _, f := range c.extra {
		if get(f) != 0 {
			more++
		}
	}
	return judgeWithMore(n, right, wrong, absent, more)
}

// deciding are the kinds that a cost is made of.
var deciding = []struct {
	key  string
	used func(modelserver.Tokens) int64
}{
	{"input", func(t modelserver.Tokens) int64 { return t.Input }},
	{"cache_read", func(t modelserver.Tokens) int64 { return t.CacheRead }},
	{"cache_write", func(t modelserver.Tokens) int64 { return t.CacheWrite + t.CacheWrite1h }},
	{"cache_write_1h", func(t modelserver.Tokens) int64 { return t.CacheWrite1h }},
	{"output", func(t modelserver.Tokens) int64 { return t.Output }},
	{"reasoning", func(t modelserver.Tokens) int64 { return t.Reasoning }},
}

const nanodollar = 1e-9

func (c *comparison) cost() Cell {
	var n, right, wrong, absent int
	for _, m := range c.matches {
		want, priced := m.call.Cost()
		if !priced {
			continue
		}
		n++
		var got *float64
		if m.found != nil {
			got = m.found.Cost
		}
		switch {
		case got != nil && math.Abs(*got-want) < nanodollar, got == nil && want == 0 && m.found != nil:
			right++
		case c.sentCost(m.call):
			wrong++
		default:
			absent++
		}
	}
	more := 0
	for _, f := range c.extra {
		if f.Cost != nil && *f.Cost != 0 {
			more++
		}
	}
	return judgeWithMore(n, right, wrong, absent, more)
}

// sentCost reports whether all that makes up a call's cost was sent.
func (c *comparison) sentCost(call *modelserver.Call) bool {
	if call.Tokens == (modelserver.Tokens{}) {
		return c.sentCall(call)
	}
	if region := call.PricedRegion(); region != "" && !c.capture.HasTextWith(region, call.Tokens.Output, call.Tokens.Input) {
		return false
	}
	for _, kind := range deciding {
		if kind.used(call.Tokens) > 0 && !c.sent(call, kind.key) {
			return false
		}
	}
	return true
}

// who compares what calls were attributed to, in any of dimensions. That of another
// trace is not known to be that of the call.
func (c *comparison) who(dimensions []string, value string, applies func(*modelserver.Call) bool) Cell {
	var n, right, wrong, absent int
	for _, m := range c.matches {
		if !applies(m.call) {
			continue
		}
		n++
		switch {
		case m.found == nil && c.sentCall(m.call) && c.capture.HasText(value):
			wrong++
		case m.found == nil:
			absent++
		case slices.ContainsFunc(dimensions, func(d string) bool { return m.found.Values[d] == value }):
			right++
		case c.capture.HasTextIn(m.found.TraceID, value):
			wrong++
		default:
			absent++
		}
	}
	return judge(n, right, wrong, absent)
}

// judgeWithMore is judge where more was counted than there was.
func judgeWithMore(n, right, wrong, absent, more int) Cell {
	if more == 0 {
		return judge(n, right, wrong, absent)
	}
	return Cell{Wrong, fmt.Sprintf("%d of %d, and %d more", right, n, more)}
}

func judge(n, right, wrong, absent int) Cell {
	switch {
	case wrong > 0:
		return Cell{Wrong, fmt.Sprintf("%d of %d", right, n)}
	case n == 0:
		return Cell{State: None}
	case absent > 0:
		return Cell{NotSent, fmt.Sprintf("%d of %d", right, n)}
	}
	return Cell{Right, strconv.Itoa(n)}
}
