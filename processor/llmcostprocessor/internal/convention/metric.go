// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// MetricSource is a metric that adds up the tokens of calls. It is an addition to
// the table of spans and events: who has these has the calls themselves, and
// they would count twice.
type MetricSource struct {
	// Name is that of the metric.
	Name       string
	convention string
	typeKey    string
	types      map[string]field
	model      []string
	provider   []string
	// maker is the provider where no key says.
	maker  string
	cached cached
	// calls is the type whose points count the calls, in a histogram.
	calls field
}

// MetricSources are all there are.
var MetricSources = []MetricSource{
	{
		Name: "gen_ai.client.token.usage", convention: "otel", typeKey: "gen_ai.token.type",
		types: map[string]field{"input": input, "output": output, "completion": output},
		model: []string{"gen_ai.response.model", "gen_ai.request.model"}, provider: []string{"gen_ai.provider.name", "gen_ai.system"},
		cached: inside, calls: input,
	},
	{
		// What is read from and written to caches is beside the input.
		Name: "claude_code.token.usage", convention: "claude-code", typeKey: "type",
		types: map[string]field{"input": input, "output": output, "cacheRead": cacheRead, "cacheCreation": cacheWrite},
		model: []string{"model"}, maker: price.Anthropic, cached: beside,
	},
	{
		Name: "gemini_cli.token.usage", convention: "gemini-cli", typeKey: "type",
		types: map[string]field{"input": input, "output": output, "thought": thoughts, "cache": cacheRead, "tool": toolPrompt},
		model: []string{"model"}, cached: inside,
	},
}

// MetricSourceOf is the source of that name, or nil.
func MetricSourceOf(name string) *MetricSource {
	i := slices.IndexFunc(MetricSources, func(s MetricSource) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &MetricSources[i]
}

// TypeKey is the attribute that says which tokens a point counts. Points that
// differ in it alone are of the same calls.
func (s *MetricSource) TypeKey() string { return s.typeKey }

// Usage adds up points of the same calls.
type Usage struct {
	source *MetricSource
	counts counts
	// Calls is how many, as far as the points say.
	Calls int64
}

// Usage begins to add up.
func (s *MetricSource) Usage() Usage { return Usage{source: s} }

// Add adds a point: its attribute of TypeKey, its tokens, and how many were
// recorded, 0 when it does not say. It is false for a type that is not known, and
// for what is negative.
func (u *Usage) Add(kind string, tokens, recorded int64) bool {
	at, known := u.source.types[kind]
	if !known || tokens < 0 || recorded < 0 {
		return false
	}
	u.counts[at] += tokens
	if at == u.source.calls {
		u.Calls += recorded
	}
	return true
}

// Empty says that nothing was added.
func (u *Usage) Empty() bool { return u.counts == counts{} && u.Calls == 0 }

// Call is what the points say of the calls, as one; the string is the reason when
// the outcome is Invalid.
func (u *Usage) Call(attributes pcommon.Map) (Call, Outcome, string) {
	call := Call{Convention: u.source.convention, Status: Success, HasUsage: true, Provider: firstText(attributes, u.source.provider), Model: firstText(attributes, u.source.model)}
	switch {
	case call.Model == "":
		return call, Invalid, ReasonEmptyModel
	case len(call.Model) > MaxModelLength:
		return call, Invalid, ReasonModelTooLong
	}
	if call.Provider == "" {
		call.Provider = u.source.maker
	}
	call.Rule = u.counts.split(&call.Usage, u.source.cached, call.Provider)
	return call, IsCall, ""
}

func firstText(attributes pcommon.Map, keys []string) string {
	for _, key := range keys {
		if value, ok := attributes.Get(key); ok && value.Type() == pcommon.ValueTypeStr && value.Str() != "" {
			return value.Str()
		}
	}
	return ""
}
