// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ratio

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTakeInTurns(t *testing.T) {
	order, n := "", 0.0
	series, err := Take(Runs,
		func() (float64, error) { order += "a"; n++; return n, nil },
		func() (float64, error) { order += "b"; return 10, nil },
	)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("ab", Runs), order)
	assert.Equal(t, 4.0, series[0].Sample().Median())
	assert.Equal(t, 0.5, series[0].Sample().Spread())
	assert.Zero(t, series[1].Sample().Spread())
}

func TestLine(t *testing.T) {
	var out strings.Builder
	table := NewTable(&out, "T", "ours", "peer")
	table.Line("x", func(v float64) string { return strings.Repeat("*", int(v)) }, Series{3, 2}, Series{5, 4})
	assert.Equal(t, "\n### T\n\n| what | ours | peer | ratio |\n| --- | ---: | ---: | ---: |\n| x | ** ± 20 % | **** ± 11 % | 0.55 ± 9 % |\n", out.String())
}

func TestOverIsOfTheSameRound(t *testing.T) {
	round := 0.0
	all, err := Turns(2,
		func() ([]float64, error) { round++; return []float64{2 * round, 1}, nil },
		func() ([]float64, error) { return []float64{round, 4}, nil },
	)
	require.NoError(t, err)
	assert.Equal(t, 2.0, all[0][0].Over(all[1][0]).Median())
	assert.Zero(t, all[0][0].Over(all[1][0]).Spread())
	assert.Equal(t, 0.25, all[0][1].Over(all[1][1]).Median())
}

func TestRow(t *testing.T) {
	var out strings.Builder
	Head(&out, "T", "what", "a", "b")
	Row(&out, "x", "1", "2")
	assert.Equal(t, "\n### T\n\n| what | a | b |\n| --- | ---: | ---: |\n| x | 1 | 2 |\n", out.String())
}

func TestCheckAllowsTheNoiseOfBoth(t *testing.T) {
	was := NewFigure("x", Series{1.30, 1.20, 1.10, 1.25, 1.15}.Sample())
	assert.Equal(t, Figure{"x", 1.20, 1.15, 1.25}, was)
	for _, tt := range []struct {
		measured Series
		fails    bool
	}{
		{Series{1.0, 1.0, 1.0, 1.0, 1.0}, false},
		{Series{1.24, 1.25, 1.40, 1.41, 1.50}, false}, // the second smallest could be noise
		{Series{1.20, 1.27, 1.28, 1.29, 1.30}, true},
		{Series{1.27, 1.27, 1.27, 1.27, 1.27}, true},
	} {
		err := was.Check(NewFigure("x", tt.measured.Sample()))
		assert.Equal(t, tt.fails, err != nil, "%v: %v", tt.measured, err)
	}
	quiet := NewFigure("y", Series{1, 1, 1, 1, 1}.Sample())
	require.NoError(t, quiet.Check(NewFigure("y", Series{1.04, 1.04, 1.04, 1.04, 1.04}.Sample())))
	require.ErrorContains(t, quiet.Check(NewFigure("y", Series{1.06, 1.06, 1.06, 1.06, 1.06}.Sample())), "y: 1.060 [1.060–1.060], which was 1.000 [1.000–1.000]")
}
