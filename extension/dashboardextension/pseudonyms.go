// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

const (
	pseudonymPrefix = "hidden-"
	// maxPseudonyms bounds the values whose pseudonyms can be used in filters.
	maxPseudonyms = 100_000
	// minReplaced is the least length of a value that is replaced in texts.
	minReplaced = 3
)

var pseudonymForm = regexp.MustCompile(pseudonymPrefix + `[0-9a-f]{16}`)

// pseudonyms replaces values of private dimensions. The same value has the same pseudonym until
// the process ends, and filters by a pseudonym find its value.
type pseudonyms struct {
	key     []byte
	private map[string]bool // names of dimensions
	labels  map[string]bool // the same as labels of metrics

	mu     sync.Mutex
	values map[string]string // by pseudonym
}

func newPseudonyms(private []string) *pseudonyms {
	p := &pseudonyms{key: []byte(rand.Text()), private: map[string]bool{}, labels: map[string]bool{}, values: map[string]string{}}
	for _, name := range private {
		p.private[name] = true
		label := dashboard.MetricLabel(name)
		p.labels[name], p.labels[label], p.labels["exported_"+label] = true, true, true
		if label, err := routing.LabelName(name); err == nil { // of event rules
			p.labels[label] = true
		}
	}
	return p
}

// hide is the pseudonym of a value; "" has none.
func (p *pseudonyms) hide(value string) string {
	if value == "" || value == dashboard.Overflow {
		return value
	}
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(value))
	pseudonym := pseudonymPrefix + hex.EncodeToString(mac.Sum(nil)[:8])
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.values) >= maxPseudonyms {
		clear(p.values)
	}
	p.values[pseudonym] = strings.Clone(value)
	return pseudonym
}

