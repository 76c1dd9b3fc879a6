// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

func day(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at
}

// TestCost has a case for each rule of pricing; the figures are worked out by
// hand from the prices per million tokens.
func TestCost(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	for _, tt := range []struct {
		name, provider, model string
		at                    string
		tokens                usage.Amounts
		want                  float64 // dollars
	}{
		{"reference: gpt-4o", "openai", "gpt-4o", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: million, usage.Output: million}, 12.50},
		{"reference: gpt-4o-mini", "openai", "gpt-4o-mini", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: million, usage.Output: million}, 0.75},
		{"reference: gpt-4-turbo", "openai", "gpt-4-turbo", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: million, usage.Output: million}, 40},
		{"reference: claude-3-5-sonnet", "anthropic", "claude-3-5-sonnet", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: million, usage.Output: million}, 18},
		{"reference: claude-3-haiku", "anthropic", "claude-3-haiku", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: million, usage.Output: million}, 1.50},
		{"a small call", "openai", "gpt-4o", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: 1000, usage.Output: 200}, 0.0045},
		{"nothing used", "openai", "gpt-4o", "2025-01-01T00:00:00Z", usage.Amounts{}, 0},
		{
			"worked example: 20,212 input of which 16,298 cached, 931 output", "gcp.gemini", "gemini-3-flash-preview",
			"2026-02-01T00:00:00Z",
			usage.Amounts{usage.Input: 3914, usage.CacheRead: 16298, usage.Output: 931},
			0.0055649,
		},
		{"the price before it changed", "openai", "gpt-4o", "2024-10-01T23:59:59Z", usage.Amounts{usage.Input: million, usage.Output: million}, 20},
		{"the price from the day it changed", "openai", "gpt-4o", "2024-10-02T00:00:00Z", usage.Amounts{usage.Input: million, usage.Output: million}, 12.50},
		{"the day is UTC", "openai", "gpt-4o", "2024-10-02T01:00:00+02:00", usage.Amounts{usage.Input: million, usage.Output: million}, 20},
		{
			"Anthropic: cached read a tenth, 5-minute write 1.25, 1-hour write 2", "anthropic", "claude-3-5-sonnet", "2025-01-01T00:00:00Z",
			usage.Amounts{usage.Input: million, usage.CacheRead: million, usage.CacheWrite: million, usage.CacheWrite1h: million},
			3 + 0.30 + 3.75 + 6,
		},
		{"OpenAI: cached read half", "openai", "gpt-4o", "2025-01-01T00:00:00Z", usage.Amounts{usage.CacheRead: million}, 1.25},
		{"OpenAI: a cache write is ordinary input", "openai", "gpt-4o", "2025-01-01T00:00:00Z", usage.Amounts{usage.CacheWrite: million}, 2.50},
		{"no price for cached reads: as input", "openai", "gpt-4-turbo", "2025-01-01T00:00:00Z", usage.Amounts{usage.CacheRead: million}, 10},
		{"no price for 1-hour writes: as input", "openai", "gpt-4-turbo", "2025-01-01T00:00:00Z", usage.Amounts{usage.CacheWrite1h: million}, 10},
		{"no price for audio: as text", "openai", "gpt-4-turbo", "2025-01-01T00:00:00Z", usage.Amounts{usage.AudioInput: million, usage.AudioOutput: million}, 40},
		{"audio", "openai", "gpt-audio", "2026-01-01T00:00:00Z", usage.Amounts{usage.AudioInput: million, usage.AudioOutput: million}, 32 + 64},
		{"long context: at the threshold", "gcp.gemini", "gemini-2.5-pro", "2026-01-01T00:00:00Z", usage.Amounts{usage.Input: 200_000, usage.Output: 1000}, 0.25 + 0.01},
		{"long context: the whole call above", "gcp.gemini", "gemini-2.5-pro", "2026-01-01T00:00:00Z", usage.Amounts{usage.Input: 200_001, usage.Output: 1000}, 0.5000025 + 0.015},
		{
			"long context: cached input counts", "gcp.gemini", "gemini-2.5-pro", "2026-01-01T00:00:00Z",
			usage.Amounts{usage.Input: 1, usage.CacheRead: 200_000, usage.Output: 1000},
			0.0000025 + 0.05 + 0.015,
		},
		{"long context: output does not count", "gcp.gemini", "gemini-2.5-pro", "2026-01-01T00:00:00Z", usage.Amounts{usage.Input: 200_000, usage.Output: million}, 10.25},
		{"long context: Claude", "anthropic", "claude-sonnet-4-5", "2025-11-01T00:00:00Z", usage.Amounts{usage.Input: 300_000, usage.Output: 10_000}, 1.80 + 0.225},
		{"long context given up", "anthropic", "claude-sonnet-4-6", "2026-03-13T00:00:00Z", usage.Amounts{usage.Input: 300_000, usage.Output: 10_000}, 0.90 + 0.15},
		{"premium of a region", "aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "2026-01-01T00:00:00Z", usage.Amounts{usage.Input: 200_000}, 0.66},
		{"fine-tuned", "openai", "ft:gpt-4o-mini-2024-07-18:org::id", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: million, usage.Output: million}, 1.50},
		{"embedding", "openai", "text-embedding-3-small", "2025-01-01T00:00:00Z", usage.Amounts{usage.Input: million}, 0.02},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, ok := table.Find(tt.provider, tt.model)
			require.True(t, ok)
			cost, ok := m.Cost(&tt.tokens, Standard, day(t, tt.at))
			require.True(t, ok)
			assert.Equal(t, money.Pico(math.Round(tt.want*money.PerDollar)), cost)
		})
	}
}

