// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/conversation"
)

// groupSumJSON is the sum of the calls of a session or trace.
type groupSumJSON struct {
	ID       string    `json:"id"`
	Calls    int64     `json:"calls"`
	Errors   int64     `json:"errors"`
	Timeouts int64     `json:"timeouts"`
	Unpriced int64     `json:"unpriced"`
	Cost     dollars   `json:"cost_dollars"`
	Input    int64     `json:"input_tokens"`
	Output   int64     `json:"output_tokens"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Seconds  float64   `json:"duration_seconds"`
	Agents   []string  `json:"agents"`
	Users    []string  `json:"users"`
	Models   []string  `json:"models"`
}

func newGroupSumJSON(g *conversation.Group) groupSumJSON {
	return groupSumJSON{
		ID: g.ID, Calls: g.Calls, Errors: g.Errors, Timeouts: g.Timeouts, Unpriced: g.Unpriced, Cost: dollars(g.Dollars),
		Input: g.Tokens.Input, Output: g.Tokens.Output, From: g.From.UTC(), To: g.To.UTC(), Seconds: g.Took().Seconds(),
		Agents: append([]string{}, g.Agents...), Users: append([]string{}, g.Users...), Models: append([]string{}, g.Models...),
	}
}

// getGroupsOf responds with sums of the calls that are kept.
func (b *dashboardServer) getGroupsOf(g grouping) func(*http.Request) (response, error) {
	return func(r *http.Request) (response, error) {
		p := newParams(r.URL.Query())
		usage, err := b.usageOf(p)
		if err != nil {
			return response{}, err
		}
		format, order := p.oneOf("format", "json", "csv"), p.oneOf("order", conversation.Orders...)
		q := b.readCallQuery(p, usage.Dimensions())
		q.limit = p.number("limit", q.limit, maxGroups)
		if err := p.err(); err != nil {
			return response{}, err
		}
		groups, _ := conversation.Of(usage.Calls(q.query), g.by)
		conversation.Sort(groups, order)
		groups = pageOf(groups, q.limit, q.page)
		if format == "csv" {
			return csvResponse(g.path[1:], groupSumLines(groups)), nil
		}
		list := make([]groupSumJSON, len(groups))
		for i := range groups {
			list[i] = newGroupSumJSON(&groups[i])
		}
		return response{data: list}, nil
	}
}

func groupSumLines(groups []conversation.Group) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if !yield([]string{
			"id", "calls", "errors", "timeouts", "unpriced", "cost_dollars", "input_tokens", "output_tokens", "from", "to", "duration_seconds", "agents", "users", "models",
		}, nil) {
			return
		}
		for i := range groups {
			g := newGroupSumJSON(&groups[i])
			if !yield([]string{
				cell(g.ID), whole(g.Calls), whole(g.Errors), whole(g.Timeouts), whole(g.Unpriced), decimal(&g.Cost), whole(g.Input), whole(g.Output),
				g.From.Format(time.RFC3339Nano), g.To.Format(time.RFC3339Nano), decimal(&g.Seconds),
				cell(strings.Join(g.Agents, "; ")), cell(strings.Join(g.Users, "; ")), cell(strings.Join(g.Models, "; ")),
			}, nil) {
				return
			}
		}
	}
}

// nodeJSON is a line of the tree of a trace.
type nodeJSON struct {
	Depth  int       `json:"depth"`
	Kind   string    `json:"kind"` // call or step
	Name   string    `json:"name"`
	Agent  string    `json:"agent"`
	CallID string    `json:"call_id"`
	SpanID string    `json:"span_id"`
	Failed bool      `json:"failed"`
	Calls  int64     `json:"calls"`
	Cost   dollars   `json:"cost_dollars"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
}

func (b *dashboardServer) getTrace(r *http.Request) (response, error) {
	_, _, _, nodes, err := b.oneTrace(r)
	if err != nil {
		return response{}, err
	}
	list := []nodeJSON{}
	for _, n := range nodes {
		node := nodeJSON{Depth: n.Depth, Calls: n.Sum.Calls, Cost: dollars(n.Sum.Dollars), From: n.From.UTC(), To: n.To.UTC()}
		if step := n.Step; step != nil {
			node.Kind, node.Name, node.Agent, node.SpanID, node.Failed = "step", step.Name, step.Agent, step.SpanID, step.Failed
		} else {
			call := n.Call
			node.Kind, node.Name, node.Agent, node.CallID, node.SpanID, node.Failed = "call", call.Values[0], call.Agent, call.ID, call.SpanID, call.Status != "success"
		}
		list = append(list, node)
	}
	return response{data: list}, nil
}
