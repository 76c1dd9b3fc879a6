// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Model is one entry of a table: a model as one provider sells it. It does not
// change after the table is made.
type Model struct {
	// Name is the canonical name, such as gpt-4o. It is empty where a whole
	// provider is free, for any model of it.
	Name string
	// Provider is who sells it at these prices, such as openai.
	Provider string

	names    []string // name and aliases, in lower case
	hostOnly bool     // found only where Provider is named
	periods  []period // ascending
	source   string   // of the newest price: a page, or a file
}

// period is the prices from a day on, until the next period begins.
type period struct {
	from time.Time // midnight UTC; zero: since ever
	// tariffs are by tier. One that is nil is billed at the standard tariff.
	tariffs [tiers]*tariff
	fees    rates // of the kinds that are no tokens
}

// tariff is what tokens cost, by the length of the call.
type tariff struct {
	rates rates
	steps []step // ascending
}

// step is the prices of a whole call that has more input tokens than above.
type step struct {
	above int64
	rates rates
}

// Cost returns what a call cost at that time. It is false when no price was
// valid then, when a count is negative, or when the amount does not fit.
func (m *Model) Cost(tokens *usage.Amounts, tier Tier, at time.Time) (money.Pico, bool) {
	p := m.period(at)
	if p == nil {
		return 0, false
	}
	sum, fits := p.rates(tokens, tier).cost(tokens)
	if !fits {
		return 0, false
	}
	return p.addFees(sum, tokens)
}

// addFees adds what is paid for other things than tokens. A call is one request.
func (p *period) addFees(sum money.Pico, amounts *usage.Amounts) (money.Pico, bool) {
	if p.fees == (rates{}) {
		return sum, true
	}
	fits := true
	for _, kind := range feeKinds {
		n, fee := amounts[kind], p.fees[kind]
		if kind == usage.Requests {
			n = max(n, 1)
		}
		if n == 0 || fee == 0 {
			continue
		}
		if n < 0 {
			return 0, false
		}
		per := kind.Scale()
		if sum, fits = sum.AddProduct(n/per, fee); !fits {
			return 0, false
		}
		if sum, fits = sum.AddProduct(1, scale(fee, money.Pico(n%per), money.Pico(per))); !fits {
			return 0, false
		}
	}
	return sum, true
}

// CostOfSum returns what calls cost whose tokens are known as a sum alone, at the
// prices for calls of ordinary length and without fees. It is false as Cost is.
func (m *Model) CostOfSum(tokens *usage.Amounts, tier Tier, at time.Time) (money.Pico, bool) {
	p := m.period(at)
	if p == nil {
		return 0, false
	}
	return p.tariff(tier).rates.cost(tokens)
}

// period returns the last period that has begun.
func (m *Model) period(at time.Time) *period {
	for i := len(m.periods) - 1; i >= 0; i-- {
		if !at.Before(m.periods[i].from) {
			return &m.periods[i]
		}
	}
	return nil
}

// tariff is that of the tier.
func (p *period) tariff(tier Tier) *tariff {
	if t := p.tariffs[tier]; t != nil {
		return t
	}
	return p.tariffs[Standard]
}

// rates are those of the tier, for a call of this length.
func (p *period) rates(tokens *usage.Amounts, tier Tier) *rates {
	t := p.tariff(tier)
	if len(t.steps) == 0 {
		return &t.rates
	}
	return t.forPrompt(tokens.Prompt())
}

// forPrompt are the rates for a call of that many input tokens.
func (t *tariff) forPrompt(tokens int64) *rates {
	r := &t.rates
	for i := range t.steps {
		if tokens > t.steps[i].above {
			r = &t.steps[i].rates
		}
	}
	return r
}

func (r *rates) cost(amounts *usage.Amounts) (money.Pico, bool) {
	sum, fits := money.Pico(0), true
	for _, kind := range tokenKinds {
		if n := amounts[kind]; n != 0 {
			if sum, fits = sum.AddProduct(n, r[kind]); !fits {
				return 0, false
			}
		}
	}
	return sum, true
}

// cacheKinds are read from a cache or written to one.
var cacheKinds = []usage.Kind{usage.CacheRead, usage.CacheWrite, usage.CacheWrite1h, usage.CacheWriteLong}

// Saved returns what the call would have cost more without a cache: what was
// read from it and written to it billed as ordinary input. It is negative when
// the cache cost more than it saved, and false as Cost is.
func (m *Model) Saved(tokens *usage.Amounts, tier Tier, at time.Time) (money.Pico, bool) {
	cached := tokens.Sum(cacheKinds...)
	if cached == 0 {
		return 0, true
	}
	plain := *tokens
	for _, kind := range cacheKinds {
		plain[kind] = 0
	}
	plain[usage.Input] += cached
	without, ok := m.Cost(&plain, tier, at)
	with, fits := m.Cost(tokens, tier, at)
	return without - with, ok && fits
}
