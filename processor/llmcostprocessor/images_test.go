// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// Images cost by size and quality, which requests report, and count without tokens.
func TestImages(t *testing.T) {
	file := t.TempDir() + "/prices.yaml"
	writeFile(t, file, `
models:
  - {name: draw-1, provider: openai, prices: [{fees: {image/standard/1024x1024: "0.04", image/hd/1024x1792: "0.12"}}]}
`)
	openlit := func(size, quality any) []func(ptrace.Span) {
		return []func(ptrace.Span){put("gen_ai.request.image_size", size), put("gen_ai.request.image_quality", quality)}
	}
	for name, tt := range map[string]struct {
		change []func(ptrace.Span)
		want   map[string]any
		images int64
	}{
		"one, as OpenLIT writes it":   {openlit("1024x1792", "hd"), map[string]any{attrCost: 0.12}, 1},
		"several":                     {append(openlit("1024x1024", "standard"), put("gen_ai.request.choice.count", 3)), map[string]any{attrCost: 0.12}, 3},
		"a size without a price":      {openlit("512x512", "standard"), map[string]any{attrCost: 0.04, attrStatus: "estimated"}, 1},
		"as OpenInference writes it":  {[]func(ptrace.Span){put("llm.invocation_parameters", `{"size": "1024x1792", "quality": "hd", "n": 2}`)}, map[string]any{attrCost: 0.24}, 2},
		"counted by the application":  {append(openlit("1024x1792", "hd"), put("arc.llm.usage.images", 4)), map[string]any{attrCost: 0.48}, 4},
		"a failure makes none":        {append(openlit("1024x1792", "hd"), put("error.type", "500")), map[string]any{attrStatus: "free"}, 0},
		"nothing is known":            {nil, map[string]any{attrStatus: "unpriced"}, 0},
		"parameters of another model": {[]func(ptrace.Span){put("llm.invocation_parameters", `{"temperature": 1}`)}, map[string]any{attrStatus: "unpriced"}, 0},
		"parameters that are no JSON": {[]func(ptrace.Span){put("llm.invocation_parameters", `{"size": `)}, map[string]any{attrStatus: "unpriced"}, 0},
		"a count that cannot be":      {append(openlit("1024x1024", "standard"), put("gen_ai.request.choice.count", 1<<40)), map[string]any{attrCost: 40.0}, 1000},
	} {
		r := newRig(t, testConfig(func(c *Config) { c.Prices.Files = []string{file} }))
		change := append([]func(ptrace.Span){
			put("gen_ai.operation.name", "image_generation"), put("gen_ai.request.model", "draw-1"),
			put("gen_ai.usage.input_tokens", nil), put("gen_ai.usage.output_tokens", nil),
		}, tt.change...)
		assert.Equal(t, tt.want, written(firstSpan(r.price(callSpan(change...))).Attributes()), name)
		assert.Equal(t, tt.images, periodOf(t, r).Amounts[usage.Images], name)
		r.stop()
	}
	// A call with usage of its own does not count as an image.
	r := newRig(t, testConfig(nil))
	assert.Equal(t, map[string]any{attrCost: 0.0075}, written(firstSpan(r.price(callSpan(openlit("1024x1024", "hd")...))).Attributes()))
	assert.Zero(t, periodOf(t, r).Amounts[usage.Images])
}
