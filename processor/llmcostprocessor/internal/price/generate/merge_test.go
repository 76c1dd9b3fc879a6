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

const genaiList = `[
{"id": "openai", "models": [
	{"id": "same", "match": {"equals": "same"}, "prices": {"input_mtok": 1, "output_mtok": 2}},
	{"id": "dated", "match": {"equals": "dated"}, "prices": [{"prices": {"input_mtok": 1, "output_mtok": 2}}, {"constraint": {"start_date": "2026-11-01"}, "prices": {"input_mtok": 3, "output_mtok": 4}}]},
	{"id": "tomorrow", "match": {"equals": "tomorrow"}, "prices": [{"prices": {"input_mtok": 1, "output_mtok": 2}}, {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 5, "output_mtok": 6}}]},
	{"id": "asked", "match": {"equals": "asked"}, "prices": {"input_mtok": 1, "output_mtok": 2}},
	{"id": "old", "match": {"or": [{"equals": "old"}, {"equals": "old-2411"}]}, "prices": {"input_mtok": 2, "output_mtok": 6}}]},
{"id": "groq", "models": [{"id": "llama", "match": {"equals": "llama"}, "prices": {"input_mtok": 0.1, "output_mtok": 0.1}}]},
{"id": "novita", "models": [{"id": "meta/llama", "match": {"equals": "meta/llama"}, "prices": {"input_mtok": 0.1, "output_mtok": 0.1}}]},
{"id": "google", "models": [{"id": "gemini-9", "match": {"equals": "gemini-9"}, "prices": {"input_mtok": 1, "output_mtok": 2}}, {"id": "claude-9", "match": {"equals": "claude-9"}, "prices": {"input_mtok": 3, "output_mtok": 15, "cache_write_mtok": 3.75}}]}]`

const litellmList = `{
"same": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "input_cost_per_token_batches": 5e-7, "output_cost_per_token_batches": 1e-6, "cache_read_input_token_cost": 1e-7, "input_cost_per_token_above_200k_tokens": 2e-6},
"dated": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "source": "https://api.openai.com/v1/models"},
"tomorrow": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "input_cost_per_token_flex": 5e-7, "output_cost_per_token_flex": 1e-6},
"asked": {"litellm_provider": "openai", "input_cost_per_token": 9e-6, "output_cost_per_token": 2e-6},
"old": {"litellm_provider": "openai", "input_cost_per_token": 5e-7, "output_cost_per_token": 1.5e-6, "source": "https://api.openai.com/v1/models"},
"together_ai/llama": {"litellm_provider": "together_ai", "input_cost_per_token": 1e-7, "output_cost_per_token": 1e-7},
"fireworks_ai/llama": {"litellm_provider": "fireworks_ai", "input_cost_per_token": 1e-4, "output_cost_per_token": 1e-4},
"cohere/embed-9": {"litellm_provider": "cohere", "mode": "embedding", "input_cost_per_token": 1e-4, "output_cost_per_token": 0.0},
"free": {"litellm_provider": "openai", "input_cost_per_token": 0, "output_cost_per_token": 0},
"bedrock/us-east-1/1-month-commitment/anthropic.claude-v1": {"litellm_provider": "bedrock", "input_cost_per_second": 0.01},
"azure/eu/gpt-9": {"litellm_provider": "azure", "input_cost_per_token": 1.1e-6, "output_cost_per_token": 2.2e-6}}`

const modelsDevList = `{"openai": {"models": {"asked": {"cost": {"input": 9, "output": 2}}, "third": {"cost": {"input": 7, "output": 8}}}}}`

func merged(t *testing.T) (*merger, string) {
	t.Helper()
	m := newMerger(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC))
	var err error
	m.genai, _, err = source.Genai(strings.NewReader(genaiList))
	require.NoError(t, err)
	m.litellm, _, err = source.Litellm(strings.NewReader(litellmList))
	require.NoError(t, err)
	m.third, _, err = source.ModelsDev(strings.NewReader(modelsDevList))
	require.NoError(t, err)
	return m, string(compact(m.merge(), "2026-11-28", "a test"))
}

func TestMerge(t *testing.T) {
	m, table := merged(t)
	lines := map[string]string{}
	for line := range strings.Lines(table) {
		if fields := strings.SplitN(strings.TrimSpace(line), "\t", 5); len(fields) == 5 {
			lines[fields[0]+" "+fields[1]] = fields[2] + "\t" + fields[4]
		}
	}
	for name, want := range map[string]string{
		"openai same":             "\ti=1,o=2,cr=0.1>200000 i=2,o=2,cr=0.1;batch:i=0.5,o=1", // what one list lacks
		"openai dated":            "\ti=1,o=2\t2026-11-01;i=3,o=4",                          // a dated price counts
		"openai tomorrow":         "\ti=1,o=2;flex:i=0.5,o=1\t2027-01-01;i=5,o=6",           // tomorrow is not today
		"openai asked":            "\ti=9,o=2",                                              // two of three
		"openai old":              "\ti=0.5,o=1.5",                                          // read from the seller's list
		"openai old-2411":         "\ti=2,o=6",                                              // which does not mean its other names
		"openai third":            "\ti=7,o=8",
		"google gemini-9":         "\ti=1,o=2",
		"vertex gemini-9":         "h\ti=1,o=2",
		"vertex claude-9":         "h\ti=3,o=15,cw=3.75,cw1=6",
		"azure eu/gpt-9":          "h\ti=1.1,o=2.2",
		"together llama":          "h\ti=0.1,o=0.1",
		"novita meta/llama|llama": "h\ti=0.1,o=0.1",
	} {
		assert.Equal(t, want, lines[name], name)
	}
	for name := range lines {
		assert.NotContains(t, name, "commitment")
		assert.NotEqual(t, "google claude-9", name, "Vertex alone sells it")
		assert.NotEqual(t, "openai free", name, "a price of nothing is unknown")
	}
	differences := string(m.differences())
	for _, want := range []string{
		"openai\tdated\tstandard\tinput\t3\t1\t\tgenai-prices\tdated: since 2026-11-01\n",
		"openai\tasked\tstandard\tinput\t1\t9\t9\tlitellm\tmodels.dev agrees\n",
		"openai\told\tstandard\tinput\t2\t0.5\t\tlitellm\tread from the seller's own list: https://api.openai.com/v1/models\n",
		"fireworks\tllama\t\t\t\t\t\trefused\tunit: input $100 is more than 20 times the price of other sellers, $0.1\n",
		"cohere\tembed-9\t\t\t\t\t\trefused\tunit: input $100 per million tokens is above 20\n",
	} {
		assert.Contains(t, differences, want)
	}
}
