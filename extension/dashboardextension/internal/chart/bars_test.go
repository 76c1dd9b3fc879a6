// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTicks(t *testing.T) {
	for largest, want := range map[float64][]float64{
		0: {0, 1, 2, 3, 4}, 4: {0, 1, 2, 3, 4}, 4.1: {0, 2, 4, 6, 8}, 10: {0, 2.5, 5, 7.5, 10}, 97: {0, 25, 50, 75, 100}, 101: {0, 50, 100, 150, 200}, .03: {0, .01, .02, .03, .04},
	} {
		assert.InDeltaSlice(t, want, Ticks(largest), 1e-12, "%g", largest)
	}
}

// Bars are stacked, end at the sum, and stay within their slot.
func TestStacked(t *testing.T) {
	slots := Stacked([][]float64{{1, 0, -1}, {3, 2, 0}}, 8)
	require.Len(t, slots, 3)
	require.Len(t, slots[0].Bars, 2)
	first, second := slots[0].Bars[0], slots[0].Bars[1]
	assert.InDelta(t, 100, first.Y+first.Height, 1e-9)
	assert.InDelta(t, first.Y, second.Y+second.Height, 1e-9)
	assert.InDelta(t, 50, second.Y, 1e-9)
	require.Len(t, slots[1].Bars, 1)
	assert.Equal(t, 1, slots[1].Bars[0].Series)
	assert.Empty(t, slots[2].Bars, "nothing is drawn of what is below zero")
	for _, slot := range slots {
		for _, bar := range slot.Bars {
			assert.Greater(t, bar.X, slot.X)
			assert.Less(t, bar.X+bar.Width, slot.X+slot.Width)
		}
	}
	assert.Empty(t, Stacked(nil, 1))
}
