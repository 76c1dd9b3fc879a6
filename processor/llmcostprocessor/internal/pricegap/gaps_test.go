// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pricegap

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

func unpricedCall(model string) *ledger.Call {
	call := &ledger.Call{Provider: "acme", Model: model, NoPrice: true, Unpriced: true}
	call.Usage[usage.Input], call.Usage[usage.Output] = 10, 2
	return call
}

func TestUnpriced(t *testing.T) {
	g := New(2)
	g.Add(&ledger.Call{Model: "priced"})
	for _, model := range []string{"a", "b", "b", "c", "d"} {
		g.Add(unpricedCall(model))
	}
	models := func() (names []string) {
		for _, m := range g.Unpriced() {
			names = append(names, m.Model)
		}
		return names
	}
	assert.Equal(t, []string{"b", ledger.Overflow, "a"}, models(), "by calls, then by name; c and d are beyond the limit")
	assert.Equal(t, dashboard.Tokens{Input: 20, Output: 4}, g.Unpriced()[0].Tokens)
	assert.Contains(t, g.Unpriced()[0].Entry, "name: \"b\"\n    provider: \"acme\"")

	for _, model := range []string{"a", "c", "d"} {
		g.Remove(unpricedCall(model))
	}
	assert.Equal(t, []string{"b"}, models())
	g.Remove(unpricedCall("of before the start"))
	assert.Equal(t, []string{"b"}, models())
}

func TestEstimates(t *testing.T) {
	g := New(1)
	flex := &ledger.Call{Provider: "openai", Model: "gpt-4o", Estimated: "tier: flex", Cost: 3e12}
	g.Add(flex)
	g.Add(&ledger.Call{Model: "exact", Cost: 7e12})
	g.Add(&ledger.Call{Provider: "openai", Model: "gpt-4.1", Estimated: "tier: flex", Cost: 5e12})
	overflow := dashboard.Estimate{Model: ledger.Overflow, Reason: ledger.Overflow, Calls: 1, Dollars: 5}
	assert.Equal(t, []dashboard.Estimate{
		overflow,
		{Provider: "openai", Model: "gpt-4o", Reason: "tier: flex", Calls: 1, Dollars: 3},
	}, g.Estimates(), "the largest first")
	g.Remove(flex)
	assert.Equal(t, []dashboard.Estimate{overflow}, g.Estimates())
}
