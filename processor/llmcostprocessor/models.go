// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// models finds the models of a batch in the price table.
type models struct{ table *price.Table }

// find is never nil.
func (m *models) find(s *sighting) *price.Match {
	return m.table.Resolve(price.Query{
		Provider:     s.call.Provider,
		Model:        s.call.Model,
		RequestModel: text(s.attributes, "gen_ai.request.model"),
		Server:       text(s.attributes, "server.address"),
		Region:       regionOf(s),
	})
}

// regionOf is where the model ran, as far as telemetry says: the region of the call,
// or that of the application for Bedrock, which is called in its own region.
func regionOf(s *sighting) string {
	if region := text(s.attributes, "cloud.region"); region != "" {
		return region
	}
	if id, _ := price.SellerOf(s.call.Provider); id == price.Bedrock {
		return text(s.resource, "cloud.region")
	}
	return ""
}

// text is an attribute that is a text, or empty.
func text(attributes pcommon.Map, key string) string {
	if value, ok := attributes.Get(key); ok && value.Type() == pcommon.ValueTypeStr {
		return value.Str()
	}
	return ""
}

func (m *models) forget() { *m = models{} }
