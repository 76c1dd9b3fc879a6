// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pricegap

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// estimates adds up, by reason, the calls whose cost is an estimate, or unpriced for a
// reason.
type estimates struct {
	mu   sync.Mutex
	sums bounded[estimateKey, estimateSum]
}

type estimateKey struct{ provider, model, reason string }

func (k estimateKey) clone() estimateKey {
	return estimateKey{strings.Clone(k.provider), strings.Clone(k.model), strings.Clone(k.reason)}
}

type estimateSum struct {
	calls int64
	cost  money.Sum
}

func newEstimates(limit int) estimates {
	return estimates{sums: bounded[estimateKey, estimateSum]{
		limit, estimateKey{model: ledger.Overflow, reason: ledger.Overflow}, estimateKey.clone, map[estimateKey]*estimateSum{},
	}}
}

func (e *estimates) add(call *ledger.Call) {
	if call.Estimated == "" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	sum := e.sums.add(estimateKey{call.Provider, call.Model, call.Estimated})
	sum.calls += call.NumCalls()
	sum.cost.Add(call.Cost)
}

// remove takes a call out that was added.
func (e *estimates) remove(call *ledger.Call) {
	if call.Estimated == "" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	key, sum := e.sums.find(estimateKey{call.Provider, call.Model, call.Estimated})
	if sum == nil {
		return // it was counted before the last start
	}
	sum.calls -= call.NumCalls()
	sum.cost.Subtract(money.SumOf(call.Cost))
	if sum.calls <= 0 {
		delete(e.sums.values, key)
	}
}

// Estimates lists what costs that are estimates, or missing, depend on, the largest sum first.
func (g *Gaps) Estimates() []dashboard.Estimate {
	e := &g.estimates
	e.mu.Lock()
	var out []dashboard.Estimate
	for key, sum := range e.sums.values {
		out = append(out, dashboard.Estimate{Provider: key.provider, Model: key.model, Reason: key.reason, Calls: sum.calls, Dollars: sum.cost.Dollars()})
	}
	e.mu.Unlock()
	slices.SortFunc(out, func(a, b dashboard.Estimate) int {
		return cmp.Or(cmp.Compare(b.Dollars, a.Dollars), cmp.Compare(b.Calls, a.Calls),
			cmp.Compare(a.Model, b.Model), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
