// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Prices and reported costs in other currencies are converted by the rate of the time
// of the call; without one the call is unpriced, with the reason.
func TestCurrencies(t *testing.T) {
	file := t.TempDir() + "/prices.yaml"
	writeFile(t, file, `
currency: EUR
models:
  - {name: house-1, provider: house, prices: [{input: "2", output: "8"}]}
exchange_rates:
  - {currency: EUR, valid_from: 2026-01-01, dollars: "1.1"}
  - {currency: EUR, valid_from: 2026-07-01, dollars: "1.2"}
`)
	r := newRig(t, testConfig(func(c *Config) { c.Prices.Files = []string{file} }))
	house := []func(ptrace.Span){put("gen_ai.provider.name", "house"), put("gen_ai.request.model", "house-1")}
	unknown := put("gen_ai.request.model", "unknown-1")
	at := func(day string) func(ptrace.Span) {
		when, err := time.Parse(time.DateOnly, day)
		require.NoError(t, err)
		return func(s ptrace.Span) {
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(when))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(when.Add(time.Second)))
		}
	}
	price := func(change ...func(ptrace.Span)) map[string]any {
		span := firstSpan(r.price(callSpan(change...)))
		out := written(span.Attributes())
		if reason, ok := span.Attributes().Get(attrReason); ok {
			out[attrReason] = reason.Str()
		}
		return out
	}
	assert.Equal(t, map[string]any{attrCost: 0.0072}, price(append(house, at("2026-07-01"))...))
	assert.Equal(t, map[string]any{attrCost: 0.0066}, price(append(house, at("2026-06-30"))...))
	assert.Equal(t, map[string]any{attrStatus: "unpriced", attrReason: "exchange_rate: EUR"}, price(append(house, at("2025-12-31"))...))

	reported := func(amount, currency any) []func(ptrace.Span) {
		return []func(ptrace.Span){unknown, at("2026-07-02"), put("gen_ai.usage.cost.amount", amount), put("gen_ai.usage.cost.currency", currency)}
	}
	assert.Equal(t, map[string]any{attrCost: 0.6, attrStatus: "reported", attrReported: 0.6}, price(reported(0.5, "EUR")...))
	assert.Equal(t, map[string]any{attrCost: 0.5, attrStatus: "reported", attrReported: 0.5}, price(reported(0.5, "USD")...))
	assert.Equal(t, map[string]any{attrCost: 0.5, attrStatus: "reported", attrReported: 0.5}, price(reported(0.5, nil)...), "dollars are what is meant without a currency")
	assert.Equal(t, map[string]any{attrStatus: "unpriced", attrReason: "exchange_rate: CNY"}, price(reported(0.5, "cny")...))
	assert.Equal(t, map[string]any{attrStatus: "unpriced", attrReason: "exchange_rate: unknown"}, price(reported(0.5, "🪙 of our own")...))
	// What is reported of a call with a price is compared in dollars, or not at all.
	assert.Equal(t, map[string]any{attrCost: 0.0075, attrReported: 0.006}, price(put("gen_ai.usage.cost.amount", 0.005), put("gen_ai.usage.cost.currency", "EUR")))
	assert.Equal(t, map[string]any{attrCost: 0.0075}, price(put("gen_ai.usage.cost.amount", 0.005), put("gen_ai.usage.cost.currency", "CNY")))
	assert.Len(t, usageSource{r.core()}.Disagreements(), 1)
	assert.InDelta(t, 0.006, usageSource{r.core()}.Disagreements()[0].Reported, 0)
}
