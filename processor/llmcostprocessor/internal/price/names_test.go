// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	_ "embed"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// names has real model strings, with what they cost at the seller that the telemetry
// names and where the expectation is from.
//
//go:embed testdata/names.tsv
var realNames string

// A name whose price is wrong is far worse than one without.
func TestRealNames(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	count := 0
	for line := range strings.Lines(realNames) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		count++
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		require.Len(t, fields, 4, line)
		provider, name, want := strings.TrimPrefix(fields[0], "-"), fields[1], fields[2]
		m, found := table.Find(provider, name)
		if want == "unpriced" {
			if found {
				_, priced := m.Quote(Ask{Usage: &usage.Amounts{usage.Input: million, usage.Output: million}, At: at})
				assert.False(t, priced, "%s: a price of %s", line, m.Provider)
			}
			continue
		}
		if !assert.True(t, found, line) {
			continue
		}
		tariff := m.period(at).tariff(Standard, at)
		input, output, _ := strings.Cut(want, "/")
		assertNear(t, input, tariff.rates[usage.Input].Dollars()*million, line)
		if tariff.own.Has(usage.Output) {
			assertNear(t, output, tariff.rates[usage.Output].Dollars()*million, line)
		} else {
			assert.Equal(t, "0", output, line) // the price of the output is that of images
		}
	}
	assert.GreaterOrEqual(t, count, 500)
}

// assertNear takes prices for one that was rounded.
func assertNear(t *testing.T, want string, got float64, line string) {
	t.Helper()
	dollars, err := strconv.ParseFloat(want, 64)
	require.NoError(t, err, line)
	assert.LessOrEqual(t, math.Abs(dollars-got), 0.002*dollars, "%s: got %v", line, got)
}

// No lookup that names a provider answers with the entry of another: for each
// provider, each name of the table, with and without routes and makers before it. A name
// that only Bedrock has is Bedrock's where the provider is its maker.
func TestNeverAnotherSeller(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	var names []string
	for m := range table.models {
		names = append(names, m.names[0])
		if i := strings.LastIndexByte(m.names[0], '/'); i >= 0 {
			names = append(names, m.names[0][i+1:])
		}
	}
	prefixes := []string{"", "openai/", "openrouter/", "anthropic:", "models/"}
	providers := map[string]bool{}
	for m := range table.models {
		providers[m.Provider] = true
	}
	require.Greater(t, len(providers), 100)
	found := 0
	for provider := range providers {
		for i, name := range names {
			q := Query{Provider: provider, Model: name}
			if i%10 == 0 {
				q.Model = prefixes[i/10%len(prefixes)] + name
			}
			if m := table.resolve(q); m.Model != nil {
				found++
				if m.Model.Provider != provider && m.By != "form of the name" {
					t.Fatalf("%s %s: an entry of %s", provider, q.Model, m.Model.Provider)
				}
			}
		}
	}
	assert.Greater(t, found, len(names), "each name has a price at its own seller")
}

