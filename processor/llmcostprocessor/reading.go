// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// decideReadings decides what of the calls of a batch depends on prices: the model,
// where the response names one that is unknown, and the readings that their cost
// decides. The usage of calls can be compared after it.
func (b *batch) decideReadings() {
	for i := range b.calls {
		s := &b.calls[i]
		if s.call.Problem != "" {
			b.outcomes.add(s.call.Convention, s.call.Problem)
		}
		if s.call.RequestModel == "" && !s.call.Undecided() {
			continue
		}
		model, known := b.models.find(s.call.Provider, s.call.Model)
		if !known && s.call.RequestModel != "" {
			if model, known = b.models.find(s.call.Provider, s.call.RequestModel); known {
				// The response names the deployment of a gateway, say.
				s.call.Model = s.call.RequestModel
			}
		}
		at, _ := clampTime(s.end, b.adds.at)
		s.call.Decide(func(amounts *usage.Amounts) (money.Pico, bool) {
			if !known {
				return 0, false
			}
			return model.Cost(amounts, s.call.Tier, at)
		})
	}
}
