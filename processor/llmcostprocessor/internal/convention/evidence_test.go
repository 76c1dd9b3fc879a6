// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// readAs reads a span of an instrumentation.
func readAs(t *testing.T, scope string, attrs attributes) Call {
	t.Helper()
	of := pcommon.NewInstrumentationScope()
	of.SetName(scope)
	var r Reader
	var call Call
	outcome, reason := r.Span(of, newSpan(t, attrs), &call)
	require.Equal(t, IsCall, outcome, reason)
	return call
}

// chat is a call in the keys of today, of 1000 input and 300 output tokens.
func chat(provider, model string, more attributes) attributes {
	return with(attributes{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.response.model": model,
		"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 300,
	}, more)
}

// cached are 600 tokens read and 100 written.
var cached = attributes{"gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.cache_creation.input_tokens": 100}

// within and beyond are the two readings of chat with cached.
var (
	within = usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 300}
	beyond = usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 300}
)

func TestCachedTokensByEvidence(t *testing.T) {
	const claude, bedrock = "claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
	for _, tt := range []struct {
		name, scope string
		attrs       attributes
		want        usage.Amounts
		rule        Rule
	}{
		{"the conventions' text", "", chat("anthropic", claude, cached), within, ByConvention},
		{"botocore", "opentelemetry.instrumentation.botocore.bedrock-runtime", chat("aws.bedrock", bedrock, cached), beyond, ByScope},
		{"genai-bedrock", "opentelemetry.instrumentation.genai.bedrock", chat("aws.bedrock", bedrock, cached), beyond, ByScope},
		{"OpenLLMetry for Bedrock, whose total is its own sum", "opentelemetry.instrumentation.bedrock", chat("aws.bedrock", bedrock, with(cached, attributes{"gen_ai.usage.total_tokens": 1300})), beyond, ByScope},
		{"traceloop for Bedrock in Node", "@traceloop/instrumentation-bedrock", chat("aws.bedrock", bedrock, with(cached, attributes{"gen_ai.usage.total_tokens": 1300})), beyond, ByScope},
		{"traceloop for Anthropic in Node, whose total is its own sum", "@traceloop/instrumentation-anthropic", chat("anthropic", claude, with(cached, attributes{"gen_ai.usage.total_tokens": 1300})), beyond, ByScope},
		{"a total that includes them is a proof all the same", "@traceloop/instrumentation-anthropic", chat("anthropic", claude, with(cached, attributes{"gen_ai.usage.total_tokens": 2000})), beyond, ByTotal},
		{"OpenLLMetry for Anthropic in Python", "opentelemetry.instrumentation.anthropic", chat("anthropic", claude, with(cached, attributes{"gen_ai.usage.total_tokens": 1300})), within, ByTotal},
		{"Anthropic's own SDK in Python", "com.anthropic.sdk.python", chat("anthropic", claude, cached), within, ByScope},
		{"Anthropic's own SDK in Node", "com.anthropic.sdk.typescript", chat("anthropic", claude, cached), within, ByScope},
		{"OpenLIT for Anthropic", "openlit.instrumentation.anthropic", chat("anthropic", claude, with(cached, attributes{"gen_ai.sdk.version": "1"})), beyond, ByProvider},
		{"OpenLIT's adapter for the Claude agent SDK", "openlit.instrumentation.claude_agent_sdk", chat("anthropic", claude, with(cached, attributes{"gen_ai.sdk.version": "1"})), within, ByScope},
		{"OpenLIT for OpenAI", "openlit.instrumentation.openai", chat("openai", "gpt-4o", with(cached, attributes{"gen_ai.sdk.version": "1"})), within, ByProvider},
		{"a convention that is wrong", "", chat("anthropic", claude, with(cached, attributes{"gen_ai.usage.total_tokens": 2000})), beyond, ByTotal},
		{"more cached than input tokens", "com.anthropic.sdk.python", chat("anthropic", claude, attributes{"gen_ai.usage.cache_read.input_tokens": 1100}), usage.Amounts{usage.Input: 1000, usage.CacheRead: 1100, usage.Output: 300}, ByArithmetic},
		{
			"Anthropic's own counts in gen_ai.usage.raw, which the input includes", "logfire.anthropic",
			chat("anthropic", claude, attributes{"gen_ai.usage.raw": `{"input_tokens": 300, "output_tokens": 300, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 100}`}), within, ByObject,
		},
		{
			"Anthropic's own counts, which are the input", "somebody's",
			chat("anthropic", claude, attributes{"gen_ai.usage.raw": `{"input_tokens": 1000, "output_tokens": 300, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 100}`}), beyond, ByObject,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := readAs(t, tt.scope, tt.attrs)
			assert.Equal(t, tt.want, call.Usage)
			assert.Equal(t, tt.rule.String(), call.Rule.String())
		})
	}
}

