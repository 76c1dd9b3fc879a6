// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// findModel finds the model of a call in a price table. It is never nil.
func findModel(table *price.Table, d *detectedCall) *price.Match {
	return table.Resolve(price.Query{
		Provider:     d.call.Provider,
		Model:        d.call.Model,
		RequestModel: text(d.attributes, "gen_ai.request.model"),
		Server:       text(d.attributes, "server.address"),
		Region:       regionOf(d),
	})
}

// regionOf is where the model ran, as far as telemetry says: the region of the call,
// or that of the application for Bedrock, which is called in its own region.
func regionOf(d *detectedCall) string {
	if region := text(d.attributes, "cloud.region"); region != "" {
		return region
	}
	if id, _ := price.SellerOf(d.call.Provider); id == price.Bedrock {
		return text(d.source.attributes, "cloud.region")
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
