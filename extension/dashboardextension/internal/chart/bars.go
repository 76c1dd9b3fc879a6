// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import "math"

// Bar is one rectangle, in percent of the drawing's width and height.
type Bar struct {
	Series              int
	X, Y, Width, Height float64
}

// Slot is a stack of bars at one position of the x-axis.
type Slot struct {
	X, Width float64
	Bars     []Bar
}

// gap is the share of a slot's width that stays empty.
const gap = .22

// Stacked lays out values[series][slot], the first series at the bottom, on an
// axis that ends at top. Values below zero are left out.
func Stacked(values [][]float64, top float64) []Slot {
	if len(values) == 0 || top <= 0 {
		return nil
	}
	width := 100 / float64(len(values[0]))
	slots := make([]Slot, len(values[0]))
	for i := range slots {
		slots[i] = Slot{X: width * float64(i), Width: width}
		height := 0.0
		for series := range values {
			if values[series][i] <= 0 {
				continue
			}
			bar := 100 * values[series][i] / top
			height += bar
			slots[i].Bars = append(slots[i].Bars, Bar{
				Series: series,
				X:      slots[i].X + width*gap/2,
				Y:      100 - height,
				Width:  width * (1 - gap),
				Height: bar,
			})
		}
	}
	return slots
}

// Ticks are the marks of an axis up to at least largest: zero and 4 more at equal,
// round distances. Without values the axis reaches 4.
func Ticks(largest float64) []float64 {
	const intervals = 4
	if largest <= 0 || math.IsInf(largest, 0) || math.IsNaN(largest) {
		largest = intervals
	}
	raw := largest / intervals
	magnitude := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * magnitude
	for _, round := range []float64{1, 2, 2.5, 5} {
		// A small tolerance allows for the rounding of the logarithm.
		if round*magnitude >= raw*(1-1e-9) {
			step = round * magnitude
			break
		}
	}
	ticks := make([]float64, intervals+1)
	for i := range ticks {
		ticks[i] = float64(i) * step
	}
	return ticks
}
