// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"math/bits"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// reduce takes discounts off the prices that the table has.
func (t *Table) reduce(discounts []discount) {
	for _, d := range discounts {
		for m := range t.models {
			if (m.Provider == d.provider || d.provider == Google && m.Provider == Vertex) && (len(d.models) == 0 || slices.ContainsFunc(m.names, func(name string) bool { return slices.Contains(d.models, name) })) {
				m.periods = d.apply(m.periods)
			}
		}
	}
}

// apply returns the prices with the discount, from its day on.
func (d *discount) apply(periods []period) []period {
	out := make([]period, 0, len(periods)+1)
	for i, p := range periods {
		if !p.from.Before(d.from) {
			out = append(out, p.scaled(d.keep))
			continue
		}
		out = append(out, p)
		if i+1 == len(periods) || periods[i+1].from.After(d.from) {
			begun := p.scaled(d.keep)
			begun.from = d.from
			out = append(out, begun)
		}
	}
	return out
}

func (p period) scaled(keep money.Pico) period {
	for tier, t := range p.tariffs {
		if t == nil {
			continue
		}
		p.tariffs[tier] = t.scaled(keep)
	}
	p.hours = slices.Clone(p.hours)
	for i := range p.hours {
		p.hours[i].tariff = p.hours[i].tariff.scaled(keep)
	}
	p.fees = p.fees.scaled(keep)
	return p
}

func (t *tariff) scaled(keep money.Pico) *tariff {
	out := &tariff{rates: t.rates.scaled(keep), own: t.own}
	for _, s := range t.steps {
		out.steps = append(out.steps, step{above: s.above, rates: s.rates.scaled(keep), own: s.own})
	}
	return out
}

func (r rates) scaled(keep money.Pico) rates {
	for kind, rate := range r {
		r[kind] = scale(rate, keep, million)
	}
	return r
}

// scale returns rate × part / whole, rounded to the nearest picodollar. It saturates.
func scale(rate, part, whole money.Pico) money.Pico {
	hi, lo := bits.Mul64(uint64(rate), uint64(part))
	lo, carry := bits.Add64(lo, uint64(whole)/2, 0)
	if hi+carry >= uint64(whole) {
		return money.Max
	}
	quotient, _ := bits.Div64(hi+carry, lo, uint64(whole))
	return money.Pico(min(quotient, uint64(money.Max)))
}
