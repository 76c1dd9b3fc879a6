// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import "github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"

// models finds the models of a batch, which has few: comparing the name with the
// one that is likely is cheaper than the table's look-up.
type models struct {
	table *price.Table
	last  [64]struct {
		provider, name string
		model          *price.Model // nil: there is none
	}
}

func (m *models) find(provider, name string) (*price.Model, bool) {
	n := len(name) // at least one
	h := uint(n)
	for _, at := range [...]int{n - 1, n / 2, n / 4} {
		h = h*31 + uint(name[at])
	}
	last := &m.last[(h^h>>6)%uint(len(m.last))]
	if last.name != name || last.provider != provider {
		last.provider, last.name = provider, name
		last.model, _ = m.table.Find(provider, name)
	}
	return last.model, last.model != nil
}

// forget drops the names, which are parts of the telemetry.
func (m *models) forget() { *m = models{} }