// reveal replaces pseudonyms in a text by their values.
func (p *pseudonyms) reveal(text string) string {
	if !strings.Contains(text, pseudonymPrefix) {
		return text
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return pseudonymForm.ReplaceAllStringFunc(text, func(pseudonym string) string {
		if value, known := p.values[pseudonym]; known {
			return value
		}
		return pseudonym
	})
}

// hideValues replaces those of private dimensions among values of dimensions.
func (p *pseudonyms) hideValues(names, values []string) []string {
	out := slices.Clone(values)
	for i, name := range names {
		if i < len(out) && p.private[name] {
			out[i] = p.hide(out[i])
		}
	}
	return out
}

// revealWhere replaces pseudonyms of a filter. Who filters by a value has to know it as they see
// it: a value that was guessed finds nothing.
func (p *pseudonyms) revealWhere(where map[string]string) map[string]string {
	out := maps.Clone(where)
	for name, value := range where {
		if !p.private[name] || value == "" || value == dashboard.Overflow {
			continue
		}
		if out[name] = p.reveal(value); out[name] == value {
			out[name] = pseudonymPrefix + "unknown"
		}
	}
	return out
}

func (p *pseudonyms) hideLabels(labels map[string]string) map[string]string {
	out := maps.Clone(labels)
	for name, value := range labels {
		if p.labels[name] {
			out[name] = p.hide(value)
		}
	}
	return out
}

// hideText replaces the values that labels have in a text.
func (p *pseudonyms) hideText(text string, labels map[string]string) string {
	for name, value := range labels {
		if p.labels[name] && len(value) >= minReplaced {
			text = strings.ReplaceAll(text, value, p.hide(value))
		}
	}
	return text
}

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

// hiddenAlerts is a source of alerts with pseudonyms.
type hiddenAlerts struct {
	of dashboard.Alerts
	*pseudonyms
}

func (p *pseudonyms) hideAlerts(of dashboard.Alerts) dashboard.Alerts { return hiddenAlerts{of, p} }

func (h hiddenAlerts) alert(a alertevent.Alert) alertevent.Alert {
	annotations := maps.Clone(a.Annotations)
	for name, text := range annotations {
		annotations[name] = h.hideText(text, a.Labels)
	}
	a.Labels, a.Annotations = h.hideLabels(a.Labels), annotations
	return a
}

// hiddenActive are active alerts with pseudonyms.
type hiddenActive struct {
	dashboard.ActiveAlerts
	in hiddenAlerts
}

// List hides labels, and their values in texts.
func (h hiddenActive) List(limit int) iter.Seq[dashboard.ActiveAlert] {
	return func(yield func(dashboard.ActiveAlert) bool) {
		for active := range h.ActiveAlerts.List(limit) {
			active.Alert = h.in.alert(active.Alert)
			if !yield(active) {
				return
			}
		}
	}
}

// Active are chosen by their hidden labels.
func (h hiddenAlerts) Active(filter dashboard.ActiveFilter) dashboard.ActiveAlerts {
	if choose := filter.Labels; choose != nil {
		filter.Labels = func(labels map[string]string) bool { return choose(h.hideLabels(labels)) }
	}
	return hiddenActive{h.of.Active(filter), h}
}

// RuleGroups hides those of active alerts, and errors, which may name any.
func (h hiddenAlerts) RuleGroups() []dashboard.RuleGroup {
	groups := slices.Clone(h.of.RuleGroups())
	for i := range groups {
		groups[i].Rules = slices.Clone(groups[i].Rules)
		for k := range groups[i].Rules {
			rule := &groups[i].Rules[k]
			if rule.Active != nil {
				rule.Active = hiddenActive{rule.Active, h}
			}
			if rule.LastError != "" {
				rule.LastError = "The error may name private values."
			}
		}
	}
	return groups
}

// History hides as Active does.
func (h hiddenAlerts) History(limit int) []dashboard.HistoryEntry {
	entries := slices.Clone(h.of.History(limit))
	for i := range entries {
		entries[i].Alert = h.alert(entries[i].Alert)
	}
	return entries
}

// Graph hides the labels of series.
func (h hiddenAlerts) Graph(ctx context.Context, expr string, from, to time.Time) (dashboard.Graph, error) {
	g, err := h.of.Graph(ctx, expr, from, to)
	g.Series = slices.Clone(g.Series)
	for i := range g.Series {
		g.Series[i].Labels = h.hideLabels(g.Series[i].Labels)
	}
	return g, err
}

// Intervals hides the labels of alerts.
func (h hiddenAlerts) Intervals(ctx context.Context, rule *dashboard.Rule, from, to time.Time) ([]dashboard.StateInterval, error) {
	intervals, err := h.of.Intervals(ctx, rule, from, to)
	intervals = slices.Clone(intervals)
	for i := range intervals {
		intervals[i].Labels = h.hideLabels(intervals[i].Labels)
	}
	return intervals, err
}

// Routes are those of the clear labels.
func (h hiddenAlerts) Routes(labels map[string]string) []dashboard.Route {
	revealed := maps.Clone(labels)
	for name, value := range labels {
		revealed[name] = h.reveal(value)
	}
	routes := slices.Clone(h.of.Routes(revealed))
	for i := range routes {
		routes[i].GroupLabels = h.hideLabels(routes[i].GroupLabels)
	}
	return routes
}

// Channels hides errors of messages, which may repeat them.
func (h hiddenAlerts) Channels() []dashboard.Channel {
	channels := slices.Clone(h.of.Channels())
	hidden := func(text string) string {
		if text == "" {
			return ""
		}
		return "The response may name private values."
	}
	for i := range channels {
		c := &channels[i]
		c.Error, c.Deliveries = hidden(c.Error), slices.Clone(c.Deliveries)
		for k := range c.Deliveries {
			c.Deliveries[k].Error = hidden(c.Deliveries[k].Error)
		}
	}
	return channels
}

// matcher is one in Alertmanager's syntax.
var matcher = regexp.MustCompile(`^\s*"?([^"=!~]+?)"?\s*(=~|!~|!=|=)\s*(.*?)\s*$`)

// Silences hides what matchers compare private labels with, and comments, which may name it.
func (h hiddenAlerts) Silences() []dashboard.Silence {
	silences := slices.Clone(h.of.Silences())
	for i := range silences {
		s := &silences[i]
		s.Matchers = slices.Clone(s.Matchers)
		for k, text := range s.Matchers {
			parts := matcher.FindStringSubmatch(text)
			if parts == nil || !h.labels[parts[1]] {
				continue
			}
			value := strings.Trim(parts[3], `"`)
			if strings.HasSuffix(parts[2], "~") {
				value = strings.TrimSuffix(pseudonymPrefix, "-")
			} else {
				value = h.hide(value)
			}
			s.Matchers[k] = parts[1] + parts[2] + `"` + value + `"`
			s.Comment = ""
		}
	}
	return silences
}

// Silence adds one of the clear labels.
func (h hiddenAlerts) Silence(s dashboard.Silence) (string, error) {
	s.Matchers = slices.Clone(s.Matchers)
	for i := range s.Matchers {
		s.Matchers[i] = h.reveal(s.Matchers[i])
	}
	return h.of.Silence(s)
}

// What follows has no labels.

func (h hiddenAlerts) Receivers() []string    { return h.of.Receivers() }
func (h hiddenAlerts) CanSilence() bool       { return h.of.CanSilence() }
func (h hiddenAlerts) Expire(id string) error { return h.of.Expire(id) }
