// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Ask is what is to be priced.
type Ask struct {
	Usage *usage.Amounts
	// Stated are the kinds that the record reports, be it as zero.
	Stated usage.Set
	Tier   Tier
	At     time.Time
	// Variant is of the images or the video that were asked for.
	Variant Variant
	// Sum: the usage is that of several calls, whose lengths, requests and searches
	// are not known.
	Sum bool
}

// Quote is what something costs.
type Quote struct {
	Cost money.Pico
	// Saved is what caching saved. It is negative when caching cost more than it saved.
	Saved money.Pico
	// Estimated is why the cost may be another, empty when it is not an estimate.
	Estimated string
	// Missing is what is missing for a price, where there is one in another currency.
	Missing string
}

// Why a cost is an estimate. A kind is named behind the reason.
const (
	DoubtTier = "tier" // the tier has no price of its own
	DoubtTime = "time" // the price depends on the time of day, which a sum does not have
	DoubtKind = "kind" // a kind of usage has no price of its own, or is not reported separately
)

// Quote returns what the usage costs. It is false when there is no price for it: none
// was valid then, none of its units has one, a count is negative, or the amount does
// not fit.
func (m *Model) Quote(ask Ask) (Quote, bool) {
	p := m.period(ask.At)
	if p == nil {
		return Quote{}, false
	}
	tariff := p.tariff(ask.Tier, ask.At)
	used := ask.Usage.Stated() // of many kinds, few are
	sum, billed := money.Pico(0), false
	var rate *rates
	var own usage.Set
	if tariff != nil {
		rate, own = tariff.forPrompt(ask.length())
		var fits bool
		if sum, fits = rate.cost(ask.Usage, used); !fits {
			return Quote{}, false
		}
		billed = true
	} else if ask.Usage.Tokens() != 0 && !p.hasUnits(ask.Usage) {
		return Quote{}, false
	}
	byTokens := tariff != nil && used&isMeasure != 0 && ask.Usage.Tokens() > 0
	sum, unitsBilled, fits := p.addFees(sum, &ask, used, byTokens)
	if !fits || !billed && !unitsBilled {
		return Quote{}, false
	}
	quote := Quote{Cost: sum, Estimated: p.doubt(&ask, used, own)}
	if rate != nil && used&cached != 0 {
		quote.Saved = rate.saved(ask.Usage)
	}
	return m.inDollars(quote, ask.At)
}

// length is the number of input tokens that long-context prices go by. It is not
// known of a sum, which is priced as calls of ordinary length.
func (a *Ask) length() int64 {
	if a.Sum {
		return 0
	}
	return a.Usage.Prompt()
}

// measures are what models are paid by that are not paid by tokens. Where a list has
// prices for both, they are two prices of the same thing.
var measures = [...]usage.Kind{usage.Images, usage.Seconds, usage.Characters, usage.Pages, usage.Searches}

var isMeasure = usage.SetOf(measures[:]...)

// hasUnits reports whether the usage has something that is paid, and is no token.
func (p *period) hasUnits(amounts *usage.Amounts) bool {
	for _, kind := range measures {
		if fee, _ := p.feeOf(kind, Variant{}); amounts[kind] > 0 && fee > 0 {
			return true
		}
	}
	return false
}

// addFees adds what is paid for other things than tokens, of the kinds that were used. A
// call is one request.
func (p *period) addFees(sum money.Pico, ask *Ask, used usage.Set, byTokens bool) (total money.Pico, billed, fits bool) {
	used.Add(usage.Requests)
	for kind := range (used & hasFee).Kinds {
		n := ask.Usage[kind]
		if n < 0 {
			return 0, false, false
		}
		fee, _ := p.feeOf(kind, ask.Variant)
		switch {
		case kind == usage.Requests && ask.Sum:
			n = 0
		case kind == usage.Requests:
			n = max(n, 1)
		case isMeasure.Has(kind) && byTokens:
			continue
		}
		if n == 0 || fee == 0 {
			continue
		}
		per := kind.Scale()
		if sum, fits = sum.AddProduct(n/per, fee); !fits {
			return 0, false, false
		}
		if sum, fits = sum.AddProduct(1, money.Scale(fee, money.Pico(n%per), money.Pico(per))); !fits {
			return 0, false, false
		}
		billed = true
	}
	return sum, billed, true
}

// guessed are the kinds whose price is a guess where it is taken from another kind.
// Others are billed so by rule: reasoning as output, an image in the input as text.
var guessed = usage.SetOf(
	usage.CacheRead, usage.CacheWrite1h, usage.CacheWriteLong, usage.AudioInput, usage.CachedAudio, usage.VideoInput,
	usage.AudioOutput, usage.ImageOutput, usage.VideoOutput,
)

