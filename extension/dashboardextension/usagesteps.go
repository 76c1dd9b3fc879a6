// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

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
