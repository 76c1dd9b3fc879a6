// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// decideReading decides between readings that depend on what they cost by a model, nil for
// one that has no prices. The usage of the call can be compared after it.
func (b *batch) decideReading(d *detectedCall, model *price.Model) {
	if d.call.Problem != "" {
		b.outcomes.add(d.call.Convention, d.call.Problem)
	}
	if !d.call.Undecided() {
		return
	}
	d.call.Decide(func(amounts *usage.Amounts) (money.Pico, bool) {
		if model == nil {
			return 0, false
		}
		return model.Cost(amounts, d.call.Tier, d.at)
	})
}
