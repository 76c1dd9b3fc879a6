// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"math"
	"net/http"
	"time"
)

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
