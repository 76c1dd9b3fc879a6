// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"net/http"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

func (b *dashboardServer) getModels(r *http.Request) (response, error) {
	return b.groups(r, usageOfModels)
}

func (b *dashboardServer) getGroups(r *http.Request) (response, error) {
	return b.groups(r, usageOfGroups)
}

func (b *dashboardServer) groups(r *http.Request, of usageEndpoint) (response, error) {
	q, err := b.readUsageQuery(r, of)
	if err != nil {
		return response{}, err
	}
	if q.page > 0 {
		return b.respondPage(&q, of.name), nil
	}
	rows, err := q.ask(q.period, nil)
	if err != nil {
		return response{}, err
	}
	all := spend.Sum(rows)
	return q.respond(of.name, func(yield func(groupJSON, error) bool) {
		for _, group := range q.top(rows) {
			share, _ := spend.Ratio(q.measure.Of(&group.Usage), q.measure.Of(&all))
			if !yield(groupJSON{Group: q.group(group), Share: &share, totalsJSON: newTotalsJSON(&group.Usage)}, nil) {
				return
			}
		}
	}), nil
}

// top are the largest groups, and the sum of the others.
func (q *usageQuery) top(rows []dashboard.Row) []spend.Group {
	ranked := spend.Rank(rows, q.measure)
	if q.limit == 0 {
		return ranked
	}
	return spend.Top(ranked, q.limit)
}

// group names the values of a group; nil is for the others.
func (q *usageQuery) group(g spend.Group) map[string]string {
	if g.Others {
		return nil
	}
	return values(q.by, g.Values)
}
