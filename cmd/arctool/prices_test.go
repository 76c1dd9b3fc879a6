// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const ownPrices = `models:
  - name: our-model
    provider: acme
    aliases: [house]
    prices:
      - {input: "2.00", output: "8", cache_read: 0.2, source: the contract}
      - valid_from: 2026-03-01
        input: "1.00"
        output: "4"
        batch: {input: "0.50", output: "2"}
        long_context: {above: 200000, input: "3", output: "12"}
        fees: {request: "0.0025"}
        source: the new contract
free_providers: [vllm]
`

func TestPricesLookup(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prices.yaml")
	require.NoError(t, os.WriteFile(file, []byte(ownPrices), 0o600))

	out, _, err := run(t, "prices", "lookup", "--file", file, "--at", "2026-02-28", "--provider", "acme", "house-2025-01-01")
	require.NoError(t, err)
	assert.Equal(t, `house-2025-01-01: our-model of acme
  resolved: seller from the provider, entry house
  input: 2
  cache_read: 0.2
  output: 8
  source: the new contract
  list: `+file+`
  checked: unknown
`, out)

	out, _, err = run(t, "prices", "lookup", "--file", file, "--at", "2026-03-01", "our-model")
	require.NoError(t, err)
	assert.Equal(t, `our-model: our-model of acme
  resolved: seller from the maker of the model, entry our-model
  valid_from: 2026-03-01
  input: 1
  output: 4
  long_context above 200000.input: 3
  long_context above 200000.output: 12
  batch.input: 0.5
  batch.output: 2
  batch.long_context above 200000.input: 1.5
  batch.long_context above 200000.output: 6
  fees.request: 0.0025
  source: the new contract
  list: `+file+`
  checked: unknown
