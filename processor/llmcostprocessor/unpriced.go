// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// unpricedModels remembers the models that have no price since the start, as they
// are written. Those beyond the limit are counted as one.
type unpricedModels struct {
	limit int

	mu     sync.Mutex
	models map[namedModel]*dashboard.UnpricedModel
}

type namedModel struct{ provider, model string }

func newUnpricedModels(limit int) *unpricedModels {
	return &unpricedModels{limit: limit, models: map[namedModel]*dashboard.UnpricedModel{}}
}

func (u *unpricedModels) add(call *convention.Call, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	name := namedModel{call.Provider, call.Model}
	if len(name.provider) > convention.MaxModelLength {
		name.provider = ""
	}
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
	m.Tokens.Input += call.Usage.Prompt()
	m.Tokens.Output += call.Usage.Completion()
	m.Tokens.CacheRead += call.Usage.CacheReads()
	m.Tokens.CacheWrite += call.Usage.CacheWrites()
	m.Tokens.Reasoning += call.Usage[usage.Reasoning]
	if at.After(m.LastSeen) {
		m.LastSeen = at
	}
}

// list is by calls, most first.
func (u *unpricedModels) list() []dashboard.UnpricedModel {
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
// out, and a file without them is refused: nobody is to be billed nothing by accident.
func priceEntry(provider, model string) string {
	var entry strings.Builder
	fmt.Fprintf(&entry, "  - name: %s\n", strconv.Quote(model))
	if provider != "" {
		fmt.Fprintf(&entry, "    provider: %s\n", strconv.Quote(provider))
	}
	entry.WriteString("    prices:\n      - {input: \"\", output: \"\"} # dollars per million tokens\n")
	return entry.String()
}
