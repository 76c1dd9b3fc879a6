// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// count counts a call that may be corrected, and returns where it was counted.
func count(l *Ledger, call Call) (place Place) {
	l.Apply([]Change{{In: &call, Place: &place}}, now)
	return place
}

func TestCorrections(t *testing.T) {
	l, want := New(roomy), New(roomy)
	lesser := one(func(c *Call) { c.Model, c.Listed, c.Unpriced, c.Cost = "alias", false, true, 0 })
	better := one(func(c *Call) { c.Usage[usage.CacheWrite1h], c.Dimensions[1] = 5, "writer" })
	place := count(l, lesser)
	l.Apply([]Change{{Out: &lesser, In: &better, Place: &place}}, now)
	count(want, better)
	assert.Equal(t, want.Totals()["gpt-4o"].Row, l.Totals()["gpt-4o"].Row)
	assert.Equal(t, want.Hour(HourOf(now))["gpt-4o"], l.Hour(HourOf(now))["gpt-4o"])
	assert.Equal(t, Row{}, l.Totals()["alias"].Row)
	assert.Equal(t, Row{}, l.Hour(HourOf(now))["alias"])
	assert.Equal(t, want.Cost(0, HourOf(now), nil), l.Cost(0, HourOf(now), nil))
}

// What was counted in the overflow is taken out of it, although its row is there by now.
func TestCorrectionsOfTheOverflow(t *testing.T) {
	l := New(Limits{Rows: 1, Models: 10, Hours: 48})
	record(l, one(func(c *Call) { c.Hour -= 48 }))
	call := one(func(c *Call) { c.Dimensions[0] = "other" })
	place := count(l, call)
	require.Equal(t, InOverflow, place)
	l.Forget(now.Add(time.Hour))
	count(l, call)
	require.Equal(t, 1, l.Rows())
	l.Apply([]Change{{Out: &call, Place: &place}}, now)
	rows := l.Hour(HourOf(now))
	row, overflow := rows["gpt-4o"], rows[Overflow]
	assert.EqualValues(t, 1, row.Count())
	assert.Zero(t, overflow.Count())
}

// Counters stay where they are until what comes next has made up for a correction.
func TestExportedCountersNeverDecrease(t *testing.T) {
	l := New(roomy)
	place := count(l, one())
	first := l.Export()["gpt-4o"].Exported
	assert.Equal(t, l.Totals()["gpt-4o"].Cost, first.Cost)
	out := one()
	l.Apply([]Change{{Out: &out, Place: &place}}, now)
	assert.Equal(t, first, l.Export()["gpt-4o"].Exported)

	snapshot, err := take(l)
	require.NoError(t, err)
	l = restore(t, snapshot, New(roomy)) // across a restart, too
	record(l, one(func(c *Call) { c.Usage[usage.Output]++ }))
	second := l.Export()["gpt-4o"].Exported
	assert.Equal(t, first.Calls, second.Calls)
	assert.Equal(t, first.Completion+1, second.Completion)
	assert.Equal(t, first.Usage[usage.Input], second.Usage[usage.Input])
	assert.Equal(t, first.Durations, second.Durations)
	record(l, one())
	assert.EqualValues(t, 2, l.Export()["gpt-4o"].Exported.Calls[Success])
}

// What is late, or of an hour that is forgotten by now, is taken out of the totals.
func TestCorrectionsOfLateCalls(t *testing.T) {
	l := New(roomy)
	for _, hours := range []int64{100, 40} {
		call := one(func(c *Call) { c.Hour -= hours })
		place := count(l, call)
		later := now.Add(20 * time.Hour)
		l.Forget(later)
		l.Apply([]Change{{Out: &call, Place: &place}}, later)
		assert.Equal(t, Row{}, l.Totals()["gpt-4o"].Row, strconv.FormatInt(hours, 10))
	}
}
