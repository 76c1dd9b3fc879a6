// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// findPage finds the rows of one page, and sets total to how many rows there are in all. A source that
// can leave out what is not wanted is asked twice: for what all rows are sorted by, and then for those
// that are found.
func (q *usageQuery) findPage(now time.Time, total *int) (found block, err error) {
	page := spend.NewPage((q.page-1)*q.limit, q.limit, q.sort)
	source, streams := q.usage.(dashboard.RowSource)
	want := dashboard.Wanted{Figures: page.Figures()}
	steps := map[int]stepOf{}
	for number, step := range q.steps(now) {
		add := func(row *dashboard.Row) {
			if q.finds(row) {
				*total++
				page.Add(number, row, !streams)
			}
		}
		steps[number] = step
		if streams {
			err = source.EachRow(queryOf(step.Period, step.starts, q.by, q.where), want, add)
		} else {
			var rows []dashboard.Row
			rows, err = q.ask(step.Period, step.starts)
			if q.step == "" {
				found.all = spend.Sum(rows)
			}
			for i := range rows {
				add(&rows[i])
			}
		}
		if err != nil {
			return block{}, err
		}
	}
	groups := map[int][][]string{}
	for _, row := range page.Rows() {
		if row.Row != nil {
			found.rows = append(found.rows, *row.Row)
		} else {
			groups[row.Step] = append(groups[row.Step], row.Group)
		}
	}
	if !streams {
		return found, nil
	}
	for _, number := range slices.Sorted(maps.Keys(groups)) {
		step := steps[number]
		if err := source.EachRow(queryOf(step.Period, step.starts, q.by, q.where), dashboard.Wanted{Groups: groups[number]}, func(row *dashboard.Row) {
			own := *row
			own.Usage.Buckets = slices.Clone(own.Usage.Buckets)
			found.rows = append(found.rows, own)
		}); err != nil {
			return block{}, err
		}
	}
	spend.Sort(found.rows, q.sort)
	if q.step != "" {
		return found, nil
	}
	return found, source.EachRow(queryOf(q.period, nil, nil, q.where), dashboard.Wanted{}, func(row *dashboard.Row) { spend.Add(&found.all, &row.Usage) })
}
