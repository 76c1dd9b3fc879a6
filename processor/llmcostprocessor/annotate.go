// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
)

// What is written on a span or record. The cost is in US dollars.
const (
	attrCost     = "gen_ai.usage.cost"
	attrStatus   = "arc.llm.cost.status"
	attrReason   = "arc.llm.cost.reason"
	attrReported = "arc.llm.cost.reported"
)

// disownCost keeps a cost that is on a span that is not a call under the name of
// costs that are reported: gen_ai.usage.cost is ours, and added up downstream. It
// reports whether there was one.
func disownCost(attributes pcommon.Map) bool {
	reported, ok := attributes.Get(attrCost)
	if !ok {
		return false
	}
	if _, has := attributes.Get(attrReported); !has {
		kept := pcommon.NewValueEmpty()
		reported.CopyTo(kept)
		kept.MoveTo(attributes.PutEmpty(attrReported))
	}
	attributes.Remove(attrCost)
	return true
}

// annotate writes on the records what their calls cost: once for each call, so that
// costs can be added up downstream.
func (b *batch) annotate(outcomes []identity.Outcome) {
	for i := range b.calls {
		d := &b.calls[i]
		if outcomes[i].Marks {
			write(d, &d.charge)
		} else {
			write(d, &charge{outcome: outcomeWrapper})
		}
	}
}