func TestReasoningByEvidence(t *testing.T) {
	part := attributes{"gen_ai.usage.reasoning_tokens": 80}
	inclusive := usage.Amounts{usage.Input: 1000, usage.Output: 220, usage.Reasoning: 80}
	added := usage.Amounts{usage.Input: 1000, usage.Output: 300, usage.Reasoning: 80}
	llm := func(model string, more attributes) attributes {
		return with(attributes{"openinference.span.kind": "LLM", "llm.model_name": model, "llm.token_count.prompt": 1000, "llm.token_count.completion": 300}, more)
	}
	for _, tt := range []struct {
		name, scope string
		attrs       attributes
		want        usage.Amounts
		rule        Rule
	}{
		{"OpenAI", "", chat("openai", "gpt-5", part), inclusive, ByConvention},
		{"Gemini by the conventions", "opentelemetry.instrumentation.google_genai", chat("gcp.gemini", "gemini-2.5-pro", part), inclusive, ByScope},
		{"Gemini by pydantic-ai", "pydantic-ai", chat("google", "gemini-2.5-flash", part), inclusive, ByScope},
		{"Gemini by OpenLIT, fewer thoughts than candidates", "openlit.instrumentation.google_ai_studio", chat("gemini", "gemini-2.5-flash", with(part, attributes{"gen_ai.sdk.version": "1"})), added, ByScope},
		{"Gemini by OpenLIT, on Vertex", "openlit.instrumentation.vertexai", chat("vertex_ai", "gemini-2.5-flash", with(part, attributes{"gen_ai.sdk.version": "1"})), added, ByScope},
		{"Gemini by OpenLLMetry, in the total alone", "opentelemetry.instrumentation.google_generativeai", chat("gcp.gen_ai", "gemini-2.5-flash", attributes{"gen_ai.usage.total_tokens": 1380}), added, ByTotal},
		{"Gemini by OpenLLMetry on Vertex, in the total alone", "opentelemetry.instrumentation.vertexai", chat("gcp.vertex_ai", "gemini-2.5-pro", attributes{"gen_ai.usage.total_tokens": 1380}), added, ByTotal},
		{"Gemini by OpenInference for Vertex, in the total alone", "openinference.instrumentation.vertexai", llm("gemini-2.5-pro", attributes{"llm.token_count.total": 1380}), added, ByTotal},
		{"Gemini by traceloop in Node", "@traceloop/instrumentation-google-generativeai", chat("gcp.gen_ai", "gemini-2.5-flash", with(part, attributes{"gen_ai.usage.total_tokens": 1380})), added, ByTotal},
		{"a total that includes them", "", chat("gcp.gen_ai", "gemini-2.5-flash", with(part, attributes{"gen_ai.usage.total_tokens": 1300})), inclusive, ByTotal},
		{"xAI by the conventions' keys", "", chat("x_ai", "grok-4", part), added, ByProvider},
		{"xAI by OpenInference for OpenAI", "openinference.instrumentation.openai", llm("grok-3-mini", attributes{"llm.token_count.completion_details.reasoning": 80}), added, ByProvider},
		{"xAI in the total alone", "", chat("openai", "x-ai/grok-4", attributes{"gen_ai.usage.total_tokens": 1380}), added, ByTotal},
		{"xAI, whose total includes them", "", chat("xai", "grok-4", with(part, attributes{"gen_ai.usage.total_tokens": 1300})), inclusive, ByTotal},
		{"more reasoning than output", "", chat("unheard", "of", attributes{"gen_ai.usage.reasoning_tokens": 400}), usage.Amounts{usage.Input: 1000, usage.Output: 300, usage.Reasoning: 400}, ByArithmetic},
		{"the total of another model has more: nobody knows what", "", chat("openai", "gpt-5", attributes{"gen_ai.usage.total_tokens": 1380}), usage.Amounts{usage.Input: 1000, usage.Output: 300}, ByNothing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := readAs(t, tt.scope, tt.attrs)
			assert.Equal(t, tt.want, call.Usage)
			assert.Equal(t, tt.rule.String(), call.Rule.String())
		})
	}
}

