// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// What is written on a span or record. The cost is in US dollars.
const (
	attrCost     = "gen_ai.usage.cost"
	attrStatus   = "arc.llm.cost.status"
	attrReported = "arc.llm.cost.reported"

	statusUnpriced = "unpriced"
)

// annotate writes on the records what their calls cost: once for each call, so that
// costs can be added up downstream.
func (b *batch) annotate(outcomes []identity.Outcome) {
	for i := range b.calls {
		d := &b.calls[i]
		if outcomes[i].Marks {
			write(d, d.quote.cost, d.quote.outcome)
		} else {
			write(d, 0, outcomeWrapper)
		}
	}
}

// write puts the cost on the span or record, and moves what the application
// reported, so that the cost that is there is the one that was counted. Each
// attribute costs the Collector some 100 ns, so a priced call gets the cost alone,
// and none where the same is there already.
func write(d *detectedCall, cost money.Pico, outcome string) {
	written, had := pcommon.Value{}, false
	if d.call.HasReported || outcome != outcomePriced {
		written, had = d.attributes.Get(attrCost)
	}
	if outcome == outcomePriced && had && written.Type() == pcommon.ValueTypeDouble && written.Double() == cost.Dollars() {
		return
	}
	if d.call.HasReported {
		if _, set := d.attributes.Get(attrReported); !set {
			d.attributes.PutDouble(attrReported, d.call.Reported)
		}
	}
	switch {
	case outcome == outcomePriced:
		d.attributes.PutDouble(attrCost, cost.Dollars())
		return
	case had:
		d.attributes.Remove(attrCost)
	}
	if outcome == outcomeUnpriced {
		d.attributes.PutStr(attrStatus, statusUnpriced)
	}
}
