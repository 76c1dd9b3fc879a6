// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// adjustmentsOf are the adjustments of a call, with the places of the dimensions. They
// are applied when the call is counted: dimensions that it does not report itself may
// come later, from the spans around it.
func (c *core) adjustmentsOf(q *charge) []ledger.Adjustment {
	var out []ledger.Adjustment
	for _, a := range q.adjustments {
		each := ledger.Adjustment{Factor: a.Factor}
		for _, condition := range a.Conditions {
			// It is there: a table is checked before it is used.
			each.Conditions = append(each.Conditions, ledger.Condition{Dimension: slices.Index(c.dimensions.names, condition.Dimension), Value: condition.Value})
		}
		out = append(out, each)
	}
	return out
}

// adjust applies the adjustments to the cost that is written on a record, by the
// dimensions that it has itself.
func (v *charge) adjust(counted *ledger.Call, record *identity.Record) {
	if len(counted.Adjustments) == 0 {
		return
	}
	own := *counted
	if record.Values != nil {
		overlay(&own.Dimensions, *record.Values)
	}
	adjusted := own.Adjusted()
	v.cost, v.saved = adjusted.Cost, adjusted.Saved
}