func TestDetailsElsewhere(t *testing.T) {
	for _, tt := range []struct {
		name  string
		attrs attributes
		want  usage.Amounts
		tier  string
	}{
		{
			"LiteLLM, as Python writes it",
			chat("anthropic", "claude-sonnet-4-5", attributes{"llm.request.type": "completion", "metadata.usage_object": `{'prompt_tokens': 1000, 'completion_tokens': 300, 'note': 'it\'s', 'prompt_tokens_details': {'cached_tokens': 600, 'cache_creation_tokens': 100, 'cache_creation_token_details': {'ephemeral_5m_input_tokens': 60, 'ephemeral_1h_input_tokens': 40}, 'audio_tokens': None}, 'stream': True}`}),
			usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 60, usage.CacheWrite1h: 40, usage.Output: 300},
			"",
		},
		{
			"LiteLLM, as JSON",
			chat("openai", "gpt-5", attributes{"llm.request.type": "aresponses", "metadata.usage_object": `{"input_tokens": 1000, "output_tokens": 300, "total_tokens": 1300, "input_tokens_details": {"cached_tokens": 600}, "output_tokens_details": {"reasoning_tokens": 80}}`}),
			usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80},
			"",
		},
		{
			"LangSmith's usage_metadata",
			chat("anthropic", "claude-sonnet-4-5", attributes{"langsmith.span.kind": "llm", "langsmith.metadata.usage_metadata": `{"input_tokens":1000,"output_tokens":300,"total_tokens":1300,"input_token_details":{"cache_read":600,"cache_creation":100,"ephemeral_1h_input_tokens":40}}`}),
			usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 60, usage.CacheWrite1h: 40, usage.Output: 300},
			"",
		},
		{
			"OpenAI's own counts in gen_ai.usage.raw",
			chat("openai", "gpt-audio", attributes{"gen_ai.usage.raw": `{"prompt_tokens":1000,"completion_tokens":300,"total_tokens":1300,"prompt_tokens_details":{"audio_tokens":500,"cached_tokens":400,"cached_tokens_details":{"audio_tokens":300,"text_tokens":100}},"completion_tokens_details":{"audio_tokens":200},"service_tier":"flex"}`}),
			usage.Amounts{usage.Input: 400, usage.CacheRead: 100, usage.CachedAudio: 300, usage.AudioInput: 200, usage.Output: 100, usage.AudioOutput: 200},
			"flex",
		},
		{
			"AI SDK 5 with Anthropic: writes in the provider's metadata",
			attributes{
				"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages", "ai.response.model": "claude-sonnet-4-5",
				"ai.usage.inputTokens": 1000, "ai.usage.outputTokens": 300, "ai.usage.totalTokens": 1300, "ai.usage.cachedInputTokens": 600,
				"ai.response.providerMetadata": `{"anthropic":{"usage":{"input_tokens":1000,"cache_read_input_tokens":600,"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_1h_input_tokens":40,"ephemeral_5m_input_tokens":60}},"cacheCreationInputTokens":100}}`,
			},
			usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.CacheWrite: 60, usage.CacheWrite1h: 40, usage.Output: 300},
			"",
		},
		{
			"AI SDK 6 with OpenAI: the tier in the provider's metadata",
			attributes{
				"ai.operationId": "ai.streamText.doStream", "ai.model.provider": "openai.responses", "ai.response.model": "gpt-5",
				"ai.usage.inputTokens": 1000, "ai.usage.inputTokenDetails.noCacheTokens": 400, "ai.usage.cachedInputTokens": 600, "ai.usage.outputTokens": 300,
				"ai.response.providerMetadata": `{"openai":{"responseId":"r","serviceTier":"flex"}}`,
			},
			usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 300},
			"flex",
		},
		{
			"Anthropic's SDK: hours in keys of its own",
			chat("anthropic", "claude-sonnet-4-5", with(cached, attributes{"anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 100, "anthropic.response.service_tier": "priority"})),
			usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite1h: 100, usage.Output: 300},
			"priority",
		},
		{
			"MLflow with Anthropic, an hour",
			attributes{"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.llm.model": `"claude-sonnet-4-5"`, "mlflow.chat.tokenUsage": `{"input_tokens": 1000, "output_tokens": 300, "total_tokens": 1300, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 100, "cache_creation_input_tokens_above_1hr": 40}`},
			usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 60, usage.CacheWrite1h: 40, usage.Output: 300},
			"",
		},
		{
			"MLflow with Gemini: thoughts in the total alone",
			attributes{"mlflow.spanType": `"LLM"`, "mlflow.llm.model": `"gemini-2.5-flash"`, "mlflow.chat.tokenUsage": `{"input_tokens": 1000, "output_tokens": 300, "total_tokens": 1380}`},
			usage.Amounts{usage.Input: 1000, usage.Output: 300, usage.Reasoning: 80},
			"",
		},
		{
			"the tier that was requested, in OpenInference's parameters",
			attributes{"openinference.span.kind": "LLM", "llm.model_name": "gpt-5", "llm.token_count.prompt": 1000, "llm.token_count.completion": 300, "llm.invocation_parameters": `{"model": "gpt-5", "service_tier": "flex"}`},
			usage.Amounts{usage.Input: 1000, usage.Output: 300},
			"flex",
		},
		{
			"Langfuse in Python, with a number that JSON does not have",
			attributes{"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-5", "langfuse.observation.usage_details": `{"input": 400, "input_cached_tokens": 600, "output": 300, "total": NaN, "x": -Infinity, "y": Infinity}`},
			usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 300},
			"",
		},
		{
			"an object that is broken loses itself",
			chat("openai", "gpt-5", attributes{"gen_ai.usage.raw": `{"prompt_tokens": 1000, "prompt`}),
			usage.Amounts{usage.Input: 1000, usage.Output: 300},
			"",
		},
		{
			"searches of Anthropic's",
			chat("anthropic", "claude-sonnet-4-5", attributes{"gen_ai.usage.raw": `{"input_tokens": 1000, "output_tokens": 300, "server_tool_use": {"web_search_requests": 3}}`}),
			usage.Amounts{usage.Input: 1000, usage.Output: 300, usage.WebSearches: 3},
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := readAs(t, "", tt.attrs)
			assert.Equal(t, tt.want, call.Usage)
			assert.Equal(t, tt.tier, call.ServiceTier)
		})
	}
}

