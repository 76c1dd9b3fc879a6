// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"maps"
	"math/big"
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price/source"
)

// completeUndated gives a name without a date the prices of kinds that it leaves out and
// its dated entries have: gpt-4o-audio-preview those of audio. Only entries count that cost
// the same else, and all of them must agree.
func (m *merger) completeUndated() {
	dated := map[[2]string][]*source.Model{}
	for _, model := range m.models {
		for _, name := range model.Names {
			if plain := date.ReplaceAllString(name, ""); plain != name {
				key := [2]string{model.Seller, plain}
				dated[key] = append(dated[key], model)
			}
		}
	}
	for _, model := range m.models {
		for _, name := range model.Names {
			m.completeFrom(model, dated[[2]string{model.Seller, name}])
		}
	}
}

func (m *merger) completeFrom(model *source.Model, dated []*source.Model) {
	today := model.At(m.now)
	if today == nil || len(today.Tiers[source.Standard].Steps) > 0 {
		return // what the kinds cost in long calls is not known
	}
	rates := today.Tiers[source.Standard].Rates
	var common source.Rates
	for _, other := range dated {
		if other == model || !m.sameBase(model, other) {
			continue
		}
		theirs := other.At(m.now).Tiers[source.Standard].Rates
		if common == nil {
			common = maps.Clone(theirs)
		}
		maps.DeleteFunc(common, func(key string, _ *big.Rat) bool {
			return theirs[key] == nil || !near(theirs[key], common[key])
		})
	}
	for _, key := range slices.Sorted(maps.Keys(common)) {
		if rates[key] == nil {
			rates[key] = common[key]
		}
	}
}

// sameBase reports whether the input and the output of two entries cost the same.
func (m *merger) sameBase(a, b *source.Model) bool {
	x, y := a.At(m.now), b.At(m.now)
	if x == nil || y == nil {
		return false
	}
	s, t := x.Tiers[source.Standard].Rates, y.Tiers[source.Standard].Rates
	for _, key := range [...]string{"input", "output"} {
		if s[key] == nil || t[key] == nil || !near(s[key], t[key]) {
			return false
		}
	}
	return true
}
