// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

func TestVariants(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", `
models:
  - name: draw
    provider: house
    prices:
      - fees: {image/standard/1024x1024: "0.04", image/hd/1024x1024: "0.08", image/hd/1024x1792: "0.12", image//2k: "0.2"}
  - {name: plain, provider: house, prices: [{fees: {image: "0.05", image//4k: "0.24", gb_day: "0.1"}}]}
  - {name: film, provider: house, prices: [{fees: {second: "0.1", second//1080p: "0.3"}}]}
  - {name: both, provider: house, prices: [{input: "1", output: "2", fees: {image/low/: "0.01"}}]}
adjustments: [{provider: house, models: [film], percent: "-50"}]
`)})
	require.NoError(t, err)
	for _, tt := range []struct {
		model, quality, size string
		used                 usage.Amounts
		want                 float64
		estimated            string
	}{
		{"draw", "hd", "1024x1792", usage.Amounts{usage.Images: 2}, 0.24, ""},
		{"draw", "HD ", "1024-x-1024", usage.Amounts{usage.Images: 1}, 0.08, ""},
		{"draw", "standard", "1024*1024", usage.Amounts{usage.Images: 1}, 0.04, ""},
		{"draw", "hd", "2K", usage.Amounts{usage.Images: 1}, 0.2, ""},
		{"draw", "", "", usage.Amounts{usage.Images: 1}, 0.04, "variant: images"},
		{"draw", "hd", "", usage.Amounts{usage.Images: 1}, 0.08, "variant: images"},
		{"draw", "standard", "1024x1792", usage.Amounts{usage.Images: 1}, 0.04, "variant: images"},
		{"draw", "ultra", "9x9", usage.Amounts{usage.Images: 1}, 0.04, "variant: images"},
		{"plain", "", "4K", usage.Amounts{usage.Images: 1}, 0.24, ""},
		{"plain", "", "", usage.Amounts{usage.Images: 1}, 0.05, "variant: images"},
		{"plain", "", "", usage.Amounts{usage.GBDays: 2500}, 0.25, ""},
		{"film", "", "1080p", usage.Amounts{usage.Seconds: 10_000}, 1.5, ""},
		{"film", "", "720p", usage.Amounts{usage.Seconds: 10_000}, 0.5, "variant: seconds"},
		{"both", "low", "", usage.Amounts{usage.Images: 3}, 0.03, ""},
		{"both", "", "", usage.Amounts{usage.Images: 3, usage.Output: million}, 2, ""},
	} {
		m, found := table.Find("house", tt.model)
		require.True(t, found)
		ask := Ask{Usage: &tt.used, Variant: NewVariant(tt.size, tt.quality)}
		q, ok := m.Quote(ask)
		require.True(t, ok, tt)
		assert.InDelta(t, tt.want, q.Cost.Dollars(), 1e-12, tt)
		assert.Equal(t, tt.estimated, q.Estimated, tt)
		var sum float64
		for _, line := range m.Lines(ask) {
			sum += line.Cost.Dollars()
		}
		assert.InDelta(t, tt.want, sum, 1e-12, tt)
	}
	m, _ := table.Find("house", "draw")
	assert.Contains(t, m.Describe(after), "fees.image/hd/1024x1792: 0.12")

	for key, want := range map[string]string{
		"image/hd":          "is not image/QUALITY/SIZE",
		"image/hd/1x1/more": "is not image/QUALITY/SIZE",
		"page/hd/1x1":       "is not image/QUALITY/SIZE",
		"image//":           "must name a quality or a size",
		"image/HD/":         "must name a quality or a size, in lower case",
		"image//10-x-10":    "must name a quality or a size",
	} {
		_, err := Load([]string{write(t, "p.yaml", `models: [{name: m, provider: p, prices: [{fees: {"`+key+`": "1"}}]}]`)})
		assert.ErrorContains(t, err, want, key)
	}
}

// Prices of OpenAI and Google by size and quality, as litellm 1.110.2 has them.
func TestRealVariants(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	for _, tt := range []struct {
		provider, model, quality, size string
		want                           float64
	}{
		{"azure", "dall-e-3", "standard", "1024x1024", 0.044},
		{"azure", "dall-e-3", "hd", "1024x1792", 0.132},
		{"openai", "gpt-image-1", "high", "1024x1024", 0.167},
		{"openai", "gpt-image-1", "low", "1536x1024", 0.016},
		{"openai", "gpt-image-1-mini", "medium", "1024x1536", 0.015},
		{"openai", "gpt-image-1.5", "high", "1024x1536", 0.2},
		{"azure", "dall-e-3", "hd", "1024x1024", 0.088},
		{"azure", "gpt-image-1", "high", "1024x1024", 0.167},
		{"gemini", "imagen-3.0-generate-001", "", "", 0.04},
	} {
		m, found := table.Find(tt.provider, tt.model)
		if !assert.True(t, found, tt) {
			continue
		}
		q, ok := m.Quote(Ask{Usage: &usage.Amounts{usage.Images: 1}, Variant: NewVariant(tt.size, tt.quality), At: day(t, "2026-11-28T00:00:00Z")})
		assert.True(t, ok, tt)
		assert.InDelta(t, tt.want, q.Cost.Dollars(), 1e-9, tt)
		assert.Empty(t, q.Estimated, tt)
	}
}