func TestLangfuseKinds(t *testing.T) {
	for _, tt := range []struct {
		name, details string
		want          usage.Amounts
	}{
		{"disjoint, with a total", `{"input": 400, "input_cached_tokens": 600, "output": 220, "output_reasoning_tokens": 80, "total": 1300}`, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}},
		{"disjoint, without a total", `{"input": 400, "input_cached_tokens": 600, "output": 220, "output_reasoning_tokens": 80}`, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}},
		{"both parts within", `{"input": 1000, "input_cached_tokens": 600, "output": 300, "output_reasoning_tokens": 80, "total": 1300}`, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}},
		{"cached within, reasoning in addition", `{"input": 1000, "input_cached_tokens": 600, "output": 220, "output_reasoning_tokens": 80, "total": 1300}`, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}},
		{"modalities", `{"input": 0, "output": 0, "total": 1300, "input_modality_TEXT": 700, "input_modality_AUDIO": 300, "output_modality_TEXT": 220, "thoughts_token_count": 80}`, usage.Amounts{usage.Input: 700, usage.AudioInput: 300, usage.Output: 220, usage.Reasoning: 80}},
		{"cached modalities", `{"input": 0, "output": 0, "input_modality_TEXT": 400, "cached_modality_TEXT": 600, "output_modality_TEXT": 300}`, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 300}},
		{"cached modalities by Langfuse's own price list", `{"input_text_tokens": 200, "input_audio_tokens": 300, "input_cached_text_tokens": 100, "input_cached_audio_tokens": 400, "output_text_tokens": 220, "output_audio_tokens": 80, "total": 1300}`, usage.Amounts{usage.Input: 200, usage.AudioInput: 300, usage.CacheRead: 100, usage.CachedAudio: 400, usage.Output: 220, usage.AudioOutput: 80}},
		{"fewer cached audio tokens than others", `{"input": 200, "input_audio_tokens": 400, "input_cached_audio_tokens": 300, "output": 300}`, usage.Amounts{usage.Input: 200, usage.AudioInput: 400, usage.CachedAudio: 300, usage.Output: 300}},
		{"writes of a name nobody listed", `{"input": 300, "input_cached_of_tomorrow": 600, "input_cache_creation_2h": 100, "output": 300}`, within},
		{"kinds nobody listed", `{"input": 300, "input_of_tomorrow": 700, "output": 200, "output_predicted": 100, "total": 1300}`, usage.Amounts{usage.Input: 1000, usage.Output: 300}},
		{"Anthropic's, an hour", `{"input": 300, "cache_read_input_tokens": 600, "input_cache_creation_1h": 40, "input_cache_creation_5m": 60, "output": 300}`, usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 60, usage.CacheWrite1h: 40, usage.Output: 300}},
		{"the object of Anthropic's API", `{"input_tokens": 300, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 100, "output_tokens": 300}`, within},
		{"the object of OpenAI's API", `{"prompt_tokens": 1000, "completion_tokens": 300, "total_tokens": 1300, "prompt_tokens_details": {"cached_tokens": 600}}`, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 300}},
		{"one senseless part", `{"input": 1000, "output": 300, "input_cached_tokens": -1, "input_audio_tokens": 1.5}`, usage.Amounts{usage.Input: 1000, usage.Output: 300}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := readAs(t, "langfuse-sdk", attributes{"langfuse.observation.type": "generation", "langfuse.observation.model.name": "m", "langfuse.observation.usage_details": tt.details})
			assert.True(t, call.HasUsage)
			assert.Equal(t, tt.want, call.Usage)
		})
	}
}

