// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pricegap

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// unpriced remembers the models that have no price, as they are written.
type unpriced struct {
	mu     sync.Mutex
	models bounded[namedModel, unpricedCalls]
}

type namedModel struct{ provider, model string }

func (m namedModel) clone() namedModel {
	return namedModel{strings.Clone(m.provider), strings.Clone(m.model)}
}

type unpricedCalls struct {
	calls    int64
	tokens   dashboard.Tokens
	lastSeen time.Time
}

func newUnpriced(limit int) unpriced {
	return unpriced{models: bounded[namedModel, unpricedCalls]{
		limit, namedModel{model: ledger.Overflow}, namedModel.clone, map[namedModel]*unpricedCalls{},
	}}
}

// add adds a call, if its model has no price.
func (u *unpriced) add(call *ledger.Call) {
	if !call.NoPrice {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	m := u.models.add(namedModel{call.Provider, call.Model})
	m.calls++
	addTokens(&m.tokens, &call.Usage, 1)
	if at := call.Ended(); at.After(m.lastSeen) {
		m.lastSeen = at
	}
}

// remove takes a call out that was added.
func (u *unpriced) remove(call *ledger.Call) {
	if !call.NoPrice {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	name, m := u.models.find(namedModel{call.Provider, call.Model})
	if m == nil {
		return // it was counted before the last start
	}
	m.calls--
	addTokens(&m.tokens, &call.Usage, -1)
	if m.calls <= 0 {
		delete(u.models.values, name)
	}
}

func addTokens(to *dashboard.Tokens, u *ledger.Usage, times int64) {
	tokens := dashboard.TokensOf(u.Amounts())
	to.Input += times * tokens.Input
	to.Output += times * tokens.Output
	to.CacheRead += times * tokens.CacheRead
	to.CacheWrite += times * tokens.CacheWrite
	to.Reasoning += times * tokens.Reasoning
}

// Unpriced lists the models that were called and have no price, those with most calls first.
func (g *Gaps) Unpriced() []dashboard.UnpricedModel {
	u := &g.unpriced
	u.mu.Lock()
	out := make([]dashboard.UnpricedModel, 0, len(u.models.values))
	for name, m := range u.models.values {
		out = append(out, dashboard.UnpricedModel{Provider: name.provider, Model: name.model, Calls: m.calls, Tokens: m.tokens, LastSeen: m.lastSeen})
	}
	u.mu.Unlock()
	slices.SortFunc(out, func(x, y dashboard.UnpricedModel) int {
		return cmp.Or(cmp.Compare(y.Calls, x.Calls), cmp.Compare(x.Model, y.Model), cmp.Compare(x.Provider, y.Provider))
	})
	for i := range out {
		out[i].Entry = priceEntry(out[i].Provider, out[i].Model)
	}
	return out
}

// priceEntry is what to add to the models of a price file. The prices are left
// out, and a file without them is rejected, so that no call is free by accident.
func priceEntry(provider, model string) string {
	var entry strings.Builder
	fmt.Fprintf(&entry, "  - name: %s\n", strconv.Quote(model))
	if provider != "" {
		fmt.Fprintf(&entry, "    provider: %s\n", strconv.Quote(provider))
	}
	entry.WriteString("    prices:\n      - {input: \"\", output: \"\"} # dollars per million tokens\n")
	return entry.String()
}
