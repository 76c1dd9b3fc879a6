// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"iter"
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

// stepOf is a step of a period: the whole where the query has none.
type stepOf struct {
	period.Period
	starts []time.Time // its own; none without steps
}

// steps are those of the period that have begun.
func (q *usageQuery) steps(now time.Time) iter.Seq2[int, stepOf] {
	return func(yield func(int, stepOf) bool) {
		if q.step == "" {
			yield(0, stepOf{Period: q.period})
			return
		}
		number := 0
		for from := q.period.From; from.Before(q.period.To) && !from.After(now); number++ {
			to := q.step.Next(from)
			if q.period.To.Before(to) {
				to = q.period.To
			}
			if !yield(number, stepOf{period.Period{From: from, To: to}, []time.Time{from}}) {
				return
			}
			from = to
		}
	}
}

// eachStep asks for one step after the other, so that the rows of one are in memory.
func (q *usageQuery) eachStep(now time.Time) iter.Seq2[[]dashboard.Row, error] {
	return func(yield func([]dashboard.Row, error) bool) {
		for _, step := range q.steps(now) {
			rows, err := q.ask(step.Period, step.starts)
			if !yield(rows, err) || err != nil {
				return
			}
		}
	}
}

// rows are those of one page, in order; total is set once they all came.
func (q *usageQuery) rows(now time.Time, total *int) iter.Seq2[groupJSON, error] {
	return func(yield func(groupJSON, error) bool) {
		blocks := q.inBlocks(now, total)
		if q.limit > 0 {
			blocks = func(yield func(block, error) bool) { yield(q.findPage(now, total)) }
		}
		for block, err := range blocks {
			if err != nil {
				yield(groupJSON{}, err)
				return
			}
			for i := range block.rows {
				if !yield(q.rowJSON(&block.rows[i], &block.all), nil) {
					return
				}
			}
		}
	}
}

// block has rows in order, and the sum of all where there are no steps.
type block struct {
	rows []dashboard.Row
	all  dashboard.Totals
}

// inBlocks are all rows that the search finds, in blocks that are sorted each by itself. It adds the
// number of those there are to total.
func (q *usageQuery) inBlocks(now time.Time, total *int) iter.Seq2[block, error] {
	return func(yield func(block, error) bool) {
		var all block
		for rows, err := range q.eachStep(now) {
			if err != nil {
				yield(block{}, err)
				return
			}
			if q.step == "" {
				all.all = spend.Sum(rows)
			}
			rows = slices.DeleteFunc(rows, func(row dashboard.Row) bool { return !q.finds(&row) })
			*total += len(rows)
			if !q.inOrder() {
				all.rows = append(all.rows, rows...)
				continue
			}
			spend.Sort(rows, q.sort)
			if !yield(block{rows: rows}, nil) {
				return
			}
		}
		spend.Sort(all.rows, q.sort)
		yield(all, nil)
	}
}

// finds reports whether the search finds a row.
func (q *usageQuery) finds(row *dashboard.Row) bool {
	return q.search == "" || matchesSearch(row.Group, q.search)
}

func (q *usageQuery) rowJSON(row *dashboard.Row, all *dashboard.Totals) groupJSON {
	made := groupJSON{Group: values(q.by, row.Group), totalsJSON: newTotalsJSON(&row.Usage)}
	if q.step != "" {
		made.Start = &row.Start
		return made
	}
	share, _ := spend.Ratio(q.measure.Of(&row.Usage), q.measure.Of(all))
	made.Share = &share
	return made
}

// respond responds with rows, and what is known once they all came.
func (q *usageQuery) respond(name string, rows iter.Seq2[groupJSON, error], last ...member) response {
	extent := q.usage.Extent()
	missing := missingOf(&extent, q.by, q.where)
	if q.csv {
		return csvResponse(name, groupLines(q.by, q.columns, missing, rows))
	}
	zone := q.period.From.Location().String()
	members := []member{{"from", q.period.From}, {"to", q.period.To}, {"tz", zone}, {"by", q.by}, {"rows", listOf2(rows)}}
	if len(missing) > 0 {
		members = append(members, member{"not_available", missing})
	}
	return response{contentType: "application/json", stream: streamJSON(append(members, last...)...)}
}

func (b *dashboardServer) getUsage(r *http.Request) (response, error) {
	q, err := b.readUsageQuery(r, usageOfSteps)
	if err != nil {
		return response{}, err
	}
	return b.respondPage(&q, usageOfSteps.name), nil
}

// respondPage responds with a page of rows.
func (b *dashboardServer) respondPage(q *usageQuery, name string) response {
	total := 0
	last := []member{{"total_rows", after(func() any { return total })}}
	if q.limit > 0 {
		last = append(last, member{"page", q.page}, member{"limit", q.limit})
	}
	return q.respond(name, q.rows(b.now(), &total), last...)
}

func (b *dashboardServer) getHourly(r *http.Request) (response, error) {
	q, err := b.readUsageQuery(r, usageOfHours)
	if err != nil {
		return response{}, err
	}
	if q.page > 0 {
		return b.respondPage(&q, usageOfHours.name), nil
	}
	all, err := q.ask(q.period, nil)
	if err != nil {
		return response{}, err
	}
	groups := q.top(all)
	return q.respond(usageOfHours.name, func(yield func(groupJSON, error) bool) {
		for rows, err := range q.eachStep(b.now()) {
			if err != nil {
				yield(groupJSON{}, err)
				return
			}
			for i, group := range spend.Within(groups, rows) {
				made := groupJSON{Start: &rows[0].Start, Group: q.group(groups[i]), totalsJSON: newTotalsJSON(group)}
				if !yield(made, nil) {
					return
				}
			}
		}
	}), nil
}

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

func listOf[T any](all iter.Seq[T]) list {
	return func(yield func(any, error) bool) {
		for v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func listOf2[T any](all iter.Seq2[T, error]) list {
	return func(yield func(any, error) bool) {
		for v, err := range all {
			if !yield(v, err) {
				return
			}
		}
	}
}