// sonnet costs what claude-sonnet-4-5 does: 3, 0.30, 3.75, 6 and 15 dollars per million.
func sonnet(a *usage.Amounts) (money.Pico, bool) {
	return money.Pico(a[usage.Input]*3_000_000 + a[usage.CacheRead]*300_000 + a[usage.CacheWrite]*3_750_000 + a[usage.CacheWrite1h]*6_000_000 + (a[usage.Output]+a[usage.Reasoning])*15_000_000), true
}

func TestDecideByCost(t *testing.T) {
	divided := within
	divided[usage.CacheWrite], divided[usage.CacheWrite1h] = 60, 40
	dollars := func(a usage.Amounts) float64 {
		amount, _ := sonnet(&a)
		return amount.Dollars()
	}
	for _, tt := range []struct {
		name     string
		reported float64
		want     usage.Amounts
		rule     Rule
	}{
		{"that of the default", dollars(within), within, ByCost},
		{"that of the other reading", dollars(beyond), beyond, ByCost},
		{"rounded to millionths", 0.0080553, beyond, ByCost},
		{"40 of the written tokens for an hour", dollars(divided), divided, ByCost},
		{"of no reading", 1, within, ByConvention},
		{"between whole tokens", dollars(divided) + 1e-6, within, ByConvention},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := readAs(t, "", chat("anthropic", "claude-sonnet-4-5", with(cached, attributes{"gen_ai.usage.cost": tt.reported})))
			require.True(t, call.Undecided())
			call.Decide(sonnet)
			assert.False(t, call.Undecided())
			assert.Equal(t, tt.want, call.Usage)
			assert.Equal(t, tt.rule.String(), call.Rule.String())
		})
	}
	t.Run("a cost that nothing knows", func(t *testing.T) {
		call := readAs(t, "", chat("anthropic", "claude-sonnet-4-5", with(cached, attributes{"gen_ai.usage.cost": 0.01})))
		call.Decide(func(*usage.Amounts) (money.Pico, bool) { return 0, false })
		assert.Equal(t, within, call.Usage)
	})
	t.Run("a reported 0 decides nothing", func(t *testing.T) {
		call := readAs(t, "", chat("anthropic", "claude-sonnet-4-5", with(cached, attributes{"gen_ai.usage.cost": 0.0})))
		assert.False(t, call.Undecided())
	})
	t.Run("the total is stronger", func(t *testing.T) {
		call := readAs(t, "", chat("anthropic", "claude-sonnet-4-5", with(cached, attributes{"gen_ai.usage.cost": dollars(beyond), "gen_ai.usage.total_tokens": 1300})))
		call.Decide(sonnet)
		assert.Equal(t, within, call.Usage)
		assert.Equal(t, ByTotal, call.Rule)
	})
}

