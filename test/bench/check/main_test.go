// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

func TestCompare(t *testing.T) {
	was := []ratio.Figure{{Name: "a", Median: 1, Low: 0.9, High: 1.1}, {Name: "b", Median: 2, Low: 2, High: 2}}
	require.NoError(t, compare(was, was))
	err := compare(was, []ratio.Figure{{Name: "a", Median: 1.3, Low: 1.2, High: 1.4}, {Name: "c", Median: 1, Low: 1, High: 1}})
	assert.EqualError(t, err, "a: 1.300 [1.200–1.400], which was 1.000 [0.900–1.100]\nb: was not measured\nc: is not in ratios.json")
}

// TestRatios: what is committed can be compared with.
func TestRatios(t *testing.T) {
	content, err := os.ReadFile("../" + file)
	require.NoError(t, err)
	var committed []ratio.Figure
	require.NoError(t, json.Unmarshal(content, &committed))
	require.NotEmpty(t, committed)
	for _, f := range committed {
		assert.NotEmpty(t, f.Name)
		assert.True(t, 0 < f.Low && f.Low <= f.Median && f.Median <= f.High, f.Name)
	}
}
