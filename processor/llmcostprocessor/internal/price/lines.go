// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Line is what one kind of usage costs.
type Line struct {
	Kind   usage.Kind
	Amount int64
	Cost   money.Pico
}

// Lines returns what each kind of the usage costs, in the order of the table of
// kinds. They add up to what Quote returns, but for the rounding of each line where the
// prices are in another currency.
func (m *Model) Lines(ask Ask) []Line {
	p := m.period(ask.At)
	if p == nil {
		return nil
	}
	var lines []Line
	add := func(kind usage.Kind, cost money.Pico, fits bool) {
		each, known := m.inDollars(Quote{Cost: cost}, ask.At)
		if cost = each.Cost; known && fits && (ask.Usage[kind] != 0 || cost != 0) {
			lines = append(lines, Line{kind, ask.Usage[kind], cost})
		}
	}
	tariff := p.tariff(ask.Tier, ask.At)
	if tariff != nil {
		rate, _ := tariff.forPrompt(ask.length())
		for _, kind := range tokenKinds {
			var only usage.Amounts
			only[kind] = ask.Usage[kind]
			cost, fits := rate.cost(&only, only.Stated())
			add(kind, cost, fits)
		}
	}
	byTokens := tariff != nil && ask.Usage.Tokens() > 0
	for _, kind := range feeKinds {
		if fee, _ := p.feeOf(kind, ask.Variant); fee == 0 {
			continue
		}
		var only usage.Amounts
		only[kind] = ask.Usage[kind]
		without := usage.Amounts{}
		with := ask
		with.Usage = &only
		cost, _, fits := p.addFees(0, &with, only.Stated(), byTokens)
		if kind != usage.Requests { // each call is one
			with.Usage = &without
			request, _, _ := p.addFees(0, &with, 0, byTokens)
			cost -= request
		}
		add(kind, cost, fits)
	}
	return lines
}
