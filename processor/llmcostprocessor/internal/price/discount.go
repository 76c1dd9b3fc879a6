// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"maps"
	"math/bits"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// adjust changes the prices that the table has: discounts, surcharges, contracts.
func (t *Table) adjust(adjustments []adjustment) {
	for i := range adjustments {
		a := &adjustments[i]
		for m := range t.models {
			if !a.means(m) {
				continue
			}
			if len(a.regions) == 0 {
				m.periods = a.apply(m.periods)
				continue
			}
			uplifts := maps.Clone(m.uplifts)
			if uplifts == nil {
				uplifts = map[string]money.Pico{}
			}
			for _, region := range a.regions {
				factor := money.Pico(million)
				if known, ok := uplifts[region]; ok {
					factor = known
				}
				uplifts[region] = scale(factor, a.factor, million)
			}
			m.uplifts = uplifts
		}
	}
}

func (a *adjustment) means(m *Model) bool {
	return (m.Provider == a.provider || a.provider == Google && m.Provider == Vertex) &&
		(len(a.models) == 0 || slices.ContainsFunc(m.names, func(name string) bool { return slices.Contains(a.models, name) }))
}

// apply returns the prices with the adjustment, from its first day until its last has
// passed.
func (a *adjustment) apply(periods []period) []period {
	periods = beginAt(beginAt(slices.Clone(periods), a.from), a.until)
	for i, p := range periods {
		if !p.from.Before(a.from) && (a.until.IsZero() || p.from.Before(a.until)) {
			periods[i] = p.adjusted(a.tiers, a.factor)
		}
	}
	return periods
}

// beginAt begins a period on a day, with the prices that hold before it.
func beginAt(periods []period, day time.Time) []period {
	for i, p := range slices.Backward(periods) {
		if p.from.Before(day) {
			p.from = day
			return slices.Insert(periods, i+1, p)
		}
		if p.from.Equal(day) {
			return periods
		}
	}
	return periods
}

// adjusted returns the prices of some tiers multiplied, or of all if none are named.
// A tier that had none of its own is then billed by the standard tariff's.
func (p period) adjusted(tiers []Tier, factor money.Pico) period {
	if len(tiers) == 0 {
		return p.scaled(factor)
	}
	for _, tier := range tiers {
		if of := p.tariffs[tier]; of != nil {
			p.tariffs[tier] = of.scaled(factor)
		} else if p.tariffs[Standard] != nil {
			p.tariffs[tier] = p.tariffs[Standard].scaled(factor)
		}
	}
	return p
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
