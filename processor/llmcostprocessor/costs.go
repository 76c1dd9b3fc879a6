// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// called is a provider and a model as calls name them, or as price files do.
type called struct{ provider, model string }

// namer returns the function that names providers and models as price files do, so that calls
// and bills have the same names.
func namer(table *price.Table) func(provider, model string) called {
	names := map[called]called{}
	return func(provider, model string) called {
		of := called{provider, model}
		name, known := names[of]
		if known {
			return name
		}
		name = called{price.CanonicalProvider(provider), model}
		if id, seller := price.SellerOf(provider); seller && id != "" {
			name.provider = id
		}
		if m, found := table.Lookup(provider, model); found && m.Name != "" {
			name = called{m.Provider, m.Name}
		}
		names[of] = name
		return name
	}
}

// Costs implements dashboard.Usage.
func (b usageSource) Costs(from, to time.Time) []dashboard.CostLine {
	type key struct {
		called
		item string
	}
	type sums struct {
		row    ledger.Row
		billed money.Sum
		bill   bool
	}
	table := b.prices.Load()
	name := namer(table)
	lines := map[key]*sums{}
	of := func(k key) *sums {
		if lines[k] == nil {
			lines[k] = &sums{}
		}
		return lines[k]
	}
	counted := map[called]bool{}
	b.ledger.Visit(ledger.HourOf(from), ledger.HourOf(to.Add(-1)), func(_ int64, k *ledger.Key, row *ledger.Row) {
		by := name(k.Provider, k.Model)
		counted[by] = true
		of(key{called: by}).row.Add(row)
	})
	billed := b.billing.bill.Lines(dayOf(from), dayOf(to.Add(day-1)), func(provider, item string) string {
		if m, found := table.Lookup(provider, item); found && m.Name != "" {
			return m.Name
		}
		if counted[called{provider, item}] {
			return item
		}
		return ""
	})
	for i := range billed {
		line := of(key{called{billed[i].Provider, billed[i].Model}, billed[i].Item})
		line.billed.AddSum(billed[i].Billed)
		line.bill = true
	}
	out := make([]dashboard.CostLine, 0, len(lines))
	for k, s := range lines {
		out = append(out, dashboard.CostLine{
			Provider: k.provider, Model: k.model, Item: k.item, Calls: s.row.Count(), Unpriced: s.row.Unpriced,
			Counted: s.row.Cost.Dollars(), Estimated: s.row.Estimates.Cost.Dollars(),
			ReportedCalls: s.row.Compared.Calls, Reported: s.row.Compared.Reported.Dollars(), Computed: s.row.Compared.Computed.Dollars(),
			HasBill: s.bill, Billed: s.billed.Dollars(),
		})
	}
	slices.SortFunc(out, func(x, y dashboard.CostLine) int {
		return cmp.Or(cmp.Compare(max(y.Counted, y.Billed, y.Reported), max(x.Counted, x.Billed, x.Reported)),
			cmp.Compare(x.Provider, y.Provider), cmp.Compare(x.Model, y.Model), cmp.Compare(x.Item, y.Item))
	})
	return out
}
