// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pricelist

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// Whatever a list has, reading it ends, and what is made of it is a price file that
// loads.
func fuzzImport(f *testing.F, format string, examples ...string) {
	f.Helper()
	for _, example := range examples {
		f.Add([]byte(example))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		var file bytes.Buffer
		report, err := Import(format, "2026-11-28", bytes.NewReader(list), &file)
		if err != nil || report.Models == 0 {
			return
		}
		table, err := price.LoadLayersAlone([]price.Layer{{Name: "list", Content: file.Bytes()}})
		require.NoError(t, err, file.String())
		require.GreaterOrEqual(t, table.Len(), 1)
	})
}

func FuzzImportGenai(f *testing.F) {
	fuzzImport(f, "genai-prices",
		`[{"id": "openai", "pricing_urls": ["https://openai.com/api/pricing"], "models": [{"id": "gpt-9", "match": {"equals": "gpt-9"}, "prices": [
			{"prices": {"input_mtok": 1, "output_mtok": {"base": 4, "tiers": [{"start": 200000, "price": 8}]}}},
			{"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 2, "output_mtok": 8}}],
			"price_variants": [{"when": {"processing": "batch"}, "constraint": {"start_date": "2026-10-14"}, "prices": {"input_mtok": 0.5, "output_mtok": 2}}]}]}]`,
		`[{"id": "x", "models": [{"id": "m", "match": {"or": [{"equals": "a"}, {"starts_with": "b"}]}, "prices": {"input_mtok": "1e-9", "requests_kcount": 5, "input_audio_hours": 3}}]}]`)
}

func FuzzImportLitellm(f *testing.F) {
	fuzzImport(f, "litellm",
		`{"dashscope/qwen9": {"litellm_provider": "dashscope", "tiered_pricing": [{"range": [0, 32000.0], "input_cost_per_token": 1.2e-06, "output_cost_per_token": 6e-06}]},
		"qwen-newest": {"alias_of": "dashscope/qwen9"}, "whisper-9": {"litellm_provider": "openai", "input_cost_per_second": 0.0001}}`,
		`{"m": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "input_cost_per_token_above_200k_tokens": 3e-6, "output_cost_per_token_batches": 1e-6,
		"search_context_cost_per_query": {"search_context_size_medium": 0.01}, "off_peak_pricing": {"input_cost_per_token": 1.5e-07, "windows": [{"hours_utc": ["10:00-00:00"], "weekdays": [1, 2]}]}}}`)
}

func FuzzImportModelsDev(f *testing.F) {
	fuzzImport(f, "models.dev",
		`{"anthropic": {"models": {"claude-9": {"cost": {"input": 3, "output": 15, "cache_read": 0.3, "context_over_200k": {"input": 6, "output": 22.5}}}}}}`,
		`{"x": {"models": {"`+strings.Repeat("m", 300)+`": {"cost": {"input": 1e300, "output": -1}}}}}`)
}
