// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"cmp"
	"maps"
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
	// Name itself; callMetric counts calls, by how they ended: as a counter, or as a
	// histogram that records something of each.
	tokenMetric, callMetric string
	statusKey               string // how the calls ended; "" where nothing has it
	speedKey                string // of what was served faster than usual; "" where nothing has it
	// of are the operations whose calls it counts, by its rank among the sources that
	// count the same ones: of those that one scope sends, the first counts.
	of map[MetricOperation]rank
}

// MetricOperation is what kind of operation a metric is of, as far as the metrics of the
// conventions differ by it.
type MetricOperation uint8

const (
	inference MetricOperation = iota
	embedding
	// MetricOperations is how many there are.
	MetricOperations
)

type rank uint8

// ignored is a kind of a point that repeats what others count.
const ignored = counts

// modalityKey divides the points of a family of metrics further: each is part of
// the count of its metric.
const modalityKey = "gen_ai.token.modality"

const (
	operationKey = "gen_ai.operation.name"
	errorTypeKey = "error.type"
)

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

// inferenceOperation are histograms of which each inference records one value, be it 0 where
// it failed. They count the calls, which the counters of usage do not.
const (
	inferenceOperation      = "gen_ai.client.inference.operation"
	inferenceOperationInput = inferenceOperation + ".input_tokens"
)

// tierKeys are those of spans.
var tierKeys = func() []string {
	i := slices.IndexFunc(genAI, func(r row) bool { return r.field == tier })
	return genAI[i].keys
}()

var (
	genAIModel    = []string{"gen_ai.response.model", "gen_ai.request.model"}
	genAIProvider = []string{"gen_ai.provider.name", "gen_ai.system"}
)

// genAITokenTypes are those of the conventions, and in addition those of Envoy's AI gateway
// (cached_input, cache_creation_input, reasoning) and Spring AI (total).
var genAITokenTypes = map[string]field{
	"input": input, "prompt": input, "output": output, "completion": output, "total": ignored,
	"cached_input": cacheRead, "cache_read": cacheRead, "cache_read_input": cacheRead, "cached": cacheRead,
	"cache_creation_input": cacheWrite, "cache_creation": cacheWrite, "cache_write": cacheWrite, "cache_write_input": cacheWrite,
	"reasoning": reasoning, "reasoning_output": reasoning,
}

// geminiCLITokenTypes count what was thought in addition to the output.
var geminiCLITokenTypes = map[string]field{"input": input, "output": output, "thought": thoughts, "cache": cacheRead, "tool": toolPrompt}

