// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

var (
	before = time.Date(2026, 6, 30, 23, 59, 59, 0, time.UTC)
	after  = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
)

// house is a provider with two models; one has all that can be discounted.
const house = `
models:
  - name: big
    provider: house
    aliases: [big-2]
    prices:
      - {input: "10", output: "40", cache_read: "1", batch: {input: "5", output: "20"}, long_context: [{above: 1000, input: "20", output: "60"}], fees: {request: "0.01", web_search: "0.02"}}
  - {name: small, provider: house, prices: [{input: "1", output: "4"}]}
`

// costOf is what a million tokens in, of which some from a cache, and no more cost.
func costOf(t *testing.T, table *Table, model string, tokens usage.Amounts, tier Tier, at time.Time) float64 {
	t.Helper()
	m, found := table.Find("house", model)
	require.True(t, found)
	amount, known := m.Cost(&tokens, tier, at)
	require.True(t, known)
	return amount.Dollars()
}

// A discount is off everything, from its day on, of the models that it names.
func TestDiscounts(t *testing.T) {
	some, err := Load([]string{write(t, "some.yaml", house+`
discounts: [{provider: house, models: [BIG-2], percent: 12.5, valid_from: 2026-07-01}]`)})
	require.NoError(t, err)
	all, err := Load([]string{write(t, "all.yaml", house+`
discounts: [{provider: House, percent: 100}]`)})
	require.NoError(t, err)
	for _, tt := range []struct {
		name   string
		model  string
		tokens usage.Amounts
		tier   Tier
		want   float64
	}{
		{"the fee", "big", usage.Amounts{}, Standard, 0.01},
		{"short", "big", usage.Amounts{usage.Input: 1000}, Standard, 0.01 + 0.01},
		{"long", "big", usage.Amounts{usage.Input: 1001}, Standard, 0.01 + 0.02002},
		{"cached", "big", usage.Amounts{usage.CacheRead: 1000}, Standard, 0.01 + 0.001},
		{"batch", "big", usage.Amounts{usage.Output: 1000}, Batch, 0.01 + 0.02},
		{"searches", "big", usage.Amounts{usage.WebSearches: 2}, Standard, 0.01 + 0.04},
	} {
		assert.InDelta(t, tt.want, costOf(t, some, tt.model, tt.tokens, tt.tier, before), 1e-12, tt.name)
		assert.InDelta(t, tt.want*0.875, costOf(t, some, tt.model, tt.tokens, tt.tier, after), 1e-12, tt.name)
		assert.Zero(t, costOf(t, all, tt.model, tt.tokens, tt.tier, before), tt.name)
	}
	assert.InDelta(t, 0.001, costOf(t, some, "small", usage.Amounts{usage.Input: 1000}, Standard, after), 1e-12, "not named")
	assert.Zero(t, costOf(t, all, "small", usage.Amounts{usage.Input: 1000}, Standard, after))
}

