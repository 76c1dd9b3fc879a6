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

var isToken, hasFee = usage.SetOf(tokenKinds...), usage.SetOf(feeKinds...)

var rateKeys, feeKeys = priceKeys(tokenKinds), priceKeys(feeKinds)

func priceKeys(kinds []usage.Kind) []string {
	keys := make([]string, len(kinds))
	for i, kind := range kinds {
		keys[i] = kind.Info().Price
	}
	return keys
}

// lacking returns the kinds whose price a tariff needs and does not have: that of
// input, and that of output in one form.
func lacking(own usage.Set) []usage.Kind {
	var kinds []usage.Kind
	if !own.Has(usage.Input) {
		kinds = append(kinds, usage.Input)
	}
	if !own.Has(usage.Output) && !slices.ContainsFunc(media[:], own.Has) {
		kinds = append(kinds, usage.Output)
	}
	return kinds
}

// fill gives each kind of tokens that has no price the one of the kind its price
// is from. Of a model that puts out images or speech alone, what is not counted as
// such costs as much.
func (r *rates) fill(own usage.Set) {
	if !own.Has(usage.Output) {
		for _, kind := range media {
			if own.Has(kind) {
				r[usage.Output] = max(r[usage.Output], r[kind])
			}
		}
	}
	for _, kind := range tokenKinds {
		if from := kind.Info().PriceFrom; from != usage.None && !own.Has(kind) {
			r[kind] = r[from]
		}
	}
}

// completeTiers fills in what the cheaper tiers do not say: a long call costs more in
// them by as much as at the standard tariff, and a cached token never costs more.
func (p *period) completeTiers() {
	standard := p.tariffs[Standard]
	for _, tier := range [...]Tier{Batch, Flex} {
		t := p.tariffs[tier]
		if t == nil || standard == nil {
			continue
		}
		t.rates.atMost(t.own, &standard.rates)
		if len(t.steps) == 0 {
			t.steps = standard.stepsFor(&t.rates)
		}
		for i := range t.steps {
			s := &t.steps[i]
			long, _ := standard.forPrompt(s.above + 1)
			s.rates.atMost(s.own, long)
		}
	}
}

// stepsFor returns the steps of a tariff with those rates, in proportion to t's.
func (t *tariff) stepsFor(base *rates) []step {
	steps := slices.Clone(t.steps)
	for i := range steps {
		for _, kind := range tokenKinds {
			if short := t.rates[kind]; short > 0 { // else there is nothing to scale by, and t's price stays
				long := &steps[i].rates[kind]
				*long = money.Scale(*long, base[kind], short)
			}
		}
	}
	return steps
}

// atMost lowers the prices that stand for others to those of standard.
func (r *rates) atMost(own usage.Set, standard *rates) {
	for _, kind := range tokenKinds {
		if kind.Info().PriceFrom != usage.None && !own.Has(kind) {
			r[kind] = min(r[kind], standard[kind])
		}
	}
}

// freeTariff costs nothing, whatever is used.
var freeTariff = &tariff{own: ^usage.Set(0)}
