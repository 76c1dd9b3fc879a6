// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package chart

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAround(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, tc := range []struct {
		values    []float64
		low, high float64
	}{
		{nil, 0, 1}, {[]float64{nan, inf}, 0, 1}, {[]float64{3, 97}, 0, 100}, {[]float64{-3, 1}, -3, 1}, {[]float64{-8, -2}, -8, 0}, {[]float64{.012}, 0, .015},
	} {
		s := Around(tc.values...)
		assert.InDelta(t, tc.low, s.Low, 1e-9, "%v", tc.values)
		assert.InDelta(t, tc.high, s.High, 1e-9, "%v", tc.values)
		assert.InDelta(t, s.High, s.Ticks[len(s.Ticks)-1], 1e-9)
		assert.LessOrEqual(t, len(s.Ticks), 6, "%v", tc.values)
	}
	assert.InDelta(t, 50, Around(0, 100).Y(50), 1e-9)
}

func TestLine(t *testing.T) {
	s, nan := Scale{Low: 0, High: 10}, math.NaN()
	for want, values := range map[string][]float64{
		"":                                     {nan, nan},
		"M0.00 100.00L50.00 50.00L100.00 0.00": {0, 5, 10},
		"M0.00 50.00L50.00 50.00":              {5, 5, nan},
		"M37.50 0.00L62.50 0.00":               {nan, 99, nan},
		"M0.00 90.00L100.00 90.00":             {1},
	} {
		if len(values) == 1 {
			want = "M0.00 90.00L25.00 90.00"
		}
		assert.Equal(t, want, s.Line(values))
	}
}
