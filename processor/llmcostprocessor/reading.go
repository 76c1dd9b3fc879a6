// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// decideReadings decides the readings that depend on what they cost. The usage of
// calls can be compared after it.
func (b *batch) decideReadings() {
	for i := range b.calls {
		s := &b.calls[i]
		if s.call.Problem != "" {
			b.outcomes.add(s.call.Convention, s.call.Problem)
		}
		if !s.call.Undecided() {
			continue
		}
		model := findModel(b.prices, s).Model
		at, _ := clampTime(s.end, b.at)
		s.call.Decide(func(amounts *usage.Amounts) (money.Pico, bool) {
			if model == nil {
				return 0, false
			}
			return model.Cost(amounts, s.call.Tier, at)
		})
	}
}