`, out)

	out, _, err = run(t, "prices", "lookup", "--file", file, "--provider", "vllm", "anything")
	require.NoError(t, err)
	assert.Contains(t, out, "anything: as any model of local\n  resolved: seller from the provider, entry anything\n  input: 0\n")

	out, _, err = run(t, "prices", "lookup", "gpt-4o", "nobody-has-this")
	require.EqualError(t, err, "1 of 2 models without a price")
	assert.Contains(t, out, "gpt-4o: gpt-4o of openai\n")
	assert.Regexp(t, `  list: built-in\n  checked: 2026-\d\d-\d\d, \d+ days? old\n`, out)
	assert.Contains(t, out, "nobody-has-this: no entry of version 20")

	out, _, err = run(t, "prices", "lookup", "gpt-4o-mimi")
	require.Error(t, err)
	assert.Contains(t, out, `its calls are unpriced; did you mean "gpt-4o-mini"?`)

	_, _, err = run(t, "prices", "lookup", "--at", "soon", "gpt-4o")
	require.EqualError(t, err, `--at: "soon" is not a date such as 2024-10-02`)
}

// The three lists in small, each with what it has of its own.
const (
	ofGenai = `[{"id": "openai", "pricing_urls": ["https://openai.com/api/pricing"], "models": [
	{"id": "gpt-9", "match": {"equals": "gpt-9"}, "prices": [
		{"prices": {"input_mtok": 1, "output_mtok": {"base": 4, "tiers": [{"start": 200000, "price": 8}]}}},
		{"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 2, "output_mtok": 8}}],
	 "price_variants": [
		{"when": {"processing": "batch"}, "constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 1, "output_mtok": 4}},
		{"when": {"processing": "batch"}, "constraint": {"start_date": "2026-10-14"}, "prices": {"input_mtok": 0.5, "output_mtok": 2}}]},
	{"id": "gpt-bad", "match": {"equals": "gpt-bad"}, "prices": {"input_mtok": -1, "output_mtok": 1}}]}]`
	ofLitellm = `{"dashscope/qwen9": {"litellm_provider": "dashscope", "tiered_pricing": [
		{"range": [0, 32000.0], "input_cost_per_token": 1.2e-06, "output_cost_per_token": 6e-06},
		{"range": [32000.0, 128000.0], "input_cost_per_token": 2.4e-06, "output_cost_per_token": 1.2e-05}]},
	"qwen-newest": {"alias_of": "dashscope/qwen9"},
	"whisper-9": {"litellm_provider": "openai", "input_cost_per_second": 0.0001},
	"deepseek/v9": {"litellm_provider": "deepseek", "input_cost_per_token": 3e-07, "output_cost_per_token": 1.2e-06, "off_peak_pricing": {
		"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "windows": [{"hours_utc": ["10:00-00:00"], "weekdays": [1, 2]}]}}}`
	ofModelsDev = `{"anthropic": {"models": {"claude-9": {"cost": {"input": 3, "output": 15, "cache_read": 0.3, "context_over_200k": {"input": 6, "output": 22.5}}}}}}`
)

func TestPricesImport(t *testing.T) {
	for _, tt := range []struct {
		from, list, provider, model, at string
		want                            []string
	}{
		{"genai-prices", ofGenai, "openai", "gpt-9", "2026-12-31", []string{"  input: 1\n", "  long_context above 200000.output: 8\n", "  batch.output: 2\n"}},
		{"genai-prices", ofGenai, "openai", "gpt-9", "2027-01-01", []string{"  valid_from: 2027-01-01\n", "  input: 2\n", "  batch.output: 4\n"}},
		{"litellm", ofLitellm, "dashscope", "qwen-newest", "2026-12-31", []string{"  input: 1.2\n", "  long_context above 32000.output: 12\n"}},
		{"litellm", ofLitellm, "openai", "whisper-9", "2026-12-31", []string{"  fees.second: 0.0001\n"}},
		{"litellm", ofLitellm, "deepseek", "v9", "2026-12-31", []string{"  input: 0.3\n", "  hours Mon,Tue 10:00-24:00 UTC.output: 0.6\n"}},
		{"models.dev", ofModelsDev, "anthropic", "claude-9", "2026-12-31", []string{"  cache_read: 0.3\n", "  long_context above 200000.input: 6\n"}},
	} {
		folder := t.TempDir()
		list, file := filepath.Join(folder, "list.json"), filepath.Join(folder, "prices.yaml")
		require.NoError(t, os.WriteFile(list, []byte(tt.list), 0o600))
		_, report, err := run(t, "prices", "import", "--from", tt.from, "--output", file, list)
		require.NoError(t, err)
		if tt.from == "genai-prices" {
			assert.Contains(t, report, "left out: openai gpt-bad: ")
		}
		out, _, err := run(t, "prices", "lookup", "--file", file, "--provider", tt.provider, "--at", tt.at, tt.model)
		require.NoError(t, err, tt.model)
		for _, want := range tt.want {
			assert.Contains(t, out, want, tt.model)
		}
	}
	_, _, err := run(t, "prices", "import", "--from", "hearsay", "-")
	assert.ErrorContains(t, err, `"hearsay" is none of genai-prices, litellm, models.dev`)
}

func TestPricesDiff(t *testing.T) {
	old, changed := filepath.Join(t.TempDir(), "old.yaml"), filepath.Join(t.TempDir(), "new.yaml")
	require.NoError(t, os.WriteFile(old, []byte(ownPrices), 0o600))
	require.NoError(t, os.WriteFile(changed, []byte(`models: [{name: our-model, provider: acme, prices: [{input: "3", output: "4"}]}, {name: another, provider: acme, prices: [{input: "1", output: "1"}]}]`), 0o600))
	out, _, err := run(t, "prices", "diff", "--at", "2026-03-01", old, changed)
	require.EqualError(t, err, "2 models differ")
	assert.Contains(t, out, "another of acme\n  + input: 1\n  + output: 1\n")
	assert.Contains(t, out, "our-model of acme\n  - input: 1\n")
	assert.Contains(t, out, "  + input: 3\n")
	out, _, err = run(t, "prices", "diff", old, old)
	require.NoError(t, err)
	assert.Empty(t, out)
	_, _, err = run(t, "prices", "diff", builtin, builtin)
	require.NoError(t, err)
}

func TestPricesCheck(t *testing.T) {
	good, bad := filepath.Join(t.TempDir(), "good.yaml"), filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(good, []byte(ownPrices), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("models:\n  - {name: m, prices: [{input: x, output: 1}]}\n  - {nme: n}\n"), 0o600))

	out, _, err := run(t, "prices", "check", good)
	require.NoError(t, err)
	assert.Contains(t, out, good+": in order; with the built-in table ")

	_, errors, err := run(t, "prices", "check", good, bad)
	require.EqualError(t, err, "the files cannot be used")
	assert.Contains(t, errors, bad+`:2: models[0] (m).prices[0].input: "x" is not a decimal`)
	assert.Contains(t, errors, bad+":3: models[1].nme: is unknown")
}
