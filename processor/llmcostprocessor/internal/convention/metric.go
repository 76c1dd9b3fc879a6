// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// MetricSource is a metric, or a family of them, that adds up the tokens of calls.
// It is an addition to the table of spans and events: who has these has the calls
// themselves, and they would count twice.
type MetricSource struct {
	// Name is that of the metric, or what the names of the family begin with.
	Name       string
	convention string
	// metrics are the metrics of a family, and what each counts. Without, the metric
	// is Name itself, and the value of typeKey is what a point counts.
	metrics  map[string]field
	typeKey  string
	types    map[string]field
	model    []string
	provider []string
	// maker is the provider where no key has it.
	maker    string
	counting counting
	// calls is the count whose points count the calls, in a histogram.
	calls field
	// tokenMetric is the metric whose typeKey distinguishes tokens, where it is not
	// Name itself; callMetric counts calls, by their status.
	tokenMetric, callMetric string
}

// statusKey is how the calls of a callMetric ended.
const statusKey = "status"

// modalityKey divides the points of a family of metrics further: each is part of
// the count of its metric.
const modalityKey = "gen_ai.token.modality"

// inferenceUsage are the metrics of the conventions since 2026-09. What was read
// from a cache, written to one, or used for reasoning is a part of the input and
// the output.
func inferenceUsage(prefix string) map[string]field {
	return map[string]field{
		prefix + ".input_tokens":             input,
		prefix + ".output_tokens":            output,
		prefix + ".cache_read.input_tokens":  cacheRead,
		prefix + ".cache_write.input_tokens": cacheWrite,
		prefix + ".reasoning.output_tokens":  reasoning,
	}
}

var (
	genAIModel    = []string{"gen_ai.response.model", "gen_ai.request.model"}
	genAIProvider = []string{"gen_ai.provider.name", "gen_ai.system"}
)

// MetricSources are all there are.
var MetricSources = []MetricSource{
	{
		Name: "gen_ai.client.token.usage", convention: "otel", typeKey: "gen_ai.token.type",
		types: map[string]field{"input": input, "output": output, "completion": output},
		model: genAIModel, provider: genAIProvider, calls: input,
	},
	{
		Name: "gen_ai.client.inference.usage", convention: "otel",
		metrics: inferenceUsage("gen_ai.client.inference.usage"),
		model:   genAIModel, provider: genAIProvider, calls: input,
	},
	{
		// Those of a revision of the conventions that had both: the same tokens.
		Name: "gen_ai.client.inference.usage.detailed", convention: "otel",
		metrics: inferenceUsage("gen_ai.client.inference.usage.detailed"),
		model:   genAIModel, provider: genAIProvider, calls: input,
	},
	{
		Name: "claude_code.token.usage", convention: "claude-code", typeKey: "type",
		types: map[string]field{"input": input, "output": output, "cacheRead": cacheRead, "cacheCreation": cacheWrite},
		model: []string{"model"}, maker: price.Anthropic, counting: counting{cached: exclusive},
	},
	{
		Name: "gemini_cli.token.usage", convention: "gemini-cli", typeKey: "type",
		types: map[string]field{"input": input, "output": output, "thought": thoughts, "cache": cacheRead, "tool": toolPrompt},
		model: []string{"model"},
	},
	{
		// The Arc guide's MetricsCollector, scraped and renamed by
		// config/sources/metrics-collector.yaml: arc_llm_… are the names of what is
		// counted here.
		Name: ArcApp, convention: "arc", tokenMetric: ArcApp + "_tokens_total", typeKey: "type", callMetric: ArcApp + "_calls_total",
		types: map[string]field{"prompt": input, "completion": output},
		model: []string{"model"},
	},
}

// ArcApp is the source of applications that count their calls by themselves.
const ArcApp = "arc_app_llm"

