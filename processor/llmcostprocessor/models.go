// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// findModel finds the model of a call in a price table. It is never nil.
func findModel(table *price.Table, d *detectedCall) *price.Match {
	q := price.Query{
		Provider:     d.call.Provider,
		Model:        d.call.Model,
		RequestModel: d.call.RequestModel,
		Server:       text(d.attributes, "server.address"),
		Region:       regionOf(d),
	}
	match := table.Resolve(q)
	if match.Model == nil && !match.Provisioned && q.RequestModel == "" {
		// The name is one that a gateway has made up, and what was asked for may be in the
		// parameters. They are parsed for models without a price alone.
		if requested := convention.RequestedModel(d.attributes); requested != "" && requested != q.Model {
			q.RequestModel = requested
			match = table.Resolve(q)
		}
	}
	if match.Model == nil && !match.Provisioned && namesSystem(d) {
		q.Provider = ""
		return table.Resolve(q)
	}
	return match
}

// namesSystem reports whether only llm.system is known of the provider: in
// OpenInference that is the API that the SDK speaks, which sellers other than its maker
// offer too. A model that only its maker sells is then the maker's.
func namesSystem(d *detectedCall) bool {
	system := text(d.attributes, "llm.system")
	return system != "" && system == d.call.Provider && text(d.attributes, "llm.provider") == ""
}

// regionOf returns where the model ran, as far as telemetry reports it: the region of
// the call, or for Bedrock, which applications call in their own region, theirs.
func regionOf(d *detectedCall) string {
	if region := text(d.attributes, "cloud.region"); region != "" {
		return region
	}
	region := text(d.source.attributes, "cloud.region")
	if region == "" {
		return ""
	}
	if id, _ := price.SellerOf(d.call.Provider); id == price.Bedrock {
		return region
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
