// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// The attributes of the cost that are proposed for the conventions in
// https://github.com/open-telemetry/semantic-conventions-genai/pull/443.
const (
	attrAmount   = "gen_ai.usage.cost.amount"
	attrCurrency = "gen_ai.usage.cost.currency"
	attrSource   = "gen_ai.usage.cost.source"

	// sourceLocal is the source of a cost that the recorder has computed.
	sourceLocal = "local"
)

// writeProposed writes a computed cost under the proposed keys too, while the feature
// gate is on. What the application has written there is passed through, as the proposal
// asks; what an instance of this processor has written follows gen_ai.usage.cost. It is
// called before that is changed.
func writeProposed(attributes pcommon.Map, v *charge, costs bool) {
	if !metadata.ProcessorLlmcostProposedCostAttributesFeatureGate.IsEnabled() {
		return
	}
	if _, reported := attributes.Get(attrAmount); reported && !isOurs(attributes) {
		return
	}
	if v.outcome == outcomeReported {
		return // its source is not known
	}
	if !costs {
		attributes.Remove(attrAmount)
		attributes.Remove(attrCurrency)
		attributes.Remove(attrSource)
		return
	}
	attributes.PutDouble(attrAmount, v.cost.Dollars())
	attributes.PutStr(attrCurrency, "USD")
	attributes.PutStr(attrSource, sourceLocal)
}

// isOurs reports whether this processor has written the amount: it is that of
// gen_ai.usage.cost, in dollars, and computed.
func isOurs(attributes pcommon.Map) bool {
	amount, _ := attributes.Get(attrAmount)
	cost, ok := attributes.Get(attrCost)
	return ok && text(attributes, attrSource) == sourceLocal && text(attributes, attrCurrency) == "USD" &&
		cost.Type() == pcommon.ValueTypeDouble && amount.Type() == pcommon.ValueTypeDouble && amount.Double() == cost.Double()
}
