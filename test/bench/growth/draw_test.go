// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 20_030: "20,030", 1_000_000: "1,000,000"} {
		assert.Equal(t, want, grouped(n))
	}
}

// The plot is an SVG with a title that describes it, and each size that was measured.
func TestDraw(t *testing.T) {
	g := growth{title: "Cost of a span", x: "models", y: "cost", unit: micros, lines: []line{{name: "priced"}, {name: "not priced"}}}
	cost := func(at float64) ratio.Sample { return ratio.Sample{at, at, at + 1, at + 2, at + 2} }
	path := filepath.Join(t.TempDir(), "growth.svg")
	require.NoError(t, g.draw(map[string][]point{
		"priced":     {{100, cost(1)}, {10_000, cost(2)}},
		"not priced": {{100, cost(3)}, {1_000_000, cost(4)}},
	}, path))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	var texts []string
	decoder := xml.NewDecoder(file)
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if text, ok := token.(xml.CharData); ok {
			texts = append(texts, string(text))
		}
	}
	for _, want := range []string{"Cost of a span", "models", "cost, µs", "priced", "not priced", "100", "10,000", "1,000,000"} {
		assert.Contains(t, texts, want)
	}
}
