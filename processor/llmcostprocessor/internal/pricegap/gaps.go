// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package pricegap lists what has no exact price: the models without a price, and the reasons why
// costs are estimates.
package pricegap

import "github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"

// Gaps are those of the calls since the start. They are safe for concurrent use.
type Gaps struct {
	unpriced  unpriced
	estimates estimates
}

// New returns none. limit bounds the models, and the estimates; others are counted as one.
func New(limit int) *Gaps {
	return &Gaps{newUnpriced(limit), newEstimates(limit)}
}

// Add adds a call.
func (g *Gaps) Add(call *ledger.Call) {
	g.unpriced.add(call)
	g.estimates.add(call)
}

// Remove takes a call out that was added.
func (g *Gaps) Remove(call *ledger.Call) {
	g.unpriced.remove(call)
	g.estimates.remove(call)
}
