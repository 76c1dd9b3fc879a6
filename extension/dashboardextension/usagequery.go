// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// usageQuery are the parameters of the endpoints that sum calls.
type usageQuery struct {
	usage   dashboard.Usage
	period  period.Period
	step    period.Unit // "": one row of all
	by      []string
	where   map[string]string
	measure spend.Measure
	sort    []spend.Key
	limit   int // 0: all
	page    int // 0: those beyond the limit are summed in one more row
	search  string
	columns []string // of CSV; nil: the usual ones
	csv     bool
}

// usageEndpoint is an endpoint that sums calls.
type usageEndpoint struct {
	name      string      // of the file that it is downloaded as
	ofModels  bool        // it has no parameter by
	step      period.Unit // of its rows; "": one row of all
	limit     int         // of the groups that are listed by default
	paginates bool        // always, and it has the parameter step
}

var (
	usageOfSteps  = usageEndpoint{name: "usage", paginates: true}
	usageOfHours  = usageEndpoint{name: "usage-hourly", step: period.Hour, limit: 20}
	usageOfModels = usageEndpoint{name: "usage-models", ofModels: true, limit: 20}
	usageOfGroups = usageEndpoint{name: "usage-groups", limit: 20}
)

// readUsageQuery reads the parameters of an endpoint.
func (b *dashboardServer) readUsageQuery(r *http.Request, of usageEndpoint) (usageQuery, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return usageQuery{}, err
	}
	known := usage.Dimensions()
	q := usageQuery{
		usage:   usage,
		measure: spend.Measure(p.oneOf("measure", string(spend.Cost), string(spend.Tokens), string(spend.Calls))),
		csv:     p.oneOf("format", "json", "csv") == "csv",
		by:      []string{dashboard.Model}, where: p.where(known), step: of.step,
		page: p.numberFrom("page", 0, 1, maxGroups), search: p.text("search"), columns: p.all("column"),
	}
	for _, name := range q.columns {
		if !isCSVColumn(name) {
			p.fail("column", errUnknownColumn(name, isCSVColumn))
		}
	}
	if !of.ofModels {
		q.by = p.by(known, dashboard.Model)
	}
	q.period = p.period(b.now().In(p.zone(b.zone)), 24)
	if of.paginates {
		q.step = period.Unit(p.oneOf("step", "none", "hour", "day", "week", "month", "quarter", "year"))
		if q.step == "none" {
			q.step = ""
		}
	}
	for _, name := range p.all("sort") {
		q.sort = append(q.sort, p.sortKey(name, q.by))
	}
	paged := of.paginates || q.page > 0 || len(q.sort) > 0 || q.search != ""
	limit := of.limit
	switch {
	case q.page > 0:
		limit = pageRows
	case paged:
		limit = 0
	}
	q.limit = p.numberFrom("limit", limit, 0, maxGroups)
	if paged {
		q.page = max(q.page, 1)
	}
	if len(q.sort) == 0 {
		q.sort = q.byMeasure()
	}
	return q, p.err()
}

// sortKey reads a column to sort by.
func (p *params) sortKey(text string, by []string) spend.Key {
	name, down := strings.CutPrefix(text, "-")
	if column, ok := spend.ColumnNamed(name); ok {
		return spend.Key{Column: &column, Down: down}
	}
	at := slices.Index(by, name)
	if at < 0 && name != "start" {
		known := []string{"start"}
		for _, column := range spend.Columns {
			known = append(known, column.Name)
		}
		p.fail("sort", fmt.Errorf("must be one of %s, or of by, with - before it for descending order, is %q", strings.Join(known, ", "), text))
	}
	return spend.Key{Group: at, Down: down}
}

// byMeasure is the order in which rows come that nothing else is asked for.
func (q *usageQuery) byMeasure() []spend.Key {
	largest := func(name string) spend.Key {
		column, _ := spend.ColumnNamed(name)
		return spend.Key{Column: &column, Down: true}
	}
	return []spend.Key{{Group: -1}, largest(string(q.measure)), largest("calls")}
}

// inOrder reports whether the rows come step by step, so that they need not be sorted as a whole.
func (q *usageQuery) inOrder() bool {
	first := q.sort[0]
	return q.step != "" && first.Column == nil && first.Group < 0 && !first.Down
}

// ask sums the calls of a period.
func (q *usageQuery) ask(of period.Period, steps []time.Time) ([]dashboard.Row, error) {
	return q.usage.Usage(queryOf(of, steps, q.by, q.where))
}

// queryOf is the query for a period. Where a day begins within an hour of the ledger, the hour
// belongs to that day alone.
func queryOf(of period.Period, steps []time.Time, by []string, where map[string]string) dashboard.Query {
	return dashboard.Query{From: period.Hour.Floor(of.From), To: period.Hour.Floor(of.To), Steps: steps, GroupBy: by, Where: where}
}