// MetricSourceOf returns the source of that name, or nil.
func MetricSourceOf(name string) *MetricSource {
	i := slices.IndexFunc(MetricSources, func(s MetricSource) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &MetricSources[i]
}

// Metrics returns the names of its metrics.
func (s *MetricSource) Metrics() []string {
	switch {
	case s.callMetric != "":
		return []string{s.callMetric, s.tokenMetric}
	case s.metrics == nil:
		return []string{s.Name}
	}
	var names []string
	for name := range s.metrics {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Group removes from attributes of a point what distinguishes kinds of tokens: points
// that are then the same are of the same calls.
func (s *MetricSource) Group(attributes pcommon.Map) {
	switch {
	case s.metrics != nil:
		attributes.Remove(modalityKey)
		return
	case s.callMetric != "":
		if status, ok := attributes.Get(statusKey); ok && statusNamed(status.AsString()) == Success {
			attributes.Remove(statusKey) // tokens are counted without it
		}
	}
	attributes.Remove(s.typeKey)
}

// Usage adds up points of the same calls.
type Usage struct {
	source *MetricSource
	counts tally
	// Calls is how many, as far as the points have it.
	Calls int64
}

// Usage begins to add up.
func (s *MetricSource) Usage() Usage { return Usage{source: s} }

// Add adds a point of a metric: its attributes, its tokens, and how many were
// recorded, 0 when it does not have that. It is false for a kind that is not known,
// and for what is negative.
func (u *Usage) Add(metric string, attributes pcommon.Map, tokens, recorded int64) bool {
	if metric == u.source.callMetric {
		u.Calls += tokens
		return tokens >= 0
	}
	at, known := u.source.fieldOf(metric, attributes)
	if !known || tokens < 0 || recorded < 0 {
		return false
	}
	u.add(at, tokens)
	if part, ok := modalityOf(at, attributes); ok {
		u.add(part, tokens)
	}
	if at == u.source.calls {
		u.Calls += recorded
	}
	return true
}

func (u *Usage) add(f field, tokens int64) { u.counts.set(f, u.counts.n[f]+tokens) }

func (s *MetricSource) fieldOf(metric string, attributes pcommon.Map) (field, bool) {
	if s.metrics != nil {
		f, known := s.metrics[metric]
		return f, known
	}
	kind, _ := attributes.Get(s.typeKey)
	f, known := s.types[kind.AsString()]
	return f, known
}

// modalityOf is the kind of those tokens of a metric that are not text.
func modalityOf(f field, attributes pcommon.Map) (field, bool) {
	value, ok := attributes.Get(modalityKey)
	if !ok {
		return 0, false
	}
	kinds := map[string]map[field]usage.Kind{
		"audio": {input: usage.AudioInput, cacheRead: usage.CachedAudio, output: usage.AudioOutput},
		"image": {input: usage.ImageInput, cacheRead: usage.CachedImage, output: usage.ImageOutput},
		"video": {input: usage.VideoInput, output: usage.VideoOutput},
	}
	k, ok := kinds[value.AsString()][f]
	return kind(k), ok
}

// Empty reports whether nothing was added.
func (u *Usage) Empty() bool { return u.counts.nothing() && u.Calls == 0 }

// Call is what the points have of the calls, as one; the string is the reason when
// the outcome is Invalid.
func (u *Usage) Call(attributes pcommon.Map) (Call, Outcome, string) {
	call := Call{Convention: u.source.convention, Status: Success, HasUsage: true, Provider: firstText(attributes, u.source.provider), Model: firstText(attributes, u.source.model)}
	switch {
	case call.Model == "":
		return call, Invalid, ReasonEmptyModel
	case len(call.Model) > MaxModelLength:
		call.Model, call.Problem = truncate(call.Model), ReasonModelTooLong
	}
	if call.Provider == "" {
		call.Provider = u.source.maker
	}
	call.ServiceTier = firstText(attributes, []string{"openai.response.service_tier", "gen_ai.response.service_tier"})
	call.Tier = price.TierOf(call.ServiceTier)
	if u.source.callMetric != "" {
		call.Status, call.HasUsage = statusNamed(firstText(attributes, []string{statusKey})), !u.counts.nothing()
	}
	call.Stated = u.counts.stated()
	call.Totals = Totals{Input: u.counts.n[input], Output: u.counts.n[output]}
	u.counts.decide(evidence{counting: u.source.counting, rule: ByConvention}, &call)
	return call, IsCall, ""
}

// statusNamed is the status that the label of a count of calls has.
func statusNamed(text string) Status {
	switch {
	case isTimeout(text):
		return Timeout
	case text == "error":
		return Error
	default:
		return Success
	}
}

func firstText(attributes pcommon.Map, keys []string) string {
	for _, key := range keys {
		if value, ok := attributes.Get(key); ok && value.Type() == pcommon.ValueTypeStr && value.Str() != "" {
			return value.Str()
		}
	}
	return ""
}
