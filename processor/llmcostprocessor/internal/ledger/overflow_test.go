// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// full is a ledger with more models and rows than fit.
func full(limits Limits) *Ledger {
	l := New(limits)
	for i := range 3 * max(limits.Models, limits.Rows) {
		record(l, one(func(c *Call) {
			c.Model, c.Listed = "made-up-"+strconv.Itoa(i), false
		}))
	}
	return l
}

// A restart changes no series, also where a limit was reached: what stands for
// the rest is not one of those that the limit is about.
func TestSnapshotOfAFullLedger(t *testing.T) {
	limits := Limits{Rows: 20, Models: 10, Hours: 48}
	l := full(limits)
	snapshot, err := take(l)
	require.NoError(t, err)
	for range 20 { // the order of a map is another each time
		again := restore(t, snapshot, New(limits))
		for model, total := range l.Totals() {
			require.Equal(t, total, again.Totals()[model], model)
		}
		for model, row := range l.Hour(HourOf(now)) {
			require.Equal(t, row, again.Hour(HourOf(now))[model], model)
		}
		assert.Equal(t, l.Rows(), again.Rows())
		again.Forget(now.Add(100 * time.Hour))
		require.Zero(t, again.Rows(), "there is room again")
	}
}

// Below a limit that is lower than before there is no room for new rows, until those that there
// are have been dropped. Models beyond the limit are folded into the overflow.
func TestSnapshotIntoALowerLimit(t *testing.T) {
	limits := Limits{Rows: 20, Models: 10, Hours: 48}
	l := full(limits)
	snapshot, err := take(l)
	require.NoError(t, err)
	again := restore(t, snapshot, New(Limits{Rows: 2, Models: 1, Hours: 48}))
	assert.Len(t, again.Totals(), 2)
	assert.Equal(t, 20, again.Rows())
	assert.Equal(t, l.Cost(0, HourOf(now), nil), again.Cost(0, HourOf(now), nil))
	var calls int64
	for _, total := range again.Totals() {
		calls += total.Count()
	}
	assert.EqualValues(t, 60, calls, "nothing is lost")
	assert.EqualValues(t, 1, record(again, one(func(c *Call) { c.Dimensions[0] = "new" })).Overflowed)
	assert.Equal(t, 20, again.Rows())
}

// An application can call its model by the name that stands for the rest.
func TestModelOfTheNameOfTheOverflow(t *testing.T) {
	l := New(Limits{Rows: 10, Models: 10, Hours: 2})
	for hour := range int64(100) {
		call := one(func(c *Call) {
			c.Model, c.Listed, c.Dimensions = Overflow, false, Dimensions{}
			c.Hour += hour
		})
		at := now.Add(time.Duration(hour) * time.Hour)
		assert.Equal(t, Recorded{Overflowed: 1}, l.Record([]Call{call}, at))
		l.Forget(at)
	}
	assert.Zero(t, l.Rows(), "no room is lost to it")
}

// The overflow starts with the first of the models that are loaded into it: a counter
// with a later start has values from before it started.
func TestOverflowStartsWithItsFirstModel(t *testing.T) {
	l := New(roomy)
	for i := range 8 {
		l.Record([]Call{one(func(c *Call) { c.Model, c.Listed = "made-up-"+strconv.Itoa(i), false })}, now.Add(time.Duration(i)*time.Minute))
	}
	earliest := l.Totals()["made-up-0"].Start
	snapshot, err := take(l)
	require.NoError(t, err)
	for range 20 { // the order of a map is another each time
		again := restore(t, snapshot, New(Limits{Rows: 20, Models: 0, Hours: 48}))
		require.Len(t, again.Totals(), 1)
		require.Equal(t, earliest, again.Totals()[Overflow].Start)
	}
}
