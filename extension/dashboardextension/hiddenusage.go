// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// hiddenUsage is a source of usage with pseudonyms. It embeds nothing, so that a method that the
// interface gets cannot be forgotten here.
type hiddenUsage struct {
	of dashboard.Usage
	*pseudonyms
}

// hideUsage returns a source with pseudonyms, which knows of traffic and of single calls what the
// source does.
func (p *pseudonyms) hideUsage(of dashboard.Usage) dashboard.Usage {
	hidden := hiddenUsage{of, p}
	passing, counts := of.(dashboard.TrafficSource)
	calls, keeps := of.(dashboard.CallSource)
	switch {
	case counts && keeps:
		return struct {
			hiddenCalls
			hiddenTraffic
		}{hiddenCalls{hidden, calls}, hiddenTraffic{passing, p}}
	case keeps:
		return hiddenCalls{hidden, calls}
	case counts:
		return struct {
			hiddenUsage
			hiddenTraffic
		}{hidden, hiddenTraffic{passing, p}}
	}
	return hidden
}

// Usage hides the values of groups.
func (h hiddenUsage) Usage(q dashboard.Query) ([]dashboard.Row, error) {
	q.Where = h.revealWhere(q.Where)
	rows, err := h.of.Usage(q)
	if !slices.ContainsFunc(q.GroupBy, func(name string) bool { return h.private[name] }) {
		return rows, err
	}
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Group = h.hideValues(q.GroupBy, rows[i].Group)
	}
	slices.SortStableFunc(rows, func(a, b dashboard.Row) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return slices.Compare(a.Group, b.Group)
	})
	return rows, err
}

// Calls hides the values of calls. Each field is copied by its name, in the query, too: a field
// that is new is not seen until somebody decides here how it is.
func (h hiddenUsage) Calls(q dashboard.CallQuery) []dashboard.Call {
	asked := dashboard.CallQuery{
		From: q.From, To: q.To, Where: h.revealWhere(q.Where), MostExpensive: q.MostExpensive, MergedBy: q.MergedBy, Problems: q.Problems, Limit: q.Limit,
		ID: q.ID, TraceID: q.TraceID, ResponseID: q.ResponseID, Status: q.Status, ErrorType: q.ErrorType, CostStatus: q.CostStatus,
		MinDollars: q.MinDollars, MaxDollars: q.MaxDollars,
	}
	// What may be private is compared as it is seen.
	seen := func(c *dashboard.Call) bool {
		for _, each := range [...][2]string{{q.User, c.User}, {q.Session, c.Session}, {q.Agent, c.Agent}} {
			if each[0] != "" && each[0] != each[1] {
				return false
			}
		}
		return q.Find == "" || slices.Contains([]string{c.TraceID, c.SpanID, c.ResponseID, c.Session, c.User, c.ID}, q.Find)
	}
	if q.Find+q.User+q.Session+q.Agent != "" {
		asked.Limit = 0
	}
	names, calls := h.of.Dimensions(), h.of.Calls(asked)
	hidden := make([]dashboard.Call, 0, len(calls))
	for i := range calls {
		c := &calls[i]
		made := dashboard.Call{
			ID: c.ID, Time: c.Time, TraceID: c.TraceID, SpanID: c.SpanID, Values: h.hideValues(names, c.Values), Status: c.Status,
			Tokens: c.Tokens, Amounts: c.Amounts, Dollars: c.Dollars, Reported: c.Reported, Computed: c.Computed, CostStatus: c.CostStatus,
			Seconds: c.Seconds, Provider: c.Provider, Convention: c.Convention, Reading: c.Reading, Estimated: c.Estimated, Problem: c.Problem, Merged: c.Merged,
			User: h.hideOwner(c.User, c.Values, names, "user"), Session: h.hideOwner(c.Session, c.Values, names, "session", "conversation", "thread"),
			Agent: h.hideOwner(c.Agent, c.Values, names, "agent"), ResponseID: c.ResponseID, ParentID: c.ParentID, Operation: c.Operation,
			RequestModel: c.RequestModel, ErrorType: c.ErrorType, ServiceTier: c.ServiceTier, Scope: c.Scope, FirstToken: c.FirstToken,
		}
		if seen(&made) {
			hidden = append(hidden, made)
		}
	}
	if q.Limit > 0 && len(hidden) > q.Limit {
		hidden = hidden[:q.Limit]
	}
	return hidden
}

