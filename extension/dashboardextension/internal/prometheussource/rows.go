// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"math"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// row is what a collector counted of a group in an interval.
type row struct {
	group
	// unpriced: none of its calls has a price.
	unpriced bool
	grown    []growthOf
}

type growthOf struct {
	figure figure
	by     float64
}

// rows are what was counted in each interval.
func (c *counters) rows() [][]row {
	type place struct{ collector, group string }
	rows, places := make([][]row, c.n), make([]map[place]int, c.n)
	for key := range c.values {
		of := place{key.collector, key.group}
		_, priced := c.values[counterKey{key.collector, key.group, figureCost}]
		for i := range rows {
			grown := c.increase(key, i+1)
			if grown <= 0 {
				continue
			}
			if places[i] == nil {
				places[i] = map[place]int{}
			}
			at, known := places[i][of]
			if !known {
				at = len(rows[i])
				places[i][of] = at
				rows[i] = append(rows[i], row{group: c.groups[key.group], unpriced: !priced})
			}
			rows[i][at].grown = append(rows[i][at].grown, growthOf{key.figure, grown})
		}
	}
	for i := range rows {
		// In one order, so that sums of floating point are the same each time.
		slices.SortFunc(rows[i], func(a, b row) int { return slices.Compare(a.values, b.values) })
		for k := range rows[i] {
			slices.SortFunc(rows[i][k].grown, func(a, b growthOf) int { return int(a.figure - b.figure) })
		}
	}
	return rows
}

// addTo adds a row to a sum.
func (r *row) addTo(t *dashboard.Totals) {
	for _, each := range r.grown {
		count := int64(math.Round(each.by))
		switch f := each.figure; {
		case f >= figureKind0:
			kind := usage.Kind(f - figureKind0)
			t.Amounts[kind] += int64(math.Round(each.by * float64(kind.Scale())))
		case f >= figureBucket0:
			if t.Buckets == nil {
				t.Buckets = make([]uint64, len(dashboard.DurationBounds)+1)
			}
			t.Buckets[f-figureBucket0] += uint64(max(count, 0))
		case f == figureCalls:
			t.Calls += count
			if r.unpriced {
				t.Unpriced += count
			}
		case f == figureCost:
			t.Dollars += each.by
		case f == figureErrors:
			t.Errors += count
		case f == figureTimeouts:
			t.Timeouts += count
		case f == figureTimed:
			t.Timed += count
		case f == figureSeconds:
			t.Seconds += each.by
		}
	}
}

// finish derives what follows from a sum: tokens by side, and buckets that are disjoint, as those of
// Prometheus are not.
func finish(t *dashboard.Totals) {
	const pico = 1e12 // costs are whole picodollars: what else a difference has is rounding
	t.Dollars = math.Round(t.Dollars*pico) / pico
	t.Tokens = dashboard.TokensOf(&t.Amounts)
	for i := len(t.Buckets) - 1; i > 0; i-- {
		t.Buckets[i] -= min(t.Buckets[i], t.Buckets[i-1])
	}
}
