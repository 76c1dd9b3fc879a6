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
	samples, err := Take(
		func() (float64, error) { order += "a"; n++; return n, nil },
		func() (float64, error) { order += "b"; return 10, nil },
	)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("ab", Runs), order)
	assert.Equal(t, 4.0, samples[0].Median())
	assert.Equal(t, 0.5, samples[0].Spread())
	assert.Zero(t, samples[1].Spread())
}

func TestLine(t *testing.T) {
	var out strings.Builder
	table := NewTable(&out, "T", "ours", "peer")
	table.Line("x", func(v float64) string { return strings.Repeat("*", int(v)) }, Sample{2, 3}, Sample{5})
	assert.Equal(t, "\n### T\n\n| what | ours | peer | ratio |\n| --- | ---: | ---: | ---: |\n| x | ** ± 20 % | ***** ± 0 % | 0.50 |\n", out.String())
}
