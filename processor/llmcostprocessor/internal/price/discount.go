// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Condition is that calls have a value of a dimension.
type Condition struct{ Dimension, Value string }

// DimensionAdjustment changes what calls with some values of dimensions cost.
type DimensionAdjustment struct {
	Conditions []Condition
	// Factor is what the cost is multiplied by, in millionths.
	Factor money.Pico
}

// ByDimension are the adjustments of the model that depend on dimensions of a call.
func (m *Model) ByDimension(tier Tier, at time.Time) []DimensionAdjustment {
	if len(m.byDimension) == 0 {
		return nil
	}
	if !tier.priced() {
		tier = Standard
	}
	var out []DimensionAdjustment
	for _, a := range m.byDimension {
		if at.Before(a.from) || !a.until.IsZero() && !at.Before(a.until) || len(a.tiers) > 0 && !slices.Contains(a.tiers, tier) {
			continue
		}
		out = append(out, DimensionAdjustment{a.conditions, a.factor})
	}
	return out
}

// CheckDimensions reports the adjustments by dimensions that are not among those
// that calls have.
func (t *Table) CheckDimensions(dimensions []string) error {
	var errs []error
	for _, a := range t.byDimension {
		for _, c := range a.conditions {
			if !slices.Contains(dimensions, c.Dimension) {
				errs = append(errs, fmt.Errorf("%s.dimensions: %q is none of the dimensions of the configuration, %s", a.where, c.Dimension, strings.Join(dimensions, ", ")))
			}
		}
	}
	return errors.Join(errs...)
}

// Listed is the entry at its list prices, before discounts and other adjustments.
func (m *Model) Listed() *Model {
	if m.listed == nil {
		return m
	}
	listed := *m
	listed.prices = m.listed
	return &listed
}

// adjust changes the prices that the table has: discounts, surcharges, contracts.
func (t *Table) adjust(adjustments []adjustment) {
	for i := range adjustments {
		a := &adjustments[i]
		if len(a.conditions) > 0 {
			t.byDimension = append(t.byDimension, a)
		}
		for m := range t.models {
			if !a.means(m) {
				continue
			}
			if len(a.conditions) > 0 {
				m.byDimension = append(slices.Clip(m.byDimension), a)
				continue
			}
			if len(a.regions) == 0 {
				if m.listed == nil {
					m.listed = m.prices
				}
				m.prices = newSchedule(a.apply(m.prices.periods())...)
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
				uplifts[region] = money.Scale(factor, a.factor, million)
			}
			m.uplifts = uplifts
		}
	}
}

func (a *adjustment) means(m *Model) bool {
	return (a.provider == "" || m.Provider == a.provider || a.provider == Google && m.Provider == Vertex) &&
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
	p.variants = slices.Clone(p.variants)
	for i := range p.variants {
		p.variants[i].fee = money.Scale(p.variants[i].fee, keep, million)
	}
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
		r[kind] = money.Scale(rate, keep, million)
	}
	return r
}
