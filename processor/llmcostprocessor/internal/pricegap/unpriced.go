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

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// unpriced remembers the models that have no price, as they are written.
type unpriced struct {
	limit int

	mu     sync.Mutex
	models map[namedModel]*dashboard.UnpricedModel
}

type namedModel struct{ provider, model string }

func newUnpriced(limit int) unpriced {
	return unpriced{limit: limit, models: map[namedModel]*dashboard.UnpricedModel{}}
}

// add adds a call, if its model has no price.
func (u *unpriced) add(call *ledger.Call) {
	if !call.NoPrice {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	name := namedModel{call.Provider, call.Model}
	m, ok := u.models[name]
	if !ok {
		if len(u.models) >= u.limit {
			name = namedModel{"", ledger.Overflow}
			m = u.models[name]
		}
		if m == nil {
			name = namedModel{strings.Clone(name.provider), strings.Clone(name.model)}
			m = &dashboard.UnpricedModel{Provider: name.provider, Model: name.model}
			u.models[name] = m
		}
	}
	m.Calls++
	addTokens(&m.Tokens, &call.Usage, 1)
	if at := call.Ended(); at.After(m.LastSeen) {
		m.LastSeen = at
	}
}

// remove takes a call out that was added.
func (u *unpriced) remove(call *ledger.Call) {
	if !call.NoPrice {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	name := namedModel{call.Provider, call.Model}
	m, ok := u.models[name]
	if !ok {
		name = namedModel{"", ledger.Overflow}
		if m, ok = u.models[name]; !ok {
			return // it was counted before the last start
		}
	}
	m.Calls--
	addTokens(&m.Tokens, &call.Usage, -1)
	if m.Calls <= 0 {
		delete(u.models, name)
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
	out := make([]dashboard.UnpricedModel, 0, len(u.models))
	for _, m := range u.models {
		out = append(out, *m)
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
