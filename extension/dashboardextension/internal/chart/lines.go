// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"math"
	"strconv"
	"strings"
)

// Scale is an axis of round numbers from Low to High.
type Scale struct {
	Low, High float64
	Ticks     []float64
}

// Around is a scale that covers values and zero. Values that are not numbers are left out.
func Around(values ...float64) Scale {
	low, high := 0.0, 0.0
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	ticks := Ticks(max(high-low, high, -low))
	step := ticks[1] - ticks[0]
	s := Scale{Low: math.Floor(low/step) * step, High: math.Ceil(high/step) * step}
	if s.Low == s.High {
		s.High = s.Low + step
	}
	for i := 0; i <= int(math.Round((s.High-s.Low)/step)); i++ {
		s.Ticks = append(s.Ticks, s.Low+float64(i)*step)
	}
	return s
}

// Y is where a value is, in percent from the top.
func (s Scale) Y(v float64) float64 { return 100 - 100*(v-s.Low)/(s.High-s.Low) }

// Line is the path of a series in a drawing of 100 by 100, with the first value at the left edge
// and the last at the right one. It has gaps where there are no values; a single value between gaps
// is a short dash.
func (s Scale) Line(values []float64) string {
	var path strings.Builder
	width := 100 / float64(max(1, len(values)-1))
	drawn := false
	at := func(command byte, x, v float64) {
		path.WriteByte(command)
		path.WriteString(strconv.FormatFloat(x, 'f', 2, 64))
		path.WriteByte(' ')
		path.WriteString(strconv.FormatFloat(min(max(s.Y(v), 0), 100), 'f', 2, 64))
	}
	for i, v := range values {
		if math.IsNaN(v) {
			drawn = false
			continue
		}
		x := width * float64(i)
		switch {
		case drawn:
			at('L', x, v)
		case i+1 == len(values) || math.IsNaN(values[i+1]):
			at('M', max(0, x-width/4), v)
			at('L', min(100, x+width/4), v)
		default:
			at('M', x, v)
		}
		drawn = true
	}
	return path.String()
}
