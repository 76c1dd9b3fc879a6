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