// An adjustment is up or down, for what it names alone.
func TestAdjustments(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", house+`
adjustments:
  - {provider: house, models: [big], tiers: [batch], percent: "-50", valid_from: 2026-07-01, valid_until: 2026-07-31}
  - {provider: house, models: [small], percent: "+20"}
  - {provider: house, models: [small], regions: [eu], percent: "10"}`)})
	require.NoError(t, err)
	in := usage.Amounts{usage.Input: 1000}
	assert.InDelta(t, 0.01+0.005, costOf(t, table, "big", in, Batch, before), 1e-12)
	assert.InDelta(t, 0.01+0.0025, costOf(t, table, "big", in, Batch, after), 1e-12)
	assert.InDelta(t, 0.01+0.0025, costOf(t, table, "big", in, Batch, day(t, "2026-07-31T23:59:59Z")), 1e-12)
	assert.InDelta(t, 0.01+0.005, costOf(t, table, "big", in, Batch, day(t, "2026-08-01T00:00:00Z")), 1e-12)
	assert.InDelta(t, 0.01+0.01, costOf(t, table, "big", in, Standard, after), 1e-12, "another tier")
	assert.InDelta(t, 0.0012, costOf(t, table, "small", in, Standard, after), 1e-12)
	m := table.Resolve(Query{Provider: "house", Model: "small", Region: "eu"})
	cost, ok := m.Model.Cost(&in, Standard, after)
	require.True(t, ok)
	assert.InDelta(t, 0.00132, cost.Dollars(), 1e-12)

	for bad, want := range map[string]string{
		`{provider: house, percent: "-101"}`:                                               "adjustments[0].percent",
		`{provider: house, percent: "901"}`:                                                "adjustments[0].percent",
		`{provider: house}`:                                                                "adjustments[0].percent: is missing",
		`{provider: house, percent: "1", tiers: [slow]}`:                                   `adjustments[0].tiers[0]: "slow" is none of`,
		`{provider: house, percent: "1", regions: [eu], valid_from: 2026-01-01}`:           "adjustments[0].regions: cannot be with",
		`{provider: house, percent: "1", valid_from: 2026-02-01, valid_until: 2026-01-01}`: "adjustments[0].valid_until",
	} {
		_, err := Load([]string{write(t, "bad.yaml", house+"\nadjustments: ["+bad+"]")})
		require.ErrorContains(t, err, want, bad)
	}
}

func TestDiscountErrors(t *testing.T) {
	for percent, valid := range map[string]bool{
		"0": true, "100": true, "12.3456": true,
		"100.0001": false, "-1": false, "12.34567": false, "much": false, `""`: false,
	} {
		_, err := Load([]string{write(t, "prices.yaml", house+`
discounts: [{provider: house, percent: `+percent+`}]`)})
		if valid {
			require.NoError(t, err, percent)
		} else {
			require.ErrorContains(t, err, "discounts[0].percent", percent)
		}
	}
}

// Models of a free provider cost nothing, unless they are listed, whether the
// provider is an attribute or a prefix of the model's name.
func TestFreeProviders(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", house+`
free_providers: [ollama, house]`)})
	require.NoError(t, err)
	for _, tt := range []struct {
		provider, model string
		want            float64
		found           bool
	}{
		{"ollama", "llama3.3", 0, true},
		{"", "ollama/llama3.3", 0, true},
		{"", "ollama:llama3.3", 0, true},
		{"ollama", "mistralai/mistral-small-latest", 0, true}, // the maker's weights, not its API
		{"acme", "llama3.3-of-ours", 0, false},
		{"", "acme/llama3.3-of-ours", 0, false},
		{"", "llama3.3-of-ours", 0, false},
		{"house", "ours", 0, true},
		{"house", "small", 0.001, true},
	} {
		m, found := table.Find(tt.provider, tt.model)
		if !assert.Equal(t, tt.found, found, "%s %s", tt.provider, tt.model) || !found {
			continue
		}
		amount, known := m.Cost(&usage.Amounts{usage.Input: 1000}, Standard, after)
		assert.True(t, known)
		assert.InDelta(t, tt.want, amount.Dollars(), 1e-12, "%s %s", tt.provider, tt.model)
	}
}

// An alias with a provider is a name there, and elsewhere where the name is free;
// one without takes the name.
func TestAliases(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", house+`
  - {name: hidden, provider: house, host_only: true, prices: [{input: "7", output: "7"}]}
aliases:
  - {name: gpt-4o, provider: house, model: small}
  - {name: our-deployment, provider: house, model: small}
  - {name: our-hidden, provider: house, model: hidden}
  - {name: gpt-4-0613, model: big}
`)})
	require.NoError(t, err)
	for _, tt := range []struct{ provider, model, want string }{
		{"house", "gpt-4o", "small"},
		{"openai", "gpt-4o", "gpt-4o"},
		{"", "gpt-4o", "gpt-4o"},
		{"house", "our-deployment", "small"},
		{"", "our-deployment", "small"},
		{"house", "our-hidden", "hidden"},
		{"", "our-hidden", ""},
		{"", "gpt-4-0613", "big"},
	} {
		m, found := table.Find(tt.provider, tt.model)
		if assert.Equal(t, tt.want != "", found, "%s %s", tt.provider, tt.model) && found {
			assert.Equal(t, tt.want, m.Name, "%s %s", tt.provider, tt.model)
		}
	}
}

// In the cheaper tiers, a kind without a price of its own there never costs more than
// at the standard tariff; a kind with one costs that.
func TestCheaperTiersAreNotMoreExpensive(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", `
models:
  - name: m
    provider: house
    prices:
      - {input: "10", output: "40", cache_read: "1", batch: {input: "5", output: "20"}, flex: {input: "5", output: "20", cache_read: "2"}}
`)})
	require.NoError(t, err)
	const million = 1_000_000
	for tier, want := range map[Tier]float64{Standard: 1, Batch: 1, Flex: 2} {
		assert.InDelta(t, want, costOf(t, table, "m", usage.Amounts{usage.CacheRead: million}, tier, after), 1e-9, tier.String())
	}
	assert.InDelta(t, 5.0, costOf(t, table, "m", usage.Amounts{usage.CacheWrite: million}, Batch, after), 1e-9, "as input")
	assert.InDelta(t, 20.0, costOf(t, table, "m", usage.Amounts{usage.Reasoning: million}, Batch, after), 1e-9, "as output")
}

// Lists often leave out what long calls cost in the cheaper tiers.
func TestLongCallsOfCheaperTiers(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", `models: [{name: m, provider: house, prices: [{
  input: "4", output: "10", cache_read: "1", cache_write: "0",
  long_context: {above: 1000, input: "8", output: "15", cache_read: "2", cache_write: "3"},
  batch: {input: "2", output: "5"},
  flex: {input: "2", output: "5", long_context: {above: 1000, input: "4", output: "7.50"}},
  priority: {input: "6", output: "20"}}]}]`)})
	require.NoError(t, err)
	const million = 1_000_000
	for _, tt := range []struct {
		name   string
		tier   Tier
		tokens usage.Amounts
		want   float64
	}{
		{"short", Batch, usage.Amounts{usage.Input: 1000}, 0.002},
		{"rises as at the standard tariff", Batch, usage.Amounts{usage.Input: million, usage.Output: million}, 4 + 7.50},
		{"cached tokens cost no more than there", Batch, usage.Amounts{usage.CacheRead: million}, 2},
		{"nor where the tier has long calls of its own", Flex, usage.Amounts{usage.CacheRead: million}, 2},
		{"a kind that is free in short calls", Batch, usage.Amounts{usage.CacheWrite: million}, 3},
		{"more expensive tiers are as written", Priority, usage.Amounts{usage.Input: million, usage.Output: million}, 26},
	} {
		assert.InDelta(t, tt.want, costOf(t, table, "m", tt.tokens, tt.tier, after), 1e-9, tt.name)
	}
}

// Numbers behind Google's names are revisions; behind others they are not.
func TestRevisions(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", `
models:
  - {name: gemini-9.0-flash, provider: google, prices: [{input: "1", output: "1"}]}
  - {name: gpt-9, provider: openai, prices: [{input: "1", output: "1"}]}
`)})
	require.NoError(t, err)
	for model, want := range map[string]bool{
		"gemini-9.0-flash-001": true, "gemini-9.0-flash-042": true,
		"gemini-9.0-flash-101": false, "gemini-9.0-flash-0a1": false, "gemini-9.0-flash001": false, "gpt-9-001": false,
	} {
		_, found := table.Find("", model)
		assert.Equal(t, want, found, model)
	}
}

func TestNamesOfModelsAreBounded(t *testing.T) {
	entry := func(length int) string {
		return `models: [{name: ` + strings.Repeat("m", length) + `, prices: [{input: "1", output: "1"}]}]`
	}
	_, err := Load([]string{write(t, "longest.yaml", entry(maxNameLength))})
	require.NoError(t, err)
	_, err = Load([]string{write(t, "too-long.yaml", entry(maxNameLength+1))})
	require.ErrorContains(t, err, "name")
}

func TestScaleRoundsToTheNearest(t *testing.T) {
	for rate, want := range map[money.Pico]money.Pico{0: 0, 1: 1, 3: 2, 1_000_000: 500_000, money.Max: money.Max/2 + 1} {
		assert.Equal(t, want, money.Scale(rate, million/2, million), rate)
	}
	assert.Equal(t, money.Max, money.Scale(money.Max, million, million))
}

func TestAdjustmentsByDimension(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", `
adjustments:
  - {dimensions: {team: research}, percent: "-10"}
  - {provider: openai, models: [gpt-4o], tiers: [batch], dimensions: {team: research, service.name: shop}, percent: "2.5", valid_from: 2026-07-01, valid_until: 2026-07-31}
`)})
	require.NoError(t, err)
	of := func(provider, model string, tier Tier, day string) []DimensionAdjustment {
		m, found := table.Find(provider, model)
		require.True(t, found)
		at, err := time.Parse(time.DateOnly, day)
		require.NoError(t, err)
		return m.ByDimension(tier, at)
	}
	all := DimensionAdjustment{[]Condition{{"team", "research"}}, 900_000}
	both := DimensionAdjustment{[]Condition{{"team", "research"}, {"service.name", "shop"}}, 1_025_000}
	assert.Equal(t, []DimensionAdjustment{all}, of("anthropic", "claude-sonnet-4-5", Standard, "2026-07-15"))
	assert.Equal(t, []DimensionAdjustment{all, both}, of("openai", "gpt-4o", Batch, "2026-07-31"))
	assert.Equal(t, []DimensionAdjustment{all}, of("openai", "gpt-4o", Batch, "2026-08-01"))
	assert.Equal(t, []DimensionAdjustment{all}, of("openai", "gpt-4o", Standard, "2026-07-31"))
	m, _ := table.Find("openai", "gpt-4o")
	assert.Contains(t, m.Describe(time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC)), "adjustment of tier=batch, team=research, service.name=shop: +2.5 %")
	require.NoError(t, table.CheckDimensions([]string{"service.name", "team"}))
	assert.ErrorContains(t, table.CheckDimensions([]string{"team"}), `prices.yaml:4: adjustments[1].dimensions: "service.name" is none of the dimensions of the configuration, team`)

	for content, want := range map[string]string{
		`{dimensions: team, percent: "1"}`:                                       "adjustments[0].dimensions: is not a mapping",
		`{dimensions: {}, percent: "1"}`:                                         "adjustments[0].dimensions: is not a mapping",
		`{dimensions: {team: [a]}, percent: "1"}`:                                "adjustments[0].dimensions.team: is not a single value",
		`{dimensions: {team: ""}, percent: "1"}`:                                 "adjustments[0].dimensions.team: must have 1 to",
		`{dimensions: {team: a}}`:                                                "adjustments[0].percent: is missing",
		`{provider: openai, dimensions: {team: a}, regions: [us], percent: "1"}`: "adjustments[0].regions: cannot be with dimensions",
		`{percent: "1"}`:                                                         "adjustments[0].provider: is missing",
	} {
		_, err := Load([]string{write(t, "p.yaml", "adjustments: ["+content+"]")})
		assert.ErrorContains(t, err, want, content)
	}
}

const inEuros = `
currency: EUR
models:
  - {name: m, provider: house, prices: [{input: "2", output: "8", fees: {request: "0.001"}}]}
exchange_rates:
  - {currency: EUR, valid_from: 2026-01-01, dollars: "1.1"}
  - {currency: EUR, valid_from: 2026-07-01, dollars: "1.173456789", source: ECB}
  - {currency: CNY, dollars: "0.14"}
`

func TestCurrencies(t *testing.T) {
	table, err := Load([]string{write(t, "prices.yaml", inEuros)})
	require.NoError(t, err)
	m, found := table.Find("house", "m")
	require.True(t, found)
	amounts := usage.Amounts{usage.Input: 1000, usage.Output: 500, usage.CacheRead: 100}
	quote := func(at string) (Quote, bool) { return m.Quote(Ask{Usage: &amounts, At: day(t, at)}) }
	// 1,100 × 2 + 500 × 8 millionths, and 0.001, of a euro: 0.0072.
	q, ok := quote("2026-06-30T23:59:59Z")
	require.True(t, ok)
	assert.Equal(t, money.Pico(7_920_000_000), q.Cost)
	q, ok = quote("2026-07-01T00:00:00Z")
	require.True(t, ok)
	assert.Equal(t, money.Pico(8_448_888_881), q.Cost, "8448888880.8, rounded once")
	q, ok = quote("2025-12-31T23:59:59Z")
	assert.False(t, ok, "a call before the first rate")
	assert.Equal(t, "exchange_rate: EUR", q.Missing)

	dollars, ok := table.Dollars(10, "CNY", day(t, "2026-07-01T00:00:00Z"))
	assert.True(t, ok)
	assert.InDelta(t, 1.4, dollars, 0)
	_, ok = table.Dollars(10, "JPY", day(t, "2026-07-01T00:00:00Z"))
	assert.False(t, ok)
	assert.Subset(t, m.Describe(day(t, "2026-07-01T00:00:00Z")), []string{"currency: EUR", "exchange_rate: 1.173456789"})

	// The rates of a later file replace those of the currency, and it needs no prices.
	table, err = Load([]string{write(t, "prices.yaml", inEuros), write(t, "rates.yaml", `exchange_rates: [{currency: EUR, dollars: "2"}]`)})
	require.NoError(t, err)
	m, _ = table.Find("house", "m")
	q, ok = quote("2025-12-31T23:59:59Z")
	require.True(t, ok)
	assert.Equal(t, money.Pico(14_400_000_000), q.Cost)
	openai, _ := table.Find("openai", "gpt-4o")
	assert.Empty(t, openai.currency)

	for content, want := range map[string]string{
		`currency: euro`:                                                                 `currency: "euro" is not a code of ISO 4217`,
		`currency: eur`:                                                                  `currency: "eur" is not a code of ISO 4217`,
		`exchange_rates: [{dollars: "1"}]`:                                               "exchange_rates[0].currency: is missing",
		`exchange_rates: [{currency: USD, dollars: "1"}]`:                                "exchange_rates[0].currency: must be another one",
		`exchange_rates: [{currency: EUR}]`:                                              "exchange_rates[0].dollars: is missing",
		`exchange_rates: [{currency: EUR, dollars: "0"}]`:                                "exchange_rates[0].dollars",
		`exchange_rates: [{currency: EUR, dollars: "-1"}]`:                               "exchange_rates[0].dollars",
		`exchange_rates: [{currency: EUR, dollars: "1", valid_from: today}]`:             "exchange_rates[0].valid_from",
		`exchange_rates: [{currency: EUR, dollars: "1"}, {currency: EUR, dollars: "2"}]`: "exchange_rates[1].valid_from: must be later",
		`exchange_rates: {EUR: 1}`:                                                       "exchange_rates: is not a list",
	} {
		_, err := Load([]string{write(t, "p.yaml", content+"\n"+`free_providers: [x]`)})
		assert.ErrorContains(t, err, want, content)
	}
}
