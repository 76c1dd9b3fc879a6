// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/conversation"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// traceView shows one trace: the tree of its agents, tools and calls.
type traceView struct {
	shell
	ID, URL string
	Moment  string
	Stats   []stat
	Note    string
	Nodes   []nodeView
	Calls   string // their page
	JSON    string
}

type nodeView struct {
	Depth                                   int
	Name, Kind, URL, Cost, Took, Calls, Why string
	Failed                                  bool
	X, Width                                float64 // in the timeline, in percent
	Color                                   string
}

// oneTrace finds the calls of a trace.
func (b *dashboardServer) oneTrace(r *http.Request) (usage dashboard.Usage, c selection, calls []dashboard.Call, nodes []*conversation.Node, err error) {
	if usage, c, err = b.oneThing(r); err != nil {
		return nil, c, nil, nil, err
	}
	id := r.PathValue("id")
	calls = usage.Calls(dashboard.CallQuery{TraceID: id})
	if id == "" || len(calls) == 0 {
		return nil, c, nil, nil, &failure{notFound, errors.New("no call of this trace is kept")}
	}
	var steps []dashboard.Step
	if source, ok := usage.(dashboard.CallSource); ok {
		steps = source.Steps(id)
	}
	return usage, c, calls, conversation.Tree(calls, steps), nil
}

func (b *dashboardServer) tracePage(r *http.Request) (content, error) {
	usage, c, calls, nodes, err := b.oneTrace(r)
	if err != nil {
		return content{}, err
	}
	id := r.PathValue("id")
	group, _ := conversation.Of(calls, func(*dashboard.Call) string { return id })
	whole := &group[0]
	view := traceView{
		shell: b.newShell("Trace", "sessions"), ID: id, URL: traceURL(b.cfg.TraceURL, id, ""),
		Moment: whole.From.In(c.now.Location()).Format("Monday, January 2, 2006, 15:04:05 MST"), Stats: callStats(calls),
		JSON: c.apiURL("/api/traces/"+url.PathEscape(id), url.Values{}),
	}
	if words := describeKept(usage); words != "" {
		view.Note = "The calls of this trace that are kept: " + words + "."
	}
	view.Stats = append(view.Stats, stat{Name: "From first to last", Value: text.Seconds(whole.Took().Seconds())})
	from, to := whole.From, whole.To
	for _, n := range nodes {
		if n.From.Before(from) && !n.From.IsZero() {
			from = n.From
		}
		if n.To.After(to) {
			to = n.To
		}
	}
	for _, n := range nodes {
		view.Nodes = append(view.Nodes, newNodeView(n, c, from, to))
	}
	day := func(t time.Time) string { return t.In(c.now.Location()).Format(time.DateOnly) }
	list := c.callsPage().withFilter("trace_id", id)
	list.preset, list.from, list.to, list.callSort = "", day(whole.From), day(whole.To), "time"
	view.Calls = list.url()
	return content{template: "trace.html", data: view}, nil
}

const maxIndent = 8

func newNodeView(n *conversation.Node, c selection, from, to time.Time) nodeView {
	whole := max(to.Sub(from).Seconds(), 1e-9)
	view := nodeView{
		Depth: min(n.Depth, maxIndent), Cost: cost(&n.Sum), Calls: text.Count(n.Sum.Calls), Took: text.Seconds(max(n.To.Sub(n.From).Seconds(), 0)),
		X: clamp(100 * n.From.Sub(from).Seconds() / whole), Color: "sx",
	}
	view.Width = max(min(100*n.To.Sub(n.From).Seconds()/whole, 100-view.X), .4)
	if step := n.Step; step != nil {
		view.Name, view.Kind, view.Failed = text.Cut(cmp.Or(step.Name, step.SpanID), shownDimRunes), "step", step.Failed
		if step.Agent != "" {
			view.Kind, view.Why = "agent", step.Agent
		}
		return view
	}
	call := n.Call
	view.Name, view.Kind, view.URL, view.Color = text.Cut(valueLabel(call.Values[0]), shownDimRunes), "call", callPage(call.ID, c.source), "s0"
	if view.Failed = call.Status != "success"; view.Failed {
		view.Why, view.Color = cmp.Or(call.ErrorType, call.Status), "bad"
	}
	if call.Seconds == nil {
		view.Took = "–"
	}
	return view
}

func clamp(percent float64) float64 { return max(0, min(percent, 99.6)) }