// hideOwner hides the user, session or agent of a call: where a private dimension is one, by a
// word in its name, or has the same value.
func (p *pseudonyms) hideOwner(value string, values, names []string, words ...string) string {
	if p.hides(words...) {
		return p.hide(value)
	}
	for i, name := range names {
		if p.private[name] && i < len(values) && values[i] == value {
			return p.hide(value)
		}
	}
	return value
}

// hides reports whether a private dimension has one of the words in its name.
func (p *pseudonyms) hides(words ...string) bool {
	for name := range p.private {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(strings.ToLower(name), word) }) {
			return true
		}
	}
	return false
}

// hiddenTraffic is a source of traffic with pseudonyms.
type hiddenTraffic struct {
	passing dashboard.TrafficSource
	hiding  *pseudonyms
}

// Traffic has no values.
func (h hiddenTraffic) Traffic() dashboard.Traffic { return h.passing.Traffic() }

// Arrivals hides services where a private dimension is read from their name, or is one by a word
// in its name.
func (h hiddenTraffic) Arrivals() dashboard.Arrivals {
	arrivals := h.passing.Arrivals()
	if !h.hiding.hides("service") && !slices.ContainsFunc(arrivals.ServiceIn, func(name string) bool { return h.hiding.private[name] }) {
		return arrivals
	}
	arrivals.Senders = slices.Clone(arrivals.Senders)
	for i := range arrivals.Senders {
		arrivals.Senders[i].Service = h.hiding.hide(arrivals.Senders[i].Service)
	}
	return arrivals
}

// hiddenCalls is a source of single calls with pseudonyms.
type hiddenCalls struct {
	hiddenUsage
	calls dashboard.CallSource
}

// CountCalls counts calls as they are seen.
func (h hiddenCalls) CountCalls(q dashboard.CallQuery) int {
	q.Limit = 0
	return len(h.Calls(q))
}

// CallsKept has no values.
func (h hiddenCalls) CallsKept() dashboard.CallsKept { return h.calls.CallsKept() }

// CallPrice hides adjustments, which name values of dimensions.
func (h hiddenCalls) CallPrice(id string) (dashboard.CallPrice, bool) {
	price, known := h.calls.CallPrice(id)
	if len(price.Adjustments) > 0 {
		price.Adjustments = []string{"by dimensions of the call"}
	}
	return price, known
}

// Steps hides agents, which the names of their spans have, too.
func (h hiddenCalls) Steps(traceID string) []dashboard.Step {
	steps := slices.Clone(h.calls.Steps(traceID))
	if h.hides("agent") {
		for i := range steps {
			steps[i].Name, steps[i].Agent = "", h.hide(steps[i].Agent)
		}
	}
	return steps
}

// Budgets hides whose limits they are.
func (h hiddenUsage) Budgets() []dashboard.Budget {
	budgets := slices.Clone(h.of.Budgets())
	for i := range budgets {
		b := &budgets[i]
		b.Values, b.Where = h.hideValues(b.By, b.Values), maps.Clone(b.Where)
		for name, value := range b.Where {
			if h.private[name] {
				b.Where[name] = h.hide(value)
			}
		}
	}
	return budgets
}

// What follows has no values of dimensions but models and providers.

func (h hiddenUsage) Dimensions() []string                          { return h.of.Dimensions() }
func (h hiddenUsage) Extent() dashboard.Extent                      { return h.of.Extent() }
func (h hiddenUsage) Unpriced() []dashboard.UnpricedModel           { return h.of.Unpriced() }
func (h hiddenUsage) Estimates() []dashboard.Estimate               { return h.of.Estimates() }
func (h hiddenUsage) Disagreements() []dashboard.Disagreement       { return h.of.Disagreements() }
func (h hiddenUsage) Prices() dashboard.PriceTable                  { return h.of.Prices() }
func (h hiddenUsage) Billing(from, to time.Time) dashboard.Billing  { return h.of.Billing(from, to) }
func (h hiddenUsage) Costs(from, to time.Time) []dashboard.CostLine { return h.of.Costs(from, to) }
func (h hiddenUsage) Tariff(provider, model string, at time.Time) dashboard.Tariff {
	return h.of.Tariff(provider, model, at)
}
