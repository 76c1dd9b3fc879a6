// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"cmp"
	"math"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Column is a figure of a group of calls, by which groups can be sorted.
type Column struct {
	Name string
	// Of is the figure; NaN where there is none.
	Of func(*dashboard.Totals) float64
}

// Columns are all, in the order in which a table has them.
var Columns = []Column{
	{"cost", func(t *dashboard.Totals) float64 { return t.Dollars }},
	{"calls", func(t *dashboard.Totals) float64 { return float64(t.Calls) }},
	{"average_cost", func(t *dashboard.Totals) float64 { return orNaN(AverageDollars(t)) }},
	{"errors", func(t *dashboard.Totals) float64 { return float64(t.Errors) }},
	{"timeouts", func(t *dashboard.Totals) float64 { return float64(t.Timeouts) }},
	{"error_ratio", func(t *dashboard.Totals) float64 { return orNaN(ErrorRate(t)) }},
	{"average_duration", func(t *dashboard.Totals) float64 { return orNaN(AverageSeconds(t)) }},
	{"p50", func(t *dashboard.Totals) float64 { return quantile(t, .5) }},
	{"p95", func(t *dashboard.Totals) float64 { return quantile(t, .95) }},
	{"p99", func(t *dashboard.Totals) float64 { return quantile(t, .99) }},
	{"tokens", Tokens.Of},
	{"input_tokens", func(t *dashboard.Totals) float64 { return float64(t.Tokens.Input) }},
	{"output_tokens", func(t *dashboard.Totals) float64 { return float64(t.Tokens.Output) }},
	{"cache_read_tokens", func(t *dashboard.Totals) float64 { return float64(t.Tokens.CacheRead) }},
	{"cache_write_tokens", func(t *dashboard.Totals) float64 { return float64(t.Tokens.CacheWrite) }},
	{"reasoning_tokens", func(t *dashboard.Totals) float64 { return float64(t.Tokens.Reasoning) }},
	{"cache_read_ratio", func(t *dashboard.Totals) float64 { return orNaN(CacheReadShare(t)) }},
	{"cache_saved", func(t *dashboard.Totals) float64 { return t.SavedDollars }},
	{"unpriced", func(t *dashboard.Totals) float64 { return float64(t.Unpriced) }},
	{"estimated", func(t *dashboard.Totals) float64 { return float64(t.Estimated) }},
	{"estimated_cost", func(t *dashboard.Totals) float64 { return t.EstimatedDollars }},
}

// ColumnNamed is a column by its name.
func ColumnNamed(name string) (Column, bool) {
	at := slices.IndexFunc(Columns, func(c Column) bool { return c.Name == name })
	if at < 0 {
		return Column{}, false
	}
	return Columns[at], true
}

func orNaN(v float64, ok bool) float64 {
	if !ok {
		return math.NaN()
	}
	return v
}

func quantile(t *dashboard.Totals, q float64) float64 {
	seconds, beyond, ok := Quantile(t, q)
	if beyond {
		return math.Inf(1)
	}
	return orNaN(seconds, ok)
}

// Key is what rows are sorted by: a column, a dimension, or the start.
type Key struct {
	Column *Column
	Group  int // the dimension's index, unless there is a column; -1 for the start
	Down   bool
}

// Sort sorts rows by keys, and rows that are equal by all of them by start and group. Rows
// without the figure come last.
func Sort(rows []dashboard.Row, keys []Key) {
	// Rows are large: they are moved once their order is known.
	order := make([]*dashboard.Row, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortFunc(order, func(a, b *dashboard.Row) int { return compare(a, b, keys) })
	sorted := make([]dashboard.Row, len(rows))
	for i, row := range order {
		sorted[i] = *row
	}
	copy(rows, sorted)
}

func compare(a, b *dashboard.Row, keys []Key) int {
	for _, key := range keys {
		if order := key.compare(a, b); order != 0 {
			return order
		}
	}
	return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.Group, b.Group))
}

// First collects the first rows by keys, of more than need to be in memory at once.
type First struct {
	keys  []Key
	limit int // 0: all
	rows  []dashboard.Row
	full  bool // the first limit rows are sorted, and what comes after the last of them is left out
}

// NewFirst collects so many rows; 0 is for all.
func NewFirst(limit int, keys []Key) *First { return &First{keys: keys, limit: limit} }

// Add adds rows, which are not kept.
func (f *First) Add(rows []dashboard.Row) {
	if f.limit == 0 {
		f.rows = append(f.rows, rows...)
		return
	}
	for i := range rows {
		if f.full && compare(&f.rows[f.limit-1], &rows[i], f.keys) < 0 {
			continue
		}
		if f.rows = append(f.rows, rows[i]); len(f.rows) >= 2*f.limit {
			f.cut()
			f.full = true
		}
	}
}

func (f *First) cut() {
	Sort(f.rows, f.keys)
	if f.limit > 0 && len(f.rows) > f.limit {
		clear(f.rows[f.limit:])
		f.rows = f.rows[:f.limit]
	}
}

// Rows are the first rows, in order.
func (f *First) Rows() []dashboard.Row {
	f.cut()
	return f.rows
}

func (k Key) compare(a, b *dashboard.Row) (order int) {
	switch {
	case k.Column != nil:
		x, y := k.Column.Of(&a.Usage), k.Column.Of(&b.Usage)
		if math.IsNaN(x) || math.IsNaN(y) {
			return cmp.Compare(y, x) // NaN is less than any number
		}
		order = cmp.Compare(x, y)
	case k.Group < 0:
		order = a.Start.Compare(b.Start)
	default:
		order = cmp.Compare(a.Group[k.Group], b.Group[k.Group])
	}
	if k.Down {
		return -order
	}
	return order
}
