// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/chart"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	timelineRows  = 12  // alerts of a rule that have a line of their own
	changesShown  = 50  // changes of state in the table
	ruleDelivered = 100 // notifications that are searched for those of a rule
	maxAlertName  = 120 // runes of what distinguishes an alert
)

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
	History   []historyView
	JSON      string
}

// graphView is a rule's expression over time.
type graphView struct {
	Title  string
	Expr   string
	Ticks  []tick
	Marks  []mark
	Lines  []lineView
	More   int
	LimitY float64
	Limit  string // "" without a threshold
	Rows   []graphRow
	Zone   string
}

// setScale sets the labels of the values, the largest first.
func (v *graphView) setScale(scale chart.Scale, label func(float64) string) {
	for _, value := range slices.Backward(scale.Ticks) {
		v.Ticks = append(v.Ticks, tick{label(value), scale.Y(value)})
	}
}

type lineView struct{ Name, Color, Path, Last string }

// graphRow is a line of the table of the same values.
type graphRow struct {
	Name   string
	Values []string
}

// timelineRow is when one alert was pending or firing.
type timelineRow struct {
	Name, Now string
	Bars      []timelineBar
}

type timelineBar struct {
	Class, Title string
	X, Width     float64
}

// changeView is a change of an alert's state.
type changeView struct {
	At           time.Time
	State, Class string
	Alert        string
	Lasted       string // how long it was in the state before
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

func newGraphView(g *dashboard.Graph, q *ruleRequest) *graphView {
	view := &graphView{Title: "Value of " + q.rule.Name, Expr: g.Expr, More: g.More, Zone: q.to.Location().String(), Marks: timeMarks(q.from, q.to)}
	if g.Operator != "" {
		view.Title = "What " + q.rule.Name + " compares"
	}
	var all []float64
	for i := range g.Series {
		all = append(all, g.Series[i].Values...)
	}
	if g.Operator != "" {
		all = append(all, g.Limit)
	}
	scale := chart.Around(all...)
	view.setScale(scale, func(value float64) string { return number(&value) })
	if g.Operator != "" {
		view.Limit, view.LimitY = g.Operator+" "+number(&g.Limit), min(max(scale.Y(g.Limit), 0), 100)
	}
	for i := range g.Series {
		s := &g.Series[i]
		line := lineView{Name: labelText(s.Labels, nil), Color: colorOf(i), Path: scale.Line(s.Values), Last: "no value now"}
		if n := len(s.Values); n > 0 && !math.IsNaN(s.Values[n-1]) {
			line.Last = number(&s.Values[n-1])
		}
		view.Lines = append(view.Lines, line)
	}
	view.Rows = graphRows(g)
	return view
}

// graphRows are about 24 of the values, with the newest last.
func graphRows(g *dashboard.Graph) []graphRow {
	if len(g.Series) == 0 {
		return nil
	}
	var rows []graphRow
	n := len(g.Series[0].Values)
	for i := (n - 1) % max(1, n/24); i < n; i += max(1, n/24) {
		row := graphRow{Name: g.From.Add(time.Duration(i) * g.Step).UTC().Format("Jan 2, 15:04:05")}
		for _, s := range g.Series {
			value := "–"
			if i < len(s.Values) && !math.IsNaN(s.Values[i]) {
				value = number(&s.Values[i])
			}
			row.Values = append(row.Values, value)
		}
		rows = append(rows, row)
	}
	return rows
}

// labelText names a series or an alert by its labels but for some.
func labelText(labels, without map[string]string) string {
	var list []string
	for _, pair := range pairs(labels, "=") {
		name, value, _ := strings.Cut(pair, "=")
		if name != alertevent.LabelName && name != "__name__" && without[name] != value {
			list = append(list, pair)
		}
	}
	if len(list) == 0 {
		return "value"
	}
	return text.Cut(strings.Join(list, ", "), maxAlertName)
}

// percentOf is where a time is between from and to, in percent.
func (q *ruleRequest) percentOf(at time.Time) float64 {
	return min(max(100*float64(at.Sub(q.from))/float64(q.to.Sub(q.from)), 0), 100)
}

// timeMarks are labels below a time axis at round times of UTC.
func timeMarks(from, to time.Time) []mark {
	length := to.Sub(from)
	step, form := 24*time.Hour, "Jan 2"
	for _, s := range []time.Duration{10 * time.Minute, time.Hour, 4 * time.Hour} {
		if length/s <= 7 {
			step, form = s, "15:04"
			break
		}
	}
	var marks []mark
	for at := from.UTC().Truncate(step).Add(step); at.Before(to); at = at.Add(step) {
		if x := 100 * float64(at.Sub(from)) / float64(length); x > 2 && x < 98 {
			marks = append(marks, mark{at.Format(form), x})
		}
	}
	return marks
}

func stateClass(state string) string {
	if state == "firing" {
		return "firing"
	}
	return "pending"
}

// newTimeline has a row for each alert, those that changed last first.
func newTimeline(intervals []dashboard.StateInterval, q *ruleRequest) (rows []timelineRow, more int) {
	type row struct {
		timelineRow
		last time.Time
	}
	var all []row
	for i := range intervals {
		in := &intervals[i]
		name := alertText(in, q)
		if len(all) == 0 || all[len(all)-1].Name != name {
			all = append(all, row{Name: name, Now: "inactive"})
		}
		r := &all[len(all)-1]
		bar := timelineBar{Class: stateClass(in.State), X: q.percentOf(in.From)}
		bar.Width = max(q.percentOf(in.To)-bar.X, .3)
		bar.Title = in.State + " from " + in.From.UTC().Format("Jan 2, 15:04:05") + " to " + in.To.UTC().Format("Jan 2, 15:04:05")
		if in.Open {
			bar.Title = in.State + " since " + in.From.UTC().Format("Jan 2, 15:04:05")
			bar.Width = max(100-bar.X, .3)
			if r.Now != "firing" {
				r.Now = in.State
			}
		}
		bar.X = min(bar.X, 100-bar.Width)
		r.Bars = append(r.Bars, bar)
		if in.To.After(r.last) {
			r.last = in.To
		}
	}
	slices.SortStableFunc(all, func(x, y row) int { return y.last.Compare(x.last) })
	for i := range all[:min(len(all), timelineRows)] {
		rows = append(rows, all[i].timelineRow)
	}
	return rows, max(0, len(all)-timelineRows)
}

func alertText(in *dashboard.StateInterval, q *ruleRequest) string {
	if name := labelText(in.Labels, q.rule.Labels); name != "value" {
		return name
	}
	return q.rule.Name
}

// newChanges are the changes of states, the newest first.
func newChanges(intervals []dashboard.StateInterval, q *ruleRequest) (changes []changeView, more int) {
	names := make([]string, len(intervals))
	for i := range intervals {
		names[i] = alertText(&intervals[i], q)
	}
	for i := range intervals {
		in, name := &intervals[i], names[i]
		change := changeView{At: in.From, State: in.State, Class: stateClass(in.State), Alert: name}
		changes = append(changes, change)
		followed := false // by another state at once
		for j := range intervals {
			followed = followed || i != j && names[j] == name && !intervals[j].From.Before(in.From) &&
				intervals[j].From.Sub(in.To).Abs() <= time.Second && intervals[j].State != in.State
		}
		if in.Open || followed {
			continue
		}
		end := changeView{At: in.To, State: "inactive", Class: "", Alert: name, Lasted: text.Ago(in.To.Sub(in.From))}
		if in.State == "firing" {
			end.State, end.Class = "resolved", "ok"
		}
		changes = append(changes, end)
	}
	slices.SortStableFunc(changes, func(x, y changeView) int { return y.At.Compare(x.At) })
	return changes[:min(len(changes), changesShown)], max(0, len(changes)-changesShown)
}

// graphJSON is the response of /api/rules/graph.
type graphJSON struct {
	Rule      string            `json:"rule"`
	Query     string            `json:"query"`
	Operator  string            `json:"operator,omitempty"`
	Threshold *string           `json:"threshold"`
	Start     time.Time         `json:"start"`
	Step      float64           `json:"step"` // seconds
	Series    []graphSeriesJSON `json:"series"`
	More      int               `json:"more"`
	States    []stateJSON       `json:"states"`
}

type graphSeriesJSON struct {
	Labels map[string]string `json:"labels"`
	Values []*string         `json:"values"`
}

type stateJSON struct {
	Labels map[string]string `json:"labels"`
	State  string            `json:"state"`
	From   time.Time         `json:"from"`
	To     *time.Time        `json:"to"` // null: it still is
}

func (b *dashboardServer) getRuleGraph(r *http.Request) (response, error) {
	q, err := b.ruleRequest(r)
	if err != nil {
		return response{}, err
	}
	graph, err := q.graph(r.Context())
	if err != nil {
		return response{}, &failure{unavailable, err}
	}
	intervals, err := q.intervals(r.Context())
	if err != nil {
		return response{}, &failure{unavailable, err}
	}
	out := graphJSON{Rule: q.rule.Name, Start: q.from.UTC(), Series: []graphSeriesJSON{}, States: []stateJSON{}}
	if graph != nil {
		out.Query, out.Operator, out.Start, out.Step, out.More = graph.Expr, graph.Operator, graph.From.UTC(), graph.Step.Seconds(), graph.More
		if graph.Operator != "" {
			out.Threshold = sample(&graph.Limit)
		}
		for _, s := range graph.Series {
			series := graphSeriesJSON{Labels: orEmpty(s.Labels)}
			for i := range s.Values {
				var value *string
				if !math.IsNaN(s.Values[i]) {
					value = sample(&s.Values[i])
				}
				series.Values = append(series.Values, value)
			}
			out.Series = append(out.Series, series)
		}
	}
	for _, in := range intervals {
		state := stateJSON{Labels: orEmpty(in.Labels), State: in.State, From: in.From.UTC()}
		if !in.Open {
			state.To = timeOrNil(in.To)
		}
		out.States = append(out.States, state)
	}
	return response{data: out}, nil
}
