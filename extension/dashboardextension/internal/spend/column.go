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
	// Figures are those that it is made of.
	Figures dashboard.Figures
	// Of is the figure; NaN where there is none.
	Of func(*dashboard.Totals) float64
}

// Columns are all, in the order in which a table has them.
var Columns = []Column{
	{"cost", dashboard.CostFigures, func(t *dashboard.Totals) float64 { return t.Dollars }},
	{"calls", dashboard.CallFigures, func(t *dashboard.Totals) float64 { return float64(t.Calls) }},
	{"average_cost", dashboard.CallFigures | dashboard.CostFigures, func(t *dashboard.Totals) float64 { return orNaN(AverageDollars(t)) }},
	{"errors", dashboard.CallFigures, func(t *dashboard.Totals) float64 { return float64(t.Errors) }},
	{"timeouts", dashboard.CallFigures, func(t *dashboard.Totals) float64 { return float64(t.Timeouts) }},
	{"error_ratio", dashboard.CallFigures, func(t *dashboard.Totals) float64 { return orNaN(ErrorRate(t)) }},
	{"average_duration", dashboard.DurationFigures, func(t *dashboard.Totals) float64 { return orNaN(AverageSeconds(t)) }},
	{"p50", dashboard.DurationFigures, func(t *dashboard.Totals) float64 { return quantile(t, .5) }},
	{"p95", dashboard.DurationFigures, func(t *dashboard.Totals) float64 { return quantile(t, .95) }},
	{"p99", dashboard.DurationFigures, func(t *dashboard.Totals) float64 { return quantile(t, .99) }},
	{"tokens", dashboard.UsageFigures, Tokens.Of},
	{"input_tokens", dashboard.UsageFigures, func(t *dashboard.Totals) float64 { return float64(t.Tokens.Input) }},
	{"output_tokens", dashboard.UsageFigures, func(t *dashboard.Totals) float64 { return float64(t.Tokens.Output) }},
	{"cache_read_tokens", dashboard.UsageFigures, func(t *dashboard.Totals) float64 { return float64(t.Tokens.CacheRead) }},
	{"cache_write_tokens", dashboard.UsageFigures, func(t *dashboard.Totals) float64 { return float64(t.Tokens.CacheWrite) }},
	{"reasoning_tokens", dashboard.UsageFigures, func(t *dashboard.Totals) float64 { return float64(t.Tokens.Reasoning) }},
	{"cache_read_ratio", dashboard.UsageFigures, func(t *dashboard.Totals) float64 { return orNaN(CacheReadShare(t)) }},
	{"cache_saved", dashboard.SavedFigures, func(t *dashboard.Totals) float64 { return t.SavedDollars }},
	{"unpriced", dashboard.CallFigures, func(t *dashboard.Totals) float64 { return float64(t.Unpriced) }},
	{"estimated", dashboard.EstimateFigures, func(t *dashboard.Totals) float64 { return float64(t.Estimated) }},
	{"estimated_cost", dashboard.EstimateFigures, func(t *dashboard.Totals) float64 { return t.EstimatedDollars }},
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

func (k Key) compare(a, b *dashboard.Row) int {
	if k.Column != nil {
		return k.compareFigures(k.Column.Of(&a.Usage), k.Column.Of(&b.Usage))
	}
	return k.compareNames(a.Start.Compare(b.Start), a.Group, b.Group)
}

// compareNames compares two rows by a dimension, or by their starts, whose order is given.
func (k Key) compareNames(starts int, a, b []string) int {
	order := starts
	if k.Group >= 0 {
		order = cmp.Compare(a[k.Group], b[k.Group])
	}
	if k.Down {
		return -order
	}
	return order
}

// compareFigures compares the figures of a column; none comes last.
func (k Key) compareFigures(a, b float64) int {
	switch {
	case math.IsNaN(a) || math.IsNaN(b):
		return cmp.Compare(b, a) // NaN is less than any number
	case k.Down:
		return cmp.Compare(b, a)
	default:
		return cmp.Compare(a, b)
	}
}
