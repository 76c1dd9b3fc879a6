// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// tariffUnits is how many units of a kind are priced to learn the price of one: prices of
// tokens are too small for a single one.
const tariffUnits = 1_000_000

// Tariff is what a model of a provider costs at a time.
func (b usageSource) Tariff(provider, model string, at time.Time) dashboard.Tariff {
	var t dashboard.Tariff
	t.Provider, _ = price.SellerOf(provider)
	m, found := b.prices.Load().Lookup(provider, model)
	if !found {
		return t
	}
	if m.Provider != "" {
		t.Provider = m.Provider
	}
	t.List, t.Contracted = ratesOf(m.Listed(), at), ratesOf(m, at)
	return t
}

// ratesOf are dollars per unit. What a kind alone costs more than nothing is its own price:
// fees of a request are not part of it.
func ratesOf(m *price.Model, at time.Time) (rates [usage.Count]float64) {
	for _, kind := range usage.Kinds() {
		var amounts usage.Amounts
		amounts[kind] = tariffUnits * kind.Scale()
		if quote, ok := m.Quote(price.Ask{Usage: &amounts, At: at, Sum: true}); ok {
			rates[kind] = quote.Cost.Dollars() / tariffUnits
		}
	}
	return rates
}
