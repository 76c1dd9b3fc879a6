// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// ruleDelivered bounds the alerts of a rule in its history.
const ruleDelivered = 100

// graphRanges are what a graph can show, the first by default.
var graphRanges = []graphRange{
	{"6h", "6 hours", 6 * time.Hour},
	{"1h", "1 hour", time.Hour},
	{"24h", "24 hours", 24 * time.Hour},
	{"7d", "7 days", 7 * 24 * time.Hour},
}

type graphRange struct {
	name, label string
	length      time.Duration
}

// rulePageView is the view of one rule.
type rulePageView struct {
	shell
	Rule      ruleView
	Group     string
	Ranges    []option
	Range     string // as it is written in a sentence
	Graph     *graphView
	GraphErr  string
	Active    []alertView
	More      int // active alerts that are not listed
	Timeline  []timelineRow
	MoreLines int
	Marks     []mark
	Changes   []changeView
	MoreThere int
	Notifies  bool // a notifier is switched on
	History   []historyView
	JSON      string
}

// rulePageOf is the address of a page about one rule.
func rulePageOf(id string) string { return "/rule?id=" + id }

// ruleOf finds a rule by its ID.
func (b *dashboardServer) ruleOf(id string) (alerts dashboard.Alerts, group dashboard.RuleGroup, rule dashboard.Rule, err error) {
	for _, shown := range b.alerts.all() {
		for _, group := range shown.asked.RuleGroups() {
			for i := range group.Rules {
				if group.Rules[i].ID == id {
					return shown.asked, group, group.Rules[i], nil
				}
			}
		}
	}
	return nil, group, rule, &failure{notFound, errors.New("there is no such rule; it may have been changed")}
}

// ruleRequest is the rule and the time that a request is about.
type ruleRequest struct {
	alerts   dashboard.Alerts
	group    dashboard.RuleGroup
	rule     dashboard.Rule
	id       string
	rangeOf  int // of graphRanges
	from, to time.Time
}

func (b *dashboardServer) ruleRequest(r *http.Request) (q ruleRequest, err error) {
	p := newParams(r.URL.Query())
	var names []string
	for _, g := range graphRanges {
		names = append(names, g.name)
	}
	q.id = p.text("id")
	q.rangeOf = slices.Index(names, p.oneOf("range", names...))
	if err := p.err(); err != nil {
		return q, err
	}
	q.to = b.now()
	q.from = q.to.Add(-graphRanges[q.rangeOf].length)
	q.alerts, q.group, q.rule, err = b.ruleOf(q.id)
	return q, err
}

// graph is that of the rule; nil for an event rule.
func (q *ruleRequest) graph(ctx context.Context) (*dashboard.Graph, error) {
	if q.rule.Kind == kindEvent {
		return nil, nil //nolint:nilnil // there is none
	}
	graph, err := q.alerts.Graph(ctx, q.rule.Expr, q.from, q.to)
	return &graph, err
}

// intervals are when alerts of the rule were pending or firing; none for other rules.
func (q *ruleRequest) intervals(ctx context.Context) ([]dashboard.StateInterval, error) {
	if q.rule.Kind != kindAlerting {
		return nil, nil
	}
	return q.alerts.Intervals(ctx, &q.rule, q.from, q.to)
}

// Kinds of rules.
const (
	kindAlerting = "alerting"
	kindEvent    = "event"
)

func (b *dashboardServer) rulePage(r *http.Request) (content, error) {
	q, err := b.ruleRequest(r)
	if err != nil {
		return content{}, err
	}
	view := rulePageView{shell: b.newShell(q.rule.Name, "rules"), Rule: newRuleView(&q.rule), Group: q.group.Name, Range: graphRanges[q.rangeOf].label}
	link := func(path, name string) string { return path + "?" + url.Values{"id": {q.id}, "range": {name}}.Encode() }
	ranges := slices.Clone(graphRanges)
	slices.SortFunc(ranges, func(x, y graphRange) int { return cmp.Compare(x.length, y.length) })
	for _, g := range ranges {
		view.Ranges = append(view.Ranges, option{g.label, link("/rule", g.name), g == graphRanges[q.rangeOf]})
	}
	view.JSON = link("/api/rules/graph", graphRanges[q.rangeOf].name)
	graph, err := q.graph(r.Context())
	switch {
	case err != nil:
		view.GraphErr = "The expression could not be evaluated: " + err.Error()
	case graph != nil:
		view.Graph = newGraphView(graph, &q)
	}
	intervals, err := q.intervals(r.Context())
	if err != nil && view.GraphErr == "" {
		view.GraphErr = "The states could not be read: " + err.Error()
	}
	view.Timeline, view.MoreLines = newTimeline(intervals, &q)
	view.Marks = timeMarks(q.from, q.to)
	view.Changes, view.MoreThere = newChanges(intervals, &q)
	if active := q.rule.Active; active != nil {
		view.Active = b.newAlertViews(slices.Collect(active.List(activeShown)))
		pending, firing := active.Count()
		view.More = max(0, pending+firing-len(view.Active))
	}
	view.Notifies = len(b.channels()) > 0
	for _, entry := range b.history(maxHistory) {
		if isOf(&entry.Alert, &q.rule) && len(view.History) < ruleDelivered {
			view.History = append(view.History, historyView{b.alertViewOf(&entry.Alert), entry.At})
		}
	}
	return content{template: "rule.html", data: view}, nil
}

// isOf reports whether an alert is of a rule: it has its name and the labels that are no
// templates.
func isOf(a *alertevent.Alert, rule *dashboard.Rule) bool {
	if a.Name() != rule.Name {
		return false
	}
	for name, value := range rule.Labels {
		if !strings.Contains(value, "{{") && a.Labels[name] != value {
			return false
		}
	}
	return true
}

// percentOf is where a time is between from and to, in percent.
func (q *ruleRequest) percentOf(at time.Time) float64 {
	return min(max(100*float64(at.Sub(q.from))/float64(q.to.Sub(q.from)), 0), 100)
}