// The address that was called decides who sold a call, whatever SDK reports it.
func TestServers(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	for _, tt := range []struct {
		provider, server, model string
		want                    string
		input                   float64
	}{
		{"openai", "api.openai.com", "gpt-4o", "openai", 2.5},
		{"openai", "openrouter.ai", "anthropic/claude-sonnet-4.5", "openrouter", 3},
		{"openai", "https://api.deepseek.com/v1", "deepseek-chat", "deepseek", 0.28},
		{"openai", "corp.openai.azure.com:443", "gpt-4o", "azure", 2.5},
		{"openai", "api.groq.com", "llama-3.3-70b-versatile", "groq", 0.59},
		{"anthropic", "bedrock-runtime.us-east-1.amazonaws.com", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock", 3.3},
		{"anthropic", "bedrock-runtime.us-gov-west-1.amazonaws.com", "anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock", 3.6},
		{"gcp.gemini", "aiplatform.googleapis.com", "gemini-2.5-flash", "vertex", 0.3},
		{"gcp.vertex_ai", "aiplatform.googleapis.com", "claude-opus-4-5@20251101", "vertex", 5},
		{"gcp.vertex_ai", "europe-west1-aiplatform.googleapis.com", "claude-opus-4-5@20251101", "vertex", 5.5},
		{"openai", "eu.api.openai.com", "gpt-6-sol", "openai", 2.2},
		{"openai", "localhost", "gpt-4o", "openai", 2.5}, // a proxy: nobody else has the weights
		{"mistral_ai", "10.1.2.3", "mistral-small-2506", "", 0},
		{"mistral_ai", "api.mistral.ai", "mistral-small-2506", "mistral", 0.1},
		{"openai", "models.github.ai", "openai/gpt-4o", "", 0},
	} {
		m := table.Resolve(Query{Provider: tt.provider, Server: tt.server, Model: tt.model})
		if tt.want == "" {
			assert.Nil(t, m.Model, "%+v", tt)
			continue
		}
		if !assert.NotNil(t, m.Model, "%+v", tt) {
			continue
		}
		assert.Equal(t, tt.want, m.Model.Provider, "%+v", tt)
		quote, ok := m.Model.Quote(Ask{Usage: &usage.Amounts{usage.Input: 1000}, At: noon})
		assert.True(t, ok)
		assert.InDelta(t, tt.input/1000, quote.Cost.Dollars(), 1e-9, "%+v", tt)
	}
}

// The requested model's name counts where that of the response is unknown, or less
// specific about the price.
func TestRequestModels(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	for _, tt := range []struct {
		provider, model, request string
		want                     string
		input                    float64
	}{
		{"azure.ai.openai", "corp-gw-eastus-7", "gpt-4o", "azure/gpt-4o", 2.5},
		{"azure.ai.openai", "gpt-4o-2024-11-20", "our-deployment", "azure/gpt-4o", 2.5},
		{"openrouter", "deepseek/deepseek-r1", "deepseek/deepseek-r1:free", "openrouter/deepseek/deepseek-r1", 0},
		{"aws.bedrock", "claude-sonnet-4-5-20250929", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5", 3.3},
		{"aws.bedrock", "claude-sonnet-4-5-20250929", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/claude-sonnet-4-5", 3},
		{"openai", "unknown-a", "unknown-b", "", 0},
	} {
		m := table.Resolve(Query{Provider: tt.provider, Model: tt.model, RequestModel: tt.request})
		if tt.want == "" {
			assert.Nil(t, m.Model)
			continue
		}
		if assert.NotNil(t, m.Model, tt.want) {
			assert.Equal(t, tt.want, m.Model.Provider+"/"+strings.TrimSuffix(m.Model.Name, freeVariant))
			quote, ok := m.Model.Quote(Ask{Usage: &usage.Amounts{usage.Input: 1000}, At: noon})
			assert.True(t, ok)
			assert.InDelta(t, tt.input/1000, quote.Cost.Dollars(), 1e-9, tt.want)
			assert.Empty(t, m.Doubt)
		}
	}
	m := table.Resolve(Query{Provider: "aws.bedrock", Model: "claude-sonnet-4-5-20250929-v1:0"})
	assert.Equal(t, DoubtRegion, m.Doubt, "the region is unknown")
	m = table.Resolve(Query{Provider: "aws.bedrock", Model: "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/xyz"})
	assert.Nil(t, m.Model)
	assert.True(t, m.Provisioned)
}

// Prices by the time of day are those of the time of the call.
func TestHours(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	m, found := table.Find("deepseek", "deepseek-v4-flash")
	require.True(t, found)
	for at, want := range map[string]float64{
		"2026-11-27T02:00:00Z": 0.30, // Friday at peak
		"2026-11-27T03:59:59Z": 0.30,
		"2026-11-27T04:00:00Z": 0.15,
		"2026-11-27T12:00:00Z": 0.15,
		"2026-11-28T02:00:00Z": 0.15, // Saturday
		"2026-08-20T02:00:00Z": 0.22, // before prices went by hours
	} {
		quote, ok := m.Quote(Ask{Usage: &usage.Amounts{usage.Input: million}, At: day(t, at)})
		require.True(t, ok)
		assert.InDelta(t, want, quote.Cost.Dollars(), 1e-9, at)
	}
	quote, ok := m.Quote(Ask{Usage: &usage.Amounts{usage.Input: million}, At: noon, Sum: true})
	require.True(t, ok)
	assert.Equal(t, DoubtTime, quote.Estimated)
}

// Prices of tomorrow keep their own tiers, and are not those of today.
func TestPricesOfTomorrow(t *testing.T) {
	table, err := Embedded()
	require.NoError(t, err)
	m, found := table.Find("gcp.gemini", "gemini-4-argon")
	require.True(t, found)
	for _, tt := range []struct {
		at   string
		tier Tier
		want float64
	}{
		{"2026-11-30T23:59:59Z", Standard, 2},
		{"2026-11-30T23:59:59Z", Batch, 1},
		{"2026-12-01T00:00:00Z", Standard, 4},
		{"2026-12-01T00:00:00Z", Batch, 2},
	} {
		cost, ok := m.Cost(&usage.Amounts{usage.Input: million}, tt.tier, day(t, tt.at))
		require.True(t, ok)
		assert.InDelta(t, tt.want, cost.Dollars(), 1e-9, tt.at)
	}
}
