// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Whether rows are added to rows or calls to a row, every field counts.
func TestRowsAddUp(t *testing.T) {
	call := one(func(c *Call) {
		c.Usage[usage.Reasoning], c.Saved = 40, -3
		c.Reported, c.HasReported = 8_000_000_000, true
	})
	sum := Many(3, call)
	var row Row
	for range 2 {
		row.add(&call.Figures, call.timing())
	}
	row.add(&sum.Figures, sum.timing())
	want := Row{
		Calls: [statuses]int64{5}, Usage: Usage{usage.Input: 2670, usage.CacheRead: 300, usage.CacheWrite: 30, usage.Output: 1500, usage.Reasoning: 120},
		Cost: money.SumOf(22_500_000_000), Saved: money.SumOf(-9),
		Compared:  Compared{Calls: 3, Reported: money.SumOf(24_000_000_000), Computed: money.SumOf(22_500_000_000)},
		Durations: [9]uint64{3: 3}, Elapsed: Elapsed{Seconds: 4, Nanos: 500_000_000},
	}
	assert.Equal(t, want, row)
	assert.InDelta(t, 0.0015, row.Compared.Difference(), 1e-15)

	twice := row
	twice.Add(&row)
	want = Row{
		Calls: [statuses]int64{10}, Usage: Usage{usage.Input: 5340, usage.CacheRead: 600, usage.CacheWrite: 60, usage.Output: 3000, usage.Reasoning: 240},
		Cost: money.SumOf(45_000_000_000), Saved: money.SumOf(-18),
		Compared:  Compared{Calls: 6, Reported: money.SumOf(48_000_000_000), Computed: money.SumOf(45_000_000_000)},
		Durations: [9]uint64{3: 6}, Elapsed: Elapsed{Seconds: 9},
	}
	assert.Equal(t, want, twice)
	assert.EqualValues(t, 10, twice.Count())
	assert.EqualValues(t, 6, twice.Timed())

	for range 2 {
		twice.subtract(&call.Figures, call.timing())
		twice.subtract(&call.Figures, call.timing())
		twice.subtract(&sum.Figures, sum.timing())
	}
	assert.Equal(t, Row{}, twice, "what was added can be taken out")
}

// Many is a call that stands for so many.
func Many(n int64, c Call) Call {
	c.Many, c.Count = true, n
	return c
}

// What an application reports of a call that has no price is compared with nothing.
func TestComparedArePriced(t *testing.T) {
	var row Row
	call := one(func(c *Call) { c.Reported, c.HasReported, c.Unpriced, c.Cost = 1, true, true, 0 })
	row.add(&call.Figures, call.timing())
	assert.Zero(t, row.Compared)
}

func TestPriced(t *testing.T) {
	for name, tt := range map[string]struct {
		row  Row
		want bool
	}{
		"no calls":                           {Row{}, false},
		"none has a price":                   {Row{Calls: [statuses]int64{2}, Unpriced: 2}, false},
		"one has":                            {Row{Calls: [statuses]int64{2}, Unpriced: 1}, true},
		"for nothing":                        {Row{Calls: [statuses]int64{1}}, true},
		"a sum of calls that nobody counted": {Row{Cost: money.SumOf(1)}, true},
	} {
		row := tt.row
		assert.Equal(t, tt.want, row.Priced(), name)
	}
}
