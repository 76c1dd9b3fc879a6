// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// rates is the price of one token of each kind, or of one of what is no token. A
// kind without a price of its own has that of the kind its price is from: a
// cached, audio, image or reasoning token is billed as an ordinary one, never for
// nothing, and a one-hour cache write as a cache write.
type rates [usage.Count]money.Pico

// tokenKinds are priced by the million, and feeKinds each. Both are in an order in
// which each kind comes after the one that its price is from.
var tokenKinds, feeKinds = func() (tokens, fees []usage.Kind) {
	for _, kind := range usage.Kinds() {
		if kind.Info().Unit == usage.Token {
			tokens = append(tokens, kind)
		} else {
			fees = append(fees, kind)
		}
	}
	return tokens, fees
}()

var rateKeys, feeKeys = priceKeys(tokenKinds), priceKeys(feeKinds)

func priceKeys(kinds []usage.Kind) []string {
	keys := make([]string, len(kinds))
	for i, kind := range kinds {
		keys[i] = kind.Info().Price
	}
	return keys
}

// required says whether a tariff must have a price of that kind.
func required(kind usage.Kind) bool { return kind == usage.Input || kind == usage.Output }

// fill gives each kind of tokens that has no price the one of the kind its price
// is from.
func (r *rates) fill(given usage.Set) {
	for _, kind := range tokenKinds {
		if from := kind.Info().PriceFrom; from != usage.None && !given.Has(kind) {
			r[kind] = r[from]
		}
	}
}

// discounted fills in what the cheaper tiers do not say: a long call costs more in
// them by as much as at the standard tariff, and a cached token never costs more.
func (p *period) discounted() {
	standard := p.tariffs[Standard]
	for _, tier := range [...]Tier{Batch, Flex} {
		t := p.tariffs[tier]
		if t == nil {
			continue
		}
		t.rates.atMost(&standard.rates)
		if len(t.steps) == 0 {
			t.steps = standard.stepsFor(&t.rates)
		}
		for i := range t.steps {
			s := &t.steps[i]
			s.rates.atMost(standard.forPrompt(s.above + 1))
		}
	}
}

// stepsFor are the steps of a tariff with those rates, rising as t's do.
func (t *tariff) stepsFor(base *rates) []step {
	steps := slices.Clone(t.steps)
	for i := range steps {
		for _, kind := range tokenKinds {
			if short := t.rates[kind]; short > 0 { // else there is no telling, and it is that of t
				long := &steps[i].rates[kind]
				*long = scale(*long, base[kind], short)
			}
		}
	}
	return steps
}

// atMost lowers the prices that stand for others to those of standard.
func (r *rates) atMost(standard *rates) {
	for _, kind := range tokenKinds {
		if from := kind.Info().PriceFrom; from != usage.None && r[kind] == r[from] {
			r[kind] = min(r[kind], standard[kind])
		}
	}
}
