// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// rateKind is one of the prices of a tariff.
type rateKind struct {
	key   string // in price files
	short string // in the built-in table
	rate  func(*rates) *money.Pico
	// instead is the kind whose price counts where this one has none: a cached,
	// audio, image or reasoning token is billed as an ordinary one, never for
	// nothing, and a one-hour cache write as a cache write. Empty: needed.
	instead string
}

// rateKinds are in an order in which each comes after the one it falls back on.
var rateKinds = []rateKind{
	{"input", "i", func(r *rates) *money.Pico { return &r.input }, ""},
	{"cache_read", "cr", func(r *rates) *money.Pico { return &r.cacheRead }, "input"},
	{"cache_write", "cw", func(r *rates) *money.Pico { return &r.cacheWrite }, "input"},
	{"cache_write_1h", "cw1", func(r *rates) *money.Pico { return &r.cacheWrite1h }, "cache_write"},
	{"audio_input", "ai", func(r *rates) *money.Pico { return &r.audioInput }, "input"},
	{"image_input", "ii", func(r *rates) *money.Pico { return &r.imageInput }, "input"},
	{"output", "o", func(r *rates) *money.Pico { return &r.output }, ""},
	{"reasoning", "re", func(r *rates) *money.Pico { return &r.reasoning }, "output"},
	{"audio_output", "ao", func(r *rates) *money.Pico { return &r.audioOutput }, "output"},
	{"image_output", "io", func(r *rates) *money.Pico { return &r.imageOutput }, "output"},
}

var rateKeys = func() []string {
	keys := make([]string, len(rateKinds))
	for i, kind := range rateKinds {
		keys[i] = kind.key
	}
	return keys
}()

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
		for _, kind := range rateKinds {
			long, short := kind.rate(&steps[i].rates), *kind.rate(&t.rates)
			if short > 0 { // else there is no telling, and it is that of t
				*long = scale(*long, *kind.rate(base), short)
			}
		}
	}
	return steps
}

// atMost lowers the prices that stand for others to those of standard.
func (r *rates) atMost(standard *rates) {
	for i, kind := range rateKinds {
		for _, other := range rateKinds[:i] {
			if other.key == kind.instead && *kind.rate(r) == *other.rate(r) {
				*kind.rate(r) = min(*kind.rate(r), *kind.rate(standard))
			}
		}
	}
}
