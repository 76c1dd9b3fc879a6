// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// costs are the attributes of the cost.
func costs(attributes pcommon.Map) map[string]any {
	out := written(attributes)
	for _, key := range []string{attrAmount, attrCurrency, attrSource} {
		if value, ok := attributes.Get(key); ok {
			out[key] = value.AsRaw()
		}
	}
	return out
}

func TestProposedAttributes(t *testing.T) {
	gate := metadata.ProcessorLlmcostProposedCostAttributesFeatureGate
	assert.False(t, gate.IsEnabled(), "off until they are accepted")
	r := newRig(t, testConfig(nil))
	assert.Equal(t, map[string]any{attrCost: 0.0075}, costs(firstSpan(r.price(callSpan())).Attributes()))

	require.NoError(t, featuregate.GlobalRegistry().Set(gate.ID(), true))
	defer func() { require.NoError(t, featuregate.GlobalRegistry().Set(gate.ID(), false)) }()
	unknown := put("gen_ai.request.model", "unknown-1")
	amount := func(n float64, currency, source string) func(ptrace.Span) {
		return func(s ptrace.Span) {
			put(attrAmount, n)(s)
			put(attrCurrency, currency)(s)
			put(attrSource, source)(s)
		}
	}
	ours := map[string]any{attrCost: 0.0075, attrAmount: 0.0075, attrCurrency: "USD", attrSource: "local"}
	passed := r.price(callSpan())
	assert.Equal(t, ours, costs(firstSpan(passed).Attributes()))
	again := ptrace.NewTraces()
	passed.CopyTo(again)
	assert.Equal(t, ours, costs(firstSpan(newRig(t, testConfig(nil)).price(again)).Attributes()), "a second collector")
	for name, tt := range map[string]struct {
		change []func(ptrace.Span)
		want   map[string]any
	}{
		"reported by the provider": {
			[]func(ptrace.Span){amount(0.5, "USD", "provider")},
			map[string]any{attrCost: 0.0075, attrReported: 0.5, attrAmount: 0.5, attrCurrency: "USD", attrSource: "provider"},
		},
		"reported by the provider, without a price": {
			[]func(ptrace.Span){unknown, amount(0.5, "USD", "provider")},
			map[string]any{attrCost: 0.5, attrStatus: "reported", attrReported: 0.5, attrAmount: 0.5, attrCurrency: "USD", attrSource: "provider"},
		},
		"reported under another key, without a price": {
			[]func(ptrace.Span){unknown, put("cost_dollars", 0.5)},
			map[string]any{attrCost: 0.5, attrStatus: "reported", attrReported: 0.5},
		},
		"in another currency": {
			[]func(ptrace.Span){amount(0.5, "EUR", "local")},
			map[string]any{attrCost: 0.0075, attrAmount: 0.5, attrCurrency: "EUR", attrSource: "local"},
		},
		"unpriced": {[]func(ptrace.Span){unknown}, map[string]any{attrStatus: "unpriced"}},
		"written by another collector, without a price here": {
			[]func(ptrace.Span){unknown, put("gen_ai.usage.cost", 0.4), amount(0.4, "USD", "local"), put("gen_ai.usage.input_tokens", nil), put("gen_ai.usage.output_tokens", nil), put("error.type", "x")},
			map[string]any{attrCost: 0.4, attrStatus: "reported", attrReported: 0.4, attrAmount: 0.4, attrCurrency: "USD", attrSource: "local"},
		},
		"written by another collector, free here": {
			[]func(ptrace.Span){put("gen_ai.usage.cost", 0.4), amount(0.4, "USD", "local"), put("litellm.cache_hit", "true")},
			map[string]any{attrStatus: "free"},
		},
	} {
		assert.Equal(t, tt.want, costs(firstSpan(r.price(callSpan(tt.change...))).Attributes()), name)
	}
}