// MetricSources are all there are.
var MetricSources = []MetricSource{
	{
		Name: "gen_ai.client.token.usage", convention: "otel", typeKey: "gen_ai.token.type", types: genAITokenTypes,
		model: genAIModel, provider: genAIProvider, calls: input, statusKey: errorTypeKey,
		of: map[MetricOperation]rank{inference: 3, embedding: 1},
	},
	{
		Name: "gen_ai.client.inference.usage", convention: "otel",
		metrics: inferenceUsage("gen_ai.client.inference.usage"), callMetric: inferenceOperationInput,
		model: genAIModel, provider: genAIProvider, calls: input, statusKey: errorTypeKey,
		of: map[MetricOperation]rank{inference: 0},
	},
	{
		// Those of a revision of the conventions that had both: the same tokens.
		Name: "gen_ai.client.inference.usage.detailed", convention: "otel",
		metrics: inferenceUsage("gen_ai.client.inference.usage.detailed"),
		model:   genAIModel, provider: genAIProvider, calls: input, statusKey: errorTypeKey,
		of: map[MetricOperation]rank{inference: 1},
	},
	{
		Name: inferenceOperation, convention: "otel",
		metrics: map[string]field{inferenceOperationInput: input, inferenceOperation + ".output_tokens": output},
		model:   genAIModel, provider: genAIProvider, calls: input, statusKey: errorTypeKey,
		of: map[MetricOperation]rank{inference: 2},
	},
	{
		// Since 2026-11 the embeddings have metrics of their own.
		Name: "gen_ai.client.embeddings.operation", convention: "otel",
		metrics: map[string]field{"gen_ai.client.embeddings.operation.input_tokens": input},
		model:   genAIModel, provider: genAIProvider, calls: input, statusKey: errorTypeKey,
		of: map[MetricOperation]rank{embedding: 0},
	},
	{
		Name: "claude_code.token.usage", convention: "claude-code", typeKey: "type",
		types: map[string]field{"input": input, "output": output, "cacheRead": cacheRead, "cacheCreation": cacheWrite},
		model: []string{"model"}, maker: price.Anthropic, speedKey: "speed", counting: counting{cached: exclusive},
	},
	{
		Name: "gemini_cli.token.usage", convention: "gemini-cli", typeKey: "type", types: geminiCLITokenTypes, model: []string{"model"},
	},
	{
		Name: "qwen-code.token.usage", convention: "gemini-cli", typeKey: "type", types: geminiCLITokenTypes, model: []string{"model"},
	},
	{
		// It records each turn, which has several calls.
		Name: "codex.turn.token_usage", convention: "codex", typeKey: "token_type",
		types: map[string]field{
			"input": input, "output": output, "cached_input": cacheRead, "cache_write_input": cacheWrite, "reasoning_output": reasoning,
			"non_cached_input": ignored, "total": ignored,
		},
		model: []string{"model"}, calls: ignored,
	},
	{
		// The Arc guide's MetricsCollector, scraped and renamed by
		// config/sources/metrics-collector.yaml: arc_llm_… are the names of what is
		// counted here.
		Name: ArcApp, convention: "arc", tokenMetric: ArcApp + "_tokens_total", typeKey: "type", callMetric: ArcApp + "_calls_total", statusKey: "status",
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
	names := slices.Sorted(maps.Keys(s.metrics))
	switch {
	case s.tokenMetric != "":
		names = append(names, s.tokenMetric)
	case s.metrics == nil:
		names = append(names, s.Name)
	}
	if s.callMetric != "" {
		names = append(names, s.callMetric)
	}
	return names
}

// CountsTokens reports whether a metric has the tokens of the source, and not its calls alone.
func (s *MetricSource) CountsTokens(metric string) bool { return metric != s.callMetric }

// OperationOf is the kind of operation that a point is of.
func OperationOf(point pcommon.Map) MetricOperation {
	if name, ok := point.Get(operationKey); ok && isEmbedding(name.AsString()) {
		return embedding
	}
	return inference
}

// CountsAs reports whether both sources count the calls of an operation, which then are the same
// where one scope sends both.
func (s *MetricSource) CountsAs(other *MetricSource, of MetricOperation) bool {
	_, counts := s.of[of]
	_, also := other.of[of]
	return counts && also
}

// Precedes reports whether of two sources that count the same calls this one is to count.
func (s *MetricSource) Precedes(other *MetricSource, of MetricOperation) bool {
	return s.of[of] < other.of[of]
}

func isEmbedding(operation string) bool { return operation == "embeddings" || operation == "embedding" }

// Group removes from attributes of a point what distinguishes kinds of tokens: points
// that are then the same are of the same calls.
func (s *MetricSource) Group(attributes pcommon.Map) {
	if s.metrics != nil {
		attributes.Remove(modalityKey)
		return
	}
	if status, ok := attributes.Get(s.statusKey); ok && s.callMetric != "" && s.statusOf(status.AsString()) == Success {
		attributes.Remove(s.statusKey) // tokens are counted without it
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
		calls := tokens
		if u.source.metrics != nil {
			calls = recorded // of a histogram
		}
		u.Calls += max(calls, 0)
		return calls >= 0
	}
	at, known := u.source.fieldOf(metric, attributes)
	if !known || tokens < 0 || recorded < 0 {
		return false
	}
	if at == ignored {
		return true
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
	kind, ok := attributes.Get(s.typeKey)
	if !ok {
		return 0, false // a view has dropped it
	}
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
	call.RequestModel = firstText(attributes, []string{"gen_ai.request.model"})
	call.ServiceTier = cmp.Or(firstText(attributes, []string{u.source.speedKey}), firstText(attributes, tierKeys))
	call.Tier = price.TierOf(call.ServiceTier)
	call.Status = u.source.statusOf(firstText(attributes, []string{u.source.statusKey}))
	call.HasUsage = !u.counts.nothing() // 0 tokens of calls that ended well are not known
	call.Stated = u.counts.stated()
	call.Totals = Totals{Input: u.counts.n[input], Output: u.counts.n[output]}
	u.counts.decide(evidence{counting: u.source.counting, rule: ByConvention}, &call)
	return call, IsCall, ""
}

// statusOf is the status of calls by the value of the statusKey: an error.type, which those
// that ended well do not have, or the word of the Arc guide.
func (s *MetricSource) statusOf(text string) Status {
	switch {
	case text == "":
		return Success
	case isTimeout(text):
		return Timeout
	case s.statusKey == errorTypeKey || text == "error":
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
