// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// Each difference to models.dev is listed with the reason that applies, and one that no
// rule explains is not listed at all, so that the check fails.
func TestReasonsForDifferencesToModelsDev(t *testing.T) {
	m := newMerger(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC))
	var err error
	m.genai, _, err = source.Genai(strings.NewReader(`[
{"id": "google", "models": [{"id": "gemini-image", "match": {"equals": "gemini-image"}, "prices": {"input_mtok": 1, "output_mtok": 2, "output_image_mtok": 30}}]},
{"id": "openai", "models": [
	{"id": "cheaper", "match": {"equals": "cheaper"}, "prices": [{"prices": {"input_mtok": 2, "output_mtok": 6}}, {"constraint": {"start_date": "2026-04-30"}, "prices": {"input_mtok": 1, "output_mtok": 3}}]},
	{"id": "disputed", "match": {"equals": "disputed"}, "prices": {"input_mtok": 1, "output_mtok": 2}}]}]`))
	require.NoError(t, err)
	m.litellm, _, err = source.Litellm(strings.NewReader(`{
"xai/grok-9": {"litellm_provider": "xai", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "source": "https://api.x.ai/v1/language-models"},
"volcengine/doubao-9": {"litellm_provider": "volcengine", "input_cost_per_token": 1e-6, "output_cost_per_token": 5e-6},
"volcengine/doubao-8": {"litellm_provider": "volcengine", "input_cost_per_token": 1e-6, "output_cost_per_token": 5e-6},
"dashscope/qwen3.7-plus": {"litellm_provider": "dashscope", "input_cost_per_token": 4e-7, "output_cost_per_token": 1.6e-6},
"cohere/command-9": {"litellm_provider": "cohere", "input_cost_per_token": 0, "output_cost_per_token": 0}}`))
	require.NoError(t, err)
	m.third, _, err = source.ModelsDev(strings.NewReader(`{
"google": {"models": {"gemini-image": {"cost": {"input": 1, "output": 30}}}},
"openai": {"models": {"cheaper": {"cost": {"input": 2, "output": 6}}, "disputed": {"cost": {"input": 1, "output": 4}}}},
"xai": {"models": {"grok-9": {"cost": {"input": 2, "output": 6}}}},
"volcengine": {"models": {"doubao-9": {"cost": {"input": 1.03, "output": 5.15}}, "doubao-8": {"cost": {"input": 1.03, "output": 9}}}},
"alibaba": {"models": {"qwen3.7-plus": {"cost": {"input": 0.32, "output": 1.28}}}},
"cohere": {"models": {"command-9": {"cost": {"input": 2.5, "output": 10}}}}}`))
	require.NoError(t, err)
	table := string(compact(m.merge(), "2026-11-28", "a test"))
	assert.Contains(t, table, "cohere\tcommand-9\t\t", "a list that has a price adds it where another has zero")
	differences := string(m.differences())
	for _, want := range []string{
		"google\tgemini-image\tstandard\toutput\t2\t\t30\tkept\tmodels.dev has the price of the tokens of images",
		"openai\tcheaper\tstandard\tinput\t1\t\t2\tkept\tdated: models.dev has the price until 2026-04-30\n",
		"xai\tgrok-9\tstandard\tinput\t\t1\t2\tkept\tread from the seller's own list: https://api.x.ai/v1/language-models\n",
		"volcengine\tdoubao-9\tstandard\toutput\t\t5\t5.15\tkept\tthe seller's prices are in CNY",
		"dashscope\tqwen3.7-plus\tstandard\tinput\t\t0.4\t0.32\tlitellm\tmodels.dev has a promotion",
	} {
		assert.Contains(t, differences, want)
	}
	assert.NotContains(t, differences, "disputed", "no rule explains it")
	assert.NotContains(t, differences, "doubao-8", "input and output do not differ by one factor")
}

// Each line of decisions.tsv is complete, and decides about a price that the table has.
func TestDecisionsByHand(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(decided), "\n")
	assert.Len(t, decisions(), len(lines)-1)
	for id, decision := range decisions() {
		assert.Contains(t, []string{"kept", ofGenai, ofLitellm}, decision[0], id)
		assert.NotEmpty(t, decision[1], id)
	}
}