func TestCostRefuses(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	m, _ := table.Find("openai", "gpt-4o")
	now := day(t, "2025-01-01T00:00:00Z")
	for name, tokens := range map[string]usage.Amounts{
		"negative":                      {usage.Output: -1},
		"more than an amount holds":     {usage.Input: math.MaxInt64},
		"a sum more than an amount can": {usage.Input: 3e12, usage.Output: 3e12},
	} {
		t.Run(name, func(t *testing.T) {
			cost, ok := m.Cost(&tokens, Standard, now)
			assert.False(t, ok)
			assert.Zero(t, cost)
		})
	}
}

func TestCostBeforeTheFirstPrice(t *testing.T) {
	doc, err := parse("p.yaml", []byte(`models: [{name: m, prices: [{valid_from: 2025-01-01, input: "1", output: "1"}]}]`))
	require.NoError(t, err)
	_, ok := doc.models[0].Cost(&usage.Amounts{usage.Input: 1}, Standard, day(t, "2024-12-31T23:59:59Z"))
	assert.False(t, ok)
	_, ok = doc.models[0].Cost(&usage.Amounts{usage.Input: 1}, Standard, day(t, "2025-01-01T00:00:00Z"))
	assert.True(t, ok)
}

func TestPromptSaturates(t *testing.T) {
	assert.Equal(t, int64(math.MaxInt64), (&usage.Amounts{usage.Input: math.MaxInt64, usage.CacheRead: math.MaxInt64, usage.AudioInput: math.MaxInt64}).Prompt())
	assert.Equal(t, int64(3), (&usage.Amounts{usage.Input: 3, usage.CacheRead: -5}).Prompt())
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]money.Pico{
		"0": 0, "2.50": 2_500_000, "2.5": 2_500_000, "10": 10_000_000, "0.000001": 1, "0.0000010000": 1, "003.0": 3_000_000,
		"1000000": money.PerDollar,
	} {
		rate, err := parseRate(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, rate, text)
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "$2", "NaN", "0.0000001", "1000001", "99999999999999999999", " 1"} {
		_, err := parseRate(text)
		assert.Error(t, err, text)
	}
}