// A client of OpenAI's names OpenAI whoever it calls.
func TestSellerOfGrok(t *testing.T) {
	for model, want := range map[string]string{"grok-4-0709": "xai", "x-ai/grok-4": "xai", "gpt-4o": "openai"} {
		assert.Equal(t, want, readAs(t, "", chat("openai", model, nil)).Provider, model)
	}
	assert.Equal(t, "azure.ai.openai", readAs(t, "", chat("azure.ai.openai", "grok-3", nil)).Provider)
}

// Whatever its operation is called, a record with usage or a cost is a call.
func TestOperationsNobodyListed(t *testing.T) {
	for _, operation := range []string{"text_completions", "image", "video", "realtime", "agenerate_content", "atranscription", "_arealtime", "something_new"} {
		call := readAs(t, "", chat("openai", "gpt-4o", attributes{"gen_ai.operation.name": operation}))
		assert.EqualValues(t, 1000, call.Usage[usage.Input], operation)
		assert.Equal(t, operation, call.Operation)
		noTokens := chat("openai", "dall-e-3", attributes{"gen_ai.operation.name": operation, "gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil})
		call = readAs(t, "", with(noTokens, attributes{"gen_ai.usage.cost": 0}))
		assert.False(t, call.HasUsage || call.HasReported, operation)
		call = readAs(t, "litellm", with(noTokens, attributes{"llm.request.type": operation, "litellm.call_id": "c"}))
		assert.Equal(t, "litellm", call.Convention)
	}
}

// Any kind of usage is read by its name.
func TestEveryKindIsRead(t *testing.T) {
	for _, k := range usage.Kinds() {
		call := readAs(t, "", attributes{
			"gen_ai.operation.name": "chat", "gen_ai.request.model": "m",
			"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 100,
			"arc.llm.usage." + k.String(): 7,
		})
		if k != usage.Input && k != usage.Output && k.Info().PartOf != usage.CacheRead {
			assert.Equal(t, 7*k.Scale(), call.Usage[k], k)
		}
		assert.True(t, call.Stated.Has(k), k)
	}
}

// Of a call that is reported in parts one record has the usage.
func TestRecordsWithoutUsage(t *testing.T) {
	var r Reader
	read := func(scope, name string, attrs attributes) Outcome {
		of, span := pcommon.NewInstrumentationScope(), newSpan(t, attrs)
		of.SetName(scope)
		span.SetName(name)
		var call Call
		outcome, _ := r.Span(of, span, &call)
		return outcome
	}
	llm := attributes{"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}
	const llamaIndex = "openinference.instrumentation.llama_index"
	assert.Equal(t, Aggregate, read(llamaIndex, "OpenAI._prepare_chat_with_tools", llm))
	assert.Equal(t, Aggregate, read(llamaIndex, "OpenAI.predict", llm))
	assert.Equal(t, Aggregate, read(llamaIndex, "OpenAI.get_tool_calls_from_response", llm))
	assert.Equal(t, IsCall, read(llamaIndex, "OpenAIEmbedding.get_text_embedding", llm))
	assert.Equal(t, IsCall, read(llamaIndex, "OpenAI.astream_chat", llm), "a stream whose usage is unknown")
	assert.Equal(t, IsCall, read(llamaIndex, "OpenAI.predict", with(llm, attributes{"llm.token_count.prompt": 1})))
	assert.Equal(t, IsCall, read("openinference.instrumentation.openai", "ChatCompletion", llm))
	noUsage := attributes{"gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil}
	stream := chat("openai", "gpt-4o", noUsage)
	assert.Equal(t, Aggregate, read("logfire.openai", "Chat Completion", stream), "the request of a stream, whose end follows")
	assert.Equal(t, IsCall, read("logfire.openai", "Chat Completion", with(stream, attributes{"error.type": "x"})))
	assert.Equal(t, Aggregate, read("logfire.openai", "Chat Completion", with(stream, attributes{"logfire.span_type": "span"})))
	assert.Equal(t, IsCall, read("logfire.openai", "streaming response", with(stream, attributes{"logfire.span_type": "log"})), "its end, whose usage nobody asked for")
	assert.Equal(t, IsCall, read("somebody's", "chat", stream))
}

func TestFailuresInLogs(t *testing.T) {
	for _, tt := range []struct {
		name  string
		attrs attributes
		want  Outcome
	}{
		{"claude_code.api_error", attributes{"model": "claude-sonnet-4-5", "error": "overloaded", "status_code": 529, "attempt": 2}, IsCall},
		{"gemini_cli.api_error", attributes{"model": "gemini-2.5-pro", "error": "quota", "status_code": 429}, IsCall},
		{"qwen-code.api_error", attributes{"model": "qwen3-coder-plus", "error_type": "RateLimitError", "status_code": 429}, IsCall},
		{"codex.api_request", attributes{"model": "gpt-5", "error.message": "refused", "http.response.status_code": 401}, IsCall},
		{"codex.api_request", attributes{"model": "gpt-5", "http.response.status_code": 200}, NotACall},
		{"codex.sse_event", attributes{"event.kind": "response.completed", "model": "gpt-5", "duration_ms": 10}, NotACall},
	} {
		record := plog.NewLogRecord()
		record.SetEventName(tt.name)
		require.NoError(t, record.Attributes().FromRaw(tt.attrs))
		call, outcome, _ := FromLog(record)
		assert.Equal(t, tt.want, outcome, tt.name)
		if tt.want == IsCall {
			assert.Equal(t, Error, call.Status, tt.name)
			assert.Equal(t, tt.attrs["model"], call.Model)
			assert.False(t, call.HasUsage)
		}
	}
}

// A response of Anthropic's that compacted its context leaves the tokens of that out of its counts.
func TestCompactionIsInAddition(t *testing.T) {
	compacted := usage.Amounts{usage.Input: 1000 + 5000, usage.Output: 300 + 900}
	call := readAs(t, "com.anthropic.sdk", chat("anthropic", "claude-opus-4-8", attributes{
		"anthropic.usage.compaction.input_tokens": 5000, "anthropic.usage.compaction.output_tokens": 900,
	}))
	assert.Equal(t, compacted, call.Usage)
	assert.Equal(t, Totals{Input: 5000, Output: 900}, call.Compacted)
	call = readAs(t, "", chat("anthropic", "claude-opus-4-8", attributes{"gen_ai.usage.raw": `{"input_tokens": 1000, "output_tokens": 300, "iterations": [
		{"type": "message", "input_tokens": 400, "output_tokens": 100},
		{"type": "compaction", "input_tokens": 1000, "cache_read_input_tokens": 3000, "cache_creation_input_tokens": 1000, "output_tokens": 900},
		{"type": "message", "input_tokens": 600, "output_tokens": 200}
	]}`}))
	assert.Equal(t, compacted, call.Usage)
}

// An embedding puts nothing out: the total is the input.
func TestTotalOfAnEmbedding(t *testing.T) {
	var r Reader
	for range 2 { // read, then by the texts that are known
		var call Call
		span := newSpan(t, attributes{"gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "openai", "gen_ai.request.model": "text-embedding-3-small", "gen_ai.usage.total_tokens": 70})
		outcome, _ := r.Span(pcommon.NewInstrumentationScope(), span, &call)
		assert.Equal(t, IsCall, outcome)
		assert.Equal(t, usage.Amounts{usage.Input: 70}, call.Usage)
		assert.True(t, call.HasUsage)
	}
}

// Where Anthropic served a call is in its object of counts alone.
func TestRegionOfAnthropic(t *testing.T) {
	for geo, want := range map[string]string{"us": "us", "global": "", "not_available": ""} {
		call := readAs(t, "", chat("anthropic", "claude-opus-4-8", attributes{"gen_ai.usage.raw": `{"input_tokens": 1000, "output_tokens": 300, "inference_geo": "` + geo + `"}`}))
		assert.Equal(t, want, call.Region)
	}
}

// A Claude Code request is a span too, with the ID that its event has.
func TestClaudeCodeSpan(t *testing.T) {
	call := readAs(t, "com.anthropic.claude_code.tracing", attributes{
		"span.type": "llm_request", "model": "claude-opus-4-8", "gen_ai.system": "anthropic", "input_tokens": 2, "output_tokens": 1200,
		"cache_read_tokens": 84562, "cache_creation_tokens": 7096, "success": true, "speed": "fast", "request_id": "req_1", "session.id": "s",
	})
	assert.Equal(t, usage.Amounts{usage.Input: 2, usage.CacheRead: 84562, usage.CacheWrite: 7096, usage.Output: 1200}, call.Usage)
	assert.Equal(t, []any{"fast", "req_1", "s"}, []any{call.ServiceTier, call.ResponseID, call.Attribution.Session})
	call = readAs(t, "", attributes{"span.type": "llm_request", "model": "claude-opus-4-8", "success": false})
	assert.Equal(t, Error, call.Status)
}

// The metrics of the conventions of 2026-09: parts of the input and output, by modality.
func TestFamilyOfMetrics(t *testing.T) {
	for _, prefix := range []string{"gen_ai.client.inference.usage", "gen_ai.client.inference.usage.detailed"} {
		u := MetricSourceOf(prefix).Usage()
		add := func(name, modality string, tokens int64) {
			attributes := pcommon.NewMap()
			attributes.PutStr(modalityKey, modality)
			assert.True(t, u.Add(prefix+name, attributes, tokens, 0), name)
		}
		add(".input_tokens", "text", 600)
		add(".input_tokens", "audio", 400)
		add(".cache_read.input_tokens", "text", 200)
		add(".cache_read.input_tokens", "audio", 300)
		add(".cache_write.input_tokens", "unknown", 50)
		add(".output_tokens", "text", 300)
		add(".output_tokens", "image", 100)
		add(".reasoning.output_tokens", "text", 80)
		call, outcome, _ := u.Call(newSpan(t, attributes{"gen_ai.request.model": "gpt-realtime", "gen_ai.provider.name": "openai"}).Attributes())
		assert.Equal(t, IsCall, outcome)
		assert.Equal(t, usage.Amounts{
			usage.Input: 350, usage.AudioInput: 100, usage.CacheRead: 200, usage.CachedAudio: 300, usage.CacheWrite: 50,
			usage.Output: 220, usage.ImageOutput: 100, usage.Reasoning: 80,
		}, call.Usage)
		counts := u.Add(inferenceOperationInput, pcommon.NewMap(), 900, 3)
		again, _, _ := u.Call(newSpan(t, attributes{"gen_ai.request.model": "gpt-realtime"}).Attributes())
		assert.Equal(t, call.Usage, again.Usage, "a distribution is no usage")
		assert.Equal(t, prefix == "gen_ai.client.inference.usage", counts, "it has the calls")
		assert.Equal(t, counts, u.Calls == 3)
	}
}

func TestInherit(t *testing.T) {
	own := Attribution{Agent: "inner", User: "u"}
	own.Inherit(&Attribution{Agent: "outer", User: "v", Session: "s"})
	assert.Equal(t, Attribution{Agent: "inner", User: "u", Session: "s"}, own)
}

func FuzzObject(f *testing.F) {
	f.Add(`{'a': None, "prompt_tokens": 3, 'prompt_tokens_details': {'cached_tokens': 2}}`)
	f.Add(`{"input": 1, "input_x": 2, "total": 3}`)
	f.Add(`{'it\'s': "a\"b", 'x': [True, {'modality': 'AUDIO', 'token_count': 3}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, key := range []string{"gen_ai.usage.raw", "langfuse.observation.usage_details", "ai.response.providerMetadata", "llm.invocation_parameters"} {
			for _, base := range []attributes{
				chat("openai", "m", nil),
				{"langfuse.observation.type": "generation", "langfuse.observation.model.name": "m"},
				{"ai.operationId": "ai.generateText.doGenerate", "ai.response.model": "m"},
				{"openinference.span.kind": "LLM", "llm.model_name": "m"},
			} {
				check(t)(FromSpan(newSpan(t, with(base, attributes{key: text}))))
			}
		}
	})
}
