// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
)

// What is written on a span or record. The cost is in US dollars.
const (
	attrCost     = "gen_ai.usage.cost"
	attrStatus   = "arc.llm.cost.status"
	attrReason   = "arc.llm.cost.reason"
	attrReported = "arc.llm.cost.reported"
)

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
