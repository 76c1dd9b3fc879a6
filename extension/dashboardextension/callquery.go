// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// callColumns are what calls can be sorted by, besides dimensions; NaN where there is none.
var callColumns = map[string]func(*dashboard.Call) float64{
	"time":          func(c *dashboard.Call) float64 { return float64(c.Time.UnixNano()) },
	"cost":          func(c *dashboard.Call) float64 { return orNaN(c.Dollars) },
	"reported_cost": func(c *dashboard.Call) float64 { return orNaN(c.Reported) },
	"computed_cost": func(c *dashboard.Call) float64 { return orNaN(c.Computed) },
	"duration":      func(c *dashboard.Call) float64 { return orNaN(c.Seconds) },
	"tokens":        func(c *dashboard.Call) float64 { return float64(c.Tokens.Input + c.Tokens.Output) },
	"input_tokens":  func(c *dashboard.Call) float64 { return float64(c.Tokens.Input) },
	"output_tokens": func(c *dashboard.Call) float64 { return float64(c.Tokens.Output) },
}

func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// callQuery are the parameters of the endpoints that list calls.
type callQuery struct {
	query       dashboard.CallQuery
	sort        []callKey
	limit, page int // limit 0: all
}

// callKey is what calls are sorted by: a column, or the dimension of an index.
type callKey struct {
	of        func(*dashboard.Call) float64
	dimension int
	down      bool
}

// readCallQuery reads what all of these endpoints have in common.
func (b *dashboardServer) readCallQuery(p *params, dimensions []string) callQuery {
	now := b.now().In(p.zone(b.zone))
	q := callQuery{query: dashboard.CallQuery{Where: p.where(dimensions)}, page: p.number("page", 1, maxGroups)}
	p.readCallFilters(&q.query)
	of := p.period(now, 0)
	q.query.From, q.query.To = of.From, of.To
	if p.text("hours") != "" {
		q.query.From = now.Add(-of.To.Sub(of.From)) // to the second, as single calls have it
	}
	if p.text("page") != "" {
		q.limit = pageRows
	}
	for _, name := range p.all("sort") {
		q.sort = append(q.sort, p.callKey(name, dimensions))
	}
	return q
}

func (p *params) callKey(text string, dimensions []string) callKey {
	name, down := strings.CutPrefix(text, "-")
	key := callKey{of: callColumns[name], dimension: slices.Index(dimensions, name), down: down}
	if key.of == nil && key.dimension < 0 {
		known := []string{}
		for column := range callColumns {
			known = append(known, column)
		}
		slices.Sort(known)
		p.fail("sort", fmt.Errorf("must be one of %s, with - before it for descending order, is %q", strings.Join(append(known, dimensions...), ", "), text))
		key.dimension = 0
	}
	return key
}

// ask returns the calls of one page.
func (q *callQuery) ask(usage dashboard.Usage) []dashboard.Call {
	if len(q.sort) == 0 && q.page == 1 {
		q.query.Limit = q.limit
	}
	calls := usage.Calls(q.query)
	if len(q.sort) > 0 {
		sortCalls(calls, q.sort)
	}
	return pageOf(calls, q.limit, q.page)
}

func sortCalls(calls []dashboard.Call, keys []callKey) {
	slices.SortStableFunc(calls, func(x, y dashboard.Call) int {
		for _, key := range keys {
			if order := key.compare(&x, &y); order != 0 {
				return order
			}
		}
		return 0
	})
}

func (k callKey) compare(x, y *dashboard.Call) (order int) {
	if k.of != nil {
		a, b := k.of(x), k.of(y)
		if math.IsNaN(a) || math.IsNaN(b) {
			return cmp.Compare(b, a) // unknown comes last
		}
		order = cmp.Compare(a, b)
	} else {
		order = cmp.Compare(x.Values[k.dimension], y.Values[k.dimension])
	}
	if k.down {
		return -order
	}
	return order
}
