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
	limit int

	mu   sync.Mutex
	sums map[estimateKey]*estimateSum
}

type estimateKey struct{ provider, model, reason string }

// overflowEstimates is the key of what is beyond the limit.
var overflowEstimates = estimateKey{model: ledger.Overflow, reason: ledger.Overflow}

type estimateSum struct {
	calls int64
	cost  money.Sum
}

func newEstimates(limit int) estimates {
	return estimates{limit: limit, sums: map[estimateKey]*estimateSum{}}
}

func (e *estimates) add(call *ledger.Call) {
	if call.Estimated == "" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	key := estimateKey{call.Provider, call.Model, call.Estimated}
	sum := e.sums[key]
	if sum == nil && len(e.sums) >= e.limit {
		key = overflowEstimates
		sum = e.sums[key]
	}
	if sum == nil {
		sum = &estimateSum{}
		e.sums[estimateKey{strings.Clone(key.provider), strings.Clone(key.model), strings.Clone(key.reason)}] = sum
	}
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
	key := estimateKey{call.Provider, call.Model, call.Estimated}
	sum := e.sums[key]
	if sum == nil {
		key = overflowEstimates
		if sum = e.sums[key]; sum == nil {
			return // it was counted before the last start
		}
	}
	sum.calls -= call.NumCalls()
	sum.cost.Subtract(money.SumOf(call.Cost))
	if sum.calls <= 0 {
		delete(e.sums, key)
	}
}

// Estimates lists what costs that are estimates, or missing, depend on, the largest sum first.
func (g *Gaps) Estimates() []dashboard.Estimate {
	e := &g.estimates
	e.mu.Lock()
	var out []dashboard.Estimate
	for key, sum := range e.sums {
		out = append(out, dashboard.Estimate{Provider: key.provider, Model: key.model, Reason: key.reason, Calls: sum.calls, Dollars: sum.cost.Dollars()})
	}
	e.mu.Unlock()
	slices.SortFunc(out, func(a, b dashboard.Estimate) int {
		return cmp.Or(cmp.Compare(b.Dollars, a.Dollars), cmp.Compare(b.Calls, a.Calls),
			cmp.Compare(a.Model, b.Model), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