// media are the kinds of output that cost other amounts than text, and that many
// instrumentations count with it.
var (
	media   = [...]usage.Kind{usage.ImageOutput, usage.AudioOutput, usage.VideoOutput}
	isMedia = usage.SetOf(media[:]...)
)

// billable are the kinds that somebody may bill where no price is known.
var billable = usage.SetOf(usage.WebSearches, usage.FileSearches, usage.MapsSearches, usage.CodeSessions)

// doubt returns why the cost of the kinds that were used is an estimate, or "".
func (p *period) doubt(ask *Ask, used, own usage.Set) string {
	if ask.Tier == Other || ask.Tier.priced() && p.tariffs[ask.Tier] == nil && p.tariffs[Standard] != nil {
		return DoubtTier + ": " + ask.Tier.String()
	}
	if ask.Sum && len(p.hours) > 0 {
		return DoubtTime
	}
	if kind, uncertain := p.doubtVariant(ask); uncertain {
		return DoubtVariant + ": " + kind.String()
	}
	if p.tariffs[Standard] == nil {
		return ""
	}
	for kind := range (used & guessed &^ own).Kinds {
		if ask.Usage[kind] > 0 {
			return DoubtKind + ": " + kind.String()
		}
	}
	if ask.Usage[usage.Output] > 0 && own&isMedia != 0 {
		for _, kind := range media {
			if own.Has(kind) && !ask.Stated.Has(kind) && ask.Usage[kind] == 0 {
				return DoubtKind + ": " + kind.String()
			}
		}
	}
	for kind := range (used & billable).Kinds {
		if ask.Usage[kind] > 0 && p.fees[kind] == 0 {
			return DoubtKind + ": " + kind.String()
		}
	}
	return ""
}

// doubtVariant returns the kind whose size or quality has no price of its own.
func (p *period) doubtVariant(ask *Ask) (usage.Kind, bool) {
	if len(p.variants) == 0 || p.tariffs[Standard] != nil && ask.Usage.Tokens() > 0 {
		return 0, false // it is paid by tokens
	}
	for kind := range sized {
		if _, exact := p.feeOf(kind, ask.Variant); ask.Usage[kind] > 0 && !exact {
			return kind, true
		}
	}
	return 0, false
}

// Cost returns what a call cost at that time, without saying whether it is an estimate.
func (m *Model) Cost(amounts *usage.Amounts, tier Tier, at time.Time) (money.Pico, bool) {
	quote, ok := m.Quote(Ask{Usage: amounts, Tier: tier, At: at})
	return quote.Cost, ok
}

// tariff is that of the tier at that time. It is nil for what is not sold by tokens.
func (p *period) tariff(tier Tier, at time.Time) *tariff {
	if tier.priced() && p.tariffs[tier] != nil {
		return p.tariffs[tier]
	}
	for i := range p.hours {
		if p.hours[i].hold(at) {
			return p.hours[i].tariff
		}
	}
	return p.tariffs[Standard]
}

// forPrompt are the rates for a call of that many input tokens, and the kinds that
// have a price of their own.
func (t *tariff) forPrompt(tokens int64) (*rates, usage.Set) {
	r, own := &t.rates, t.own
	for i := range t.steps {
		if tokens > t.steps[i].above {
			r, own = &t.steps[i].rates, t.steps[i].own
		}
	}
	return r, own
}

// cost is what the tokens of the kinds that were used cost.
func (r *rates) cost(amounts *usage.Amounts, used usage.Set) (money.Pico, bool) {
	var sum money.Pico
	var fits bool
	for kind := range (used & isToken).Kinds {
		if sum, fits = sum.AddProduct(amounts[kind], r[kind]); !fits {
			return 0, false
		}
	}
	return sum, true
}

// cacheKinds are read from a cache or written to one.
var (
	cacheKinds = [...]usage.Kind{usage.CacheRead, usage.CacheWrite, usage.CacheWrite1h, usage.CacheWriteLong}
	cached     = usage.SetOf(cacheKinds[:]...)
)

// saved returns what the call would have cost more without a cache: what was read
// from it and written to it billed as ordinary input. It is 0 when it does not fit.
func (r *rates) saved(amounts *usage.Amounts) money.Pico {
	var with, without money.Pico
	var fits bool
	for _, kind := range cacheKinds {
		n := amounts[kind]
		if n <= 0 {
			continue
		}
		if with, fits = with.AddProduct(n, r[kind]); !fits {
			return 0
		}
		if without, fits = without.AddProduct(n, r[usage.Input]); !fits {
			return 0
		}
	}
	return without - with
}
