// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// pricedTexts is what follows from the texts that calls have in common.
type pricedTexts struct {
	table *price.Table
	match *price.Match
	name  modelName
}

// modelName is what records are compared by of the name of a model.
type modelName struct {
	hash   uint32
	varies bool // see identity.Varies
}

func newModelName(name string) modelName {
	name = strings.ToLower(name)
	return modelName{max(uint32(identity.Hash(name)), 1), strings.Contains(name, "claude")}
}

// findModel finds the model of a call by which it is priced. Calls that have their texts in common
// have the same, unless their resource names a region, or the texts are not enough to find one.
func (b *batch) findModel(d *detectedCall) *price.Match {
	texts := b.reader.Texts()
	if texts == nil || d.source.region != "" || d.call.Region != "" {
		return findModel(b.prices, d)
	}
	if known, ok := texts.Derived.(*pricedTexts); ok && known.table == b.prices {
		d.texts = known
		return known.match
	}
	q := queryOf(d)
	match := b.prices.Resolve(q)
	if match.Model == nil {
		return findOtherwise(b.prices, q, match, d)
	}
	name := cmp.Or(match.Model.Name, d.call.Model)
	d.texts = &pricedTexts{b.prices, match, newModelName(name)}
	texts.Derived = d.texts
	return match
}

func queryOf(d *detectedCall) price.Query {
	return price.Query{
		Provider:     d.call.Provider,
		Model:        d.call.Model,
		RequestModel: d.call.RequestModel,
		Server:       text(d.attributes, "server.address"),
		Region:       regionOf(d),
	}
}

// findModel finds the model of a call in a price table. It is never nil.
func findModel(table *price.Table, d *detectedCall) *price.Match {
	q := queryOf(d)
	return findOtherwise(table, q, table.Resolve(q), d)
}

// findOtherwise returns what a query has found, or if that is no model, what is found by more
// than its names.
func findOtherwise(table *price.Table, q price.Query, match *price.Match, d *detectedCall) *price.Match {
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
	if region := cmp.Or(d.call.Region, text(d.attributes, "cloud.region")); region != "" {
		return region
	}
	if d.source.region == "" {
		return ""
	}
	if id, _ := price.SellerOf(d.call.Provider); id == price.Bedrock {
		return d.source.region
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
