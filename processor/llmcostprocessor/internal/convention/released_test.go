// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// What one instrumentation counts differs by its version.
func TestReadingByVersion(t *testing.T) {
	const claude = "claude-sonnet-4-5"
	own := with(cached, attributes{"gen_ai.usage.total_tokens": 1300})
	llm := attributes{
		"openinference.span.kind": "LLM", "llm.model_name": "gemini-2.5-flash", "llm.token_count.prompt": 1000, "llm.token_count.completion": 300,
		"llm.token_count.prompt_details.cache_read": 400, "llm.token_count.total": 1300,
	}
	for _, tt := range []struct {
		name, scope, version string
		attrs                attributes
		want                 usage.Amounts
	}{
		{"traceloop for Anthropic in Node", "@traceloop/instrumentation-anthropic", "0.27.0", chat("anthropic", claude, own), beyond},
		{"before", "@traceloop/instrumentation-anthropic", "0.9.3", chat("anthropic", claude, own), beyond},
		{"after", "@traceloop/instrumentation-anthropic", "0.28.1", chat("anthropic", claude, own), within},
		{"much later", "@traceloop/instrumentation-anthropic", "1.0", chat("anthropic", claude, own), within},
		{"of a version that is unknown", "@traceloop/instrumentation-anthropic", "", chat("anthropic", claude, own), beyond},
		{"traceloop for Bedrock in Node", "@traceloop/instrumentation-bedrock", "0.28.0", chat("aws.bedrock", claude, own), within},
		{"OpenInference for google-genai, which adds cached tokens once more", "openinference.instrumentation.google_genai", "0.1.12", llm, usage.Amounts{usage.Input: 200, usage.CacheRead: 400, usage.Output: 300}},
		{"before it did", "openinference.instrumentation.google_genai", "0.1.11", llm, usage.Amounts{usage.Input: 600, usage.CacheRead: 400, usage.Output: 300}},
		{"since it does not", "openinference.instrumentation.google_genai", "0.1.16", llm, usage.Amounts{usage.Input: 600, usage.CacheRead: 400, usage.Output: 300}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			of := pcommon.NewInstrumentationScope()
			of.SetName(tt.scope)
			of.SetVersion(tt.version)
			var r Reader
			var call Call
			outcome, reason := r.Span(of, newSpan(t, tt.attrs), &call)
			require.Equal(t, IsCall, outcome, reason)
			assert.Equal(t, tt.want, call.Usage)
		})
	}
}

func TestCompareVersions(t *testing.T) {
	ordered := []string{"0.0.9", "0.1", "0.1.12", "0.9.3", "0.27.0", "0.28.0b1", "1.3b0", "1.10", "2"}
	for i, a := range ordered {
		for j, b := range ordered {
			assert.Equal(t, i < j, isOlder(a, b), "%s before %s", a, b)
		}
	}
	assert.False(t, isOlder("1.0", "1"))
	assert.False(t, isOlder("1", "1.0.0"))
}

// Frameworks and processors forward what an API or another framework counts.
func TestReadingOfForwarders(t *testing.T) {
	const claude, bedrock = "claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
	own := with(cached, attributes{"gen_ai.usage.total_tokens": 1300})
	llm := func(provider, model string, more attributes) attributes {
		return with(attributes{
			"openinference.span.kind": "LLM", "llm.provider": provider, "llm.model_name": model, "llm.token_count.prompt": 1000, "llm.token_count.completion": 300,
			"llm.token_count.prompt_details.cache_read": 600, "llm.token_count.prompt_details.cache_write": 100,
		}, more)
	}
	total := attributes{"llm.token_count.total": 1300}
	for _, tt := range []struct {
		name, scope string
		attrs       attributes
		want        usage.Amounts
	}{
		{"OpenInference for Agno, Anthropic", "openinference.instrumentation.agno", llm("Anthropic", claude, nil), beyond},
		{"OpenInference for Agno, Anthropic, with its own sum", "openinference.instrumentation.agno", llm("Anthropic", claude, total), beyond},
		{"OpenInference for Agno, Bedrock", "openinference.instrumentation.agno", llm("AwsBedrock", bedrock, nil), beyond},
		{"OpenInference for Agno, OpenAI", "openinference.instrumentation.agno", llm("OpenAI", "gpt-4o", nil), within},
		{"OpenInference for Bedrock, InvokeModel", "openinference.instrumentation.bedrock", llm("aws", bedrock, nil), within},
		{"OpenInference for Bedrock, Converse, whose total is the API's", "openinference.instrumentation.bedrock", llm("aws", bedrock, attributes{"llm.token_count.total": 2000}), beyond},
		{"OpenInference for Bedrock in Node", "@arizeai/openinference-instrumentation-bedrock", llm("aws", bedrock, total), beyond},
		{"OpenInference for Pipecat, Anthropic", "openinference.instrumentation.pipecat", llm("anthropic", claude, total), beyond},
		{"OpenInference for Pipecat, OpenAI", "openinference.instrumentation.pipecat", llm("openai", "gpt-4o", total), within},
		{"OpenInference for Anthropic", "openinference.instrumentation.anthropic", llm("anthropic", claude, total), within},
		{"OpenInference for LangChain", "openinference.instrumentation.langchain", llm("anthropic", claude, total), within},
		{"OpenLLMetry for LlamaIndex, Anthropic", "opentelemetry.instrumentation.llamaindex", chat("anthropic", claude, own), beyond},
		{"OpenLLMetry for LlamaIndex, OpenAI", "opentelemetry.instrumentation.llamaindex", chat("openai", "gpt-4o", own), within},
		{"OpenLLMetry for LangChain, Anthropic", "opentelemetry.instrumentation.langchain", chat("anthropic", claude, cached), within},
		{"OpenLLMetry for LangChain, Bedrock", "opentelemetry.instrumentation.langchain", chat("aws.bedrock", bedrock, cached), within},
		{"traceloop for LangChain in Node", "@traceloop/instrumentation-langchain", chat("anthropic", claude, cached), within},
		{"Braintrust's metrics", "braintrust", with(chat("openai", "gpt-4o", nil), attributes{
			"gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil,
			"braintrust.metrics": `{"prompt_tokens": 1000, "completion_tokens": 300, "tokens": 1300, "prompt_cached_tokens": 600, "prompt_cache_creation_tokens": 100}`,
		}), within},
		{"OpenLIT in Node, Anthropic", "@openlit/instrumentation-anthropic", chat("anthropic", claude, with(cached, attributes{"gen_ai.sdk.version": "1.15.0"})), beyond},
		{"OpenLIT in Node, Bedrock", "@openlit/instrumentation-bedrock", chat("aws.bedrock", bedrock, with(own, attributes{"gen_ai.sdk.version": "1.15.0"})), beyond},
		{"OpenLIT in Node for Claude's agents", "@openlit/instrumentation-claude-agent-sdk", chat("anthropic", claude, with(cached, attributes{"gen_ai.sdk.version": "1.15.0"})), within},
		{"OpenLIT in Node for LangChain", "@openlit/instrumentation-langchain", chat("anthropic", claude, with(cached, attributes{"gen_ai.sdk.version": "1.15.0"})), within},
		{"Spring AI, Anthropic, with its own sum", "org.springframework.boot", chat("anthropic", claude, own), beyond},
		{"Spring AI, Bedrock, whose total is the API's", "org.springframework.boot", chat("bedrock_converse", bedrock, with(cached, attributes{"gen_ai.usage.total_tokens": 2000})), beyond},
		{"Spring AI, OpenAI", "org.springframework.boot", chat("openai", "gpt-4o", own), within},
		{"OpenLIT for LiteLLM, Anthropic", "openlit.instrumentation.litellm", chat("anthropic", claude, with(cached, attributes{"gen_ai.sdk.version": "1"})), within},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, readAs(t, tt.scope, tt.attrs).Usage)
		})
	}
}

// The AI SDK reports thoughts in counts of its own and in the provider's; and
// processors of others write their keys on its spans.
func TestThoughtsAreCountedOnce(t *testing.T) {
	gemini := func(candidates, thoughts, all int) attributes {
		return attributes{"ai.response.providerMetadata": map[string]any{"google": map[string]any{"usageMetadata": map[string]any{
			"promptTokenCount": 1000, "candidatesTokenCount": candidates, "thoughtsTokenCount": thoughts, "totalTokenCount": all, "cachedContentTokenCount": 400,
		}}}}
	}
	sdk := func(more ...attributes) attributes {
		all := attributes{"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "google.generative-ai", "ai.model.id": "gemini-2.5-flash"}
		for _, one := range more {
			all = with(all, one)
		}
		return all
	}
	want := usage.Amounts{usage.Input: 600, usage.CacheRead: 400, usage.Output: 220, usage.Reasoning: 80}
	six := attributes{"ai.usage.inputTokens": 1000, "ai.usage.outputTokens": 300, "ai.usage.inputTokenDetails.noCacheTokens": 600, "ai.usage.inputTokenDetails.cacheReadTokens": 400}
	five := attributes{"ai.usage.inputTokens": 1000, "ai.usage.outputTokens": 220, "ai.usage.cachedInputTokens": 400}
	for name, attrs := range map[string]attributes{
		"6, in both":                      sdk(six, gemini(220, 80, 1300), attributes{"ai.usage.outputTokenDetails.reasoningTokens": 80, "ai.usage.totalTokens": 1300}),
		"6, without a total":              sdk(six, gemini(220, 80, 1300), attributes{"ai.usage.outputTokenDetails.reasoningTokens": 80}),
		"6, in the provider's alone":      sdk(six, gemini(220, 80, 1300)),
		"5, in both":                      sdk(five, gemini(220, 80, 1300), attributes{"ai.usage.reasoningTokens": 80, "ai.usage.totalTokens": 1300}),
		"5, in both, its own total":       sdk(five, gemini(220, 80, 1300), attributes{"ai.usage.reasoningTokens": 80, "ai.usage.totalTokens": 1220}),
		"5, in the provider's alone":      sdk(attributes{"ai.usage.promptTokens": 1000, "ai.usage.completionTokens": 220}, gemini(220, 80, 1300)),
		"6, with OpenInference's keys":    sdk(six, gemini(220, 80, 1300), attributes{"openinference.span.kind": "LLM", "llm.token_count.prompt": 1000, "llm.token_count.completion": 220}),
		"the conventions' and gen_ai.raw": chat("gcp.gemini", "gemini-2.5-flash", attributes{"gen_ai.usage.reasoning.output_tokens": 80, "gen_ai.usage.raw": `{"promptTokenCount": 1000, "candidatesTokenCount": 220, "thoughtsTokenCount": 80, "totalTokenCount": 1300, "cachedContentTokenCount": 400}`}),
	} {
		t.Run(name, func(t *testing.T) {
			call := readAs(t, "ai", attrs)
			assert.Equal(t, want, call.Usage)
		})
	}
	tools := sdk(attributes{"ai.usage.inputTokens": 1050, "ai.usage.outputTokens": 300, "ai.usage.inputTokenDetails.noCacheTokens": 1050}, attributes{
		"ai.response.providerMetadata": `{"google":{"usageMetadata":{"promptTokenCount":1000,"toolUsePromptTokenCount":50,"candidatesTokenCount":300}}}`,
	})
	assert.Equal(t, usage.Amounts{usage.Input: 1050, usage.Output: 300}, readAs(t, "ai", tools).Usage, "the prompts of tools, too")
}

func TestAttributionInMetadata(t *testing.T) {
	all := Attribution{Agent: "researcher", User: "ada", Session: "s-1"}
	llm := func(more attributes) attributes {
		return with(attributes{"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.token_count.prompt": 1}, more)
	}
	for name, tt := range map[string]struct {
		attrs attributes
		want  Attribution
	}{
		"OpenInference for LangChain":        {llm(attributes{"metadata": `{"lc_agent_name": "researcher", "user_id": "ada", "session_id": "s-1", "langgraph_step": 1}`}), all},
		"LangGraph's thread":                 {llm(attributes{"metadata": `{"lc_agent_name": "researcher", "userId": "ada", "thread_id": "s-1"}`}), all},
		"Langfuse's names":                   {llm(attributes{"metadata": `{"agent_name": "researcher", "langfuse_user_id": "ada", "langfuse_session_id": "s-1"}`}), all},
		"keys of their own first":            {llm(attributes{"metadata": `{"lc_agent_name": "another", "user_id": "eve"}`, "agent.name": "researcher", "user.id": "ada", "session.id": "s-1"}), all},
		"what is missing":                    {llm(attributes{"metadata": `{"lc_agent_name": "researcher", "user_id": "eve"}`, "user.id": "ada", "session.id": "s-1"}), all},
		"as a map":                           {llm(attributes{"metadata": map[string]any{"lc_agent_name": "researcher", "user_id": "ada", "session_id": "s-1"}}), all},
		"no object":                          {llm(attributes{"metadata": `lc_agent_name user_id`}), Attribution{}},
		"other types":                        {llm(attributes{"metadata": `{"lc_agent_name": 7, "user_id": ["ada"], "session_id": null}`}), Attribution{}},
		"too large":                          {llm(attributes{"metadata": `{"lc_agent_name": "researcher", "x": "` + strings.Repeat("x", maxJSON) + `"}`}), Attribution{}},
		"LangSmith":                          {attributes{"langsmith.span.kind": "llm", "gen_ai.request.model": "gpt-4o", "langsmith.metadata.lc_agent_name": "researcher", "langsmith.metadata.user_id": "ada", "langsmith.metadata.thread_id": "s-1"}, all},
		"OpenLLMetry for LangChain":          {chat("openai", "gpt-4o", attributes{"traceloop.association.properties.lc_agent_name": "researcher", "traceloop.association.properties.user_id": "ada", "traceloop.association.properties.thread_id": "s-1"}), all},
		"the node of a graph is not a model": {llm(attributes{"graph.node.id": "model"}), Attribution{}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, readAs(t, "", tt.attrs).Attribution)
		})
	}
	var r Reader
	var call Call
	outcome, _ := r.Span(anyScope, newSpan(t, attributes{"openinference.span.kind": "AGENT", "graph.node.id": "researcher"}), &call)
	assert.Equal(t, Aggregate, outcome)
	assert.Equal(t, "researcher", call.Attribution.Agent, "CrewAI's agents are nodes")
}

// OpenLIT sets no attribute on the span of a call that failed.
func TestFailedCallsByName(t *testing.T) {
	for name, tt := range map[string]struct {
		scope, span, message string
		ok                   bool
		want                 *Call
	}{
		"Anthropic":       {scope: "openlit.instrumentation.anthropic", span: "chat claude-sonnet-4-5", want: &Call{Provider: "anthropic", Model: "claude-sonnet-4-5", Operation: "chat", Status: Error}},
		"Gemini":          {scope: "openlit.instrumentation.google_ai_studio", span: "chat gemini-2.5-flash", want: &Call{Provider: "google_ai_studio", Model: "gemini-2.5-flash", Operation: "chat", Status: Error}},
		"embeddings":      {scope: "openlit.instrumentation.openai", span: "embeddings text-embedding-3-small", want: &Call{Provider: "openai", Model: "text-embedding-3-small", Operation: "embeddings", Status: Error}},
		"a timeout":       {scope: "openlit.instrumentation.openai", span: "chat gpt-4o", message: "APITimeoutError: Request timed out.", want: &Call{Provider: "openai", Model: "gpt-4o", Operation: "chat", Status: Timeout}},
		"success":         {scope: "openlit.instrumentation.openai", span: "chat gpt-4o", ok: true},
		"a tool":          {scope: "openlit.instrumentation.langchain", span: "execute_tool get_weather"},
		"an agent":        {scope: "openlit.instrumentation.crewai", span: "invoke_agent chat"},
		"no model":        {scope: "openlit.instrumentation.openai", span: "chat"},
		"several words":   {scope: "openlit.instrumentation.openai", span: "chat with the user"},
		"another's scope": {scope: "opentelemetry.instrumentation.requests", span: "chat gpt-4o"},
	} {
		t.Run(name, func(t *testing.T) {
			of := pcommon.NewInstrumentationScope()
			of.SetName(tt.scope)
			span := newSpan(t, attributes{})
			span.SetName(tt.span)
			span.Status().SetCode(ptrace.StatusCodeError)
			if tt.ok {
				span.Status().SetCode(ptrace.StatusCodeOk)
			}
			span.Status().SetMessage(tt.message)
			var r Reader
			var call Call
			outcome, _ := r.Span(of, span, &call)
			if tt.want == nil {
				assert.Equal(t, NotACall, outcome)
				return
			}
			require.Equal(t, IsCall, outcome)
			tt.want.Convention = "openlit"
			assert.Equal(t, *tt.want, call)
		})
	}
}

// Google's ADK writes events of calls without the operation and the model.
func TestEventsWithoutOperation(t *testing.T) {
	read := func(attrs attributes) (Outcome, Call) {
		record := plog.NewLogRecord()
		record.SetEventName(operationDetails)
		require.NoError(t, record.Attributes().FromRaw(attrs))
		var r Reader
		var call Call
		outcome, _ := r.Log(anyScope, record, &call)
		return outcome, call
	}
	used := attributes{"gen_ai.provider.name": "gcp.gemini", "gen_ai.agent.name": "researcher", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 300, "gen_ai.usage.cache_read.input_tokens": 400}
	outcome, call := read(used)
	assert.Equal(t, IsCall, outcome)
	assert.True(t, call.ModelUnknown)
	assert.Equal(t, "researcher", call.Attribution.Agent)
	assert.Equal(t, usage.Amounts{usage.Input: 600, usage.CacheRead: 400, usage.Output: 300}, call.Usage)
	outcome, _ = read(attributes{"gen_ai.provider.name": "gcp.gemini", "gen_ai.agent.name": "researcher"})
	assert.Equal(t, NotACall, outcome, "one that failed is reported by its span")
	outcome, _ = read(with(used, attributes{"gen_ai.operation.name": "invoke_agent"}))
	assert.Equal(t, Aggregate, outcome)
}

// Amounts of a kind are in its unit, with fractions where the unit is coarse.
func TestUnitsOfKinds(t *testing.T) {
	call := readAs(t, "", chat("openai", "whisper-1", attributes{
		"gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil,
		"arc.llm.usage.seconds": 30.25, "arc.llm.usage.images": 2, "arc.llm.usage.pages": "3",
	}))
	assert.Equal(t, usage.Amounts{usage.Seconds: 30_250, usage.Images: 2, usage.Pages: 3}, call.Usage)
	call = readAs(t, "", chat("openai", "whisper-1", attributes{"arc.llm.usage.seconds": 30, "arc.llm.usage.images": 2.5}))
	assert.Equal(t, usage.Amounts{usage.Input: 1000, usage.Output: 300, usage.Seconds: 30_000}, call.Usage, "half an image makes no sense")
	call = readAs(t, "", chat("openai", "whisper-1", attributes{"arc.llm.usage.seconds": -1}))
	assert.Equal(t, usage.Amounts{usage.Input: 1000, usage.Output: 300}, call.Usage)
}

// The time to the first token, under the keys of the conventions and of those who write it in
// another way.
func TestFirstToken(t *testing.T) {
	for key, value := range map[string]any{
		"gen_ai.response.time_to_first_chunk": 0.25, "gen_ai.server.time_to_first_token": 0.25, "gen_ai.response.time_to_first_token": 0.25,
		"ai.response.msToFirstChunk": 250, "ttft_ms": "250",
	} {
		call := readAs(t, "", chat("openai", "gpt-4o", attributes{"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5, key: value}))
		assert.Equal(t, 250*time.Millisecond, call.FirstToken, key)
	}
}

// Frameworks with keys of their own, from the source of each: VoltAgent 2.9, Plano 0.4,
// Mastra's exporter 1.0, OpenLIT in Node 1.15, Semantic Kernel 1.20, Cloudflare's documents.
func TestKeysOfFrameworks(t *testing.T) {
	counts := usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}
	for _, tt := range []struct {
		name, scope     string
		attrs           attributes
		want            usage.Amounts
		provider, agent string
	}{
		{
			"VoltAgent", "@voltagent/core", attributes{
				"span.type": "llm", "entity.type": "agent", "entity.name": "helper", "llm.operation": "streamText", "llm.provider": "openai.responses", "llm.model": "gpt-5",
				"llm.usage.prompt_tokens": 1000, "llm.usage.completion_tokens": 300, "llm.usage.total_tokens": 1300, "llm.usage.cached_tokens": 600, "llm.usage.reasoning_tokens": 80,
			}, counts, "openai.responses", "helper",
		},
		{
			"Plano", "plano(llm)", attributes{
				"llm.model": "gpt-5", "llm.provider": "openai",
				"llm.usage.prompt_tokens": 1000, "llm.usage.completion_tokens": 300, "llm.usage.cached_input_tokens": 600, "llm.usage.reasoning_tokens": 80,
			}, counts, "openai", "",
		},
		{
			"Cloudflare's AI Gateway", "", attributes{
				"gen_ai.request.model": "gpt-5", "gen_ai.model.provider": "openai", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 300,
			}, usage.Amounts{usage.Input: 1000, usage.Output: 300}, "openai", "",
		},
		{
			"Mastra, an hour", "@mastra/otel-exporter", chat("anthropic", "claude-sonnet-4-5", with(cached, attributes{
				"gen_ai.usage.cache_creation.5m_input_tokens": 60, "gen_ai.usage.cache_creation.1h_input_tokens": 40,
			})), usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 60, usage.CacheWrite1h: 40, usage.Output: 300}, "anthropic", "",
		},
		{
			"Mastra, audio", "@mastra/otel-exporter", chat("openai", "gpt-audio", attributes{
				"gen_ai.usage.audio_input_tokens": 200, "gen_ai.usage.audio_output_tokens": 50,
			}), usage.Amounts{usage.Input: 800, usage.AudioInput: 200, usage.Output: 250, usage.AudioOutput: 50}, "openai", "",
		},
		{
			"OpenLIT in Node for Google's ADK", "@openlit/instrumentation-google-adk", chat("gcp.gemini", "gemini-2.5-flash", attributes{
				"gen_ai.usage.output_tokens": 220, "gen_ai.usage.completion_tokens_details.reasoning": 80, "gen_ai.usage.total_tokens": 1300,
			}), usage.Amounts{usage.Input: 1000, usage.Output: 220, usage.Reasoning: 80}, "gcp.gemini", "",
		},
		{
			"Semantic Kernel before it had the conventions' keys", "Microsoft.SemanticKernel.Diagnostics", attributes{
				"gen_ai.operation.name": "chat.completions", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-5",
				"gen_ai.response.prompt_tokens": 1000, "gen_ai.response.completion_tokens": 300,
			}, usage.Amounts{usage.Input: 1000, usage.Output: 300}, "openai", "",
		},
		{
			"Google's ADK in Go: thoughts in the total alone", "gcp.vertex.agent", attributes{
				"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash", "gen_ai.response.prompt_token_count": 1000,
				"gen_ai.response.candidates_token_count": 220, "gen_ai.response.cached_content_token_count": 600, "gen_ai.response.total_token_count": 1300,
			}, counts, "gcp.vertex.agent", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call := readAs(t, tt.scope, tt.attrs)
			assert.Equal(t, tt.want, call.Usage)
			assert.Equal(t, tt.provider, call.Provider)
			assert.Equal(t, tt.agent, call.Attribution.Agent)
		})
	}
}

// Genkit has a span for whatever it runs. That of a model returns the counts, behind
// its text, in which names of counts mean nothing (genkit 1.20).
func TestGenkit(t *testing.T) {
	output := `{"message":{"role":"model","content":[{"text":"` + strings.Repeat("x", maxJSON) + `"},{"toolRequest":{"name":"sum","input":{"input":7,"total":9}}}]},` +
		`"usage":{"inputTokens":1000,"outputTokens":220,"thoughtsTokens":80,"totalTokens":1300,"cachedContentTokens":600,"inputCharacters":4000}}`
	span := attributes{"genkit:type": "action", "genkit:metadata:subtype": "model", "genkit:name": "googleai/gemini-2.5-flash", "genkit:output": output, "genkit:state": "success"}
	call := readAs(t, "genkit-tracer", span)
	assert.Equal(t, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}, call.Usage)
	assert.Equal(t, "googleai/gemini-2.5-flash", call.Model)
	call = readAs(t, "genkit-tracer", with(span, attributes{"genkit:output": nil, "genkit:state": "error"}))
	assert.Equal(t, Error, call.Status)
	assert.False(t, call.HasUsage)
	_, outcome, _ := FromSpan(newSpan(t, with(span, attributes{"genkit:metadata:subtype": "flow"})))
	assert.Equal(t, Aggregate, outcome)
	tooLong := `{"text":"` + strings.Repeat("x", maxResponse) + `","usage":{"inputTokens":1}}`
	assert.False(t, readAs(t, "genkit-tracer", with(span, attributes{"genkit:output": tooLong})).HasUsage)
}

// Micrometer writes none where there is no value, and Python and JavaScript have such words
// of their own: they are no models, and no IDs that calls have in common.
func TestWordsForNothing(t *testing.T) {
	for _, nothing := range []string{"none", "None", "null", "undefined", " "} {
		call := readAs(t, "org.springframework.boot", chat("openai", "gpt-4o", attributes{
			"gen_ai.request.model": "gpt-4o", "gen_ai.response.model": nothing, "gen_ai.response.id": nothing, "user.id": nothing, "error.type": nothing, "gen_ai.usage.cost": nothing,
		}))
		assert.Equal(t, []string{"gpt-4o", "", "", ""}, []string{call.Model, call.RequestModel, call.ResponseID, call.Attribution.User}, nothing)
		assert.Equal(t, Success, call.Status, nothing)
	}
}

// The parameters of a request name its model, also where the record has no other key for it.
func TestRequestedModel(t *testing.T) {
	for name, tt := range map[string]struct {
		attrs attributes
		want  string
	}{
		"OpenInference":          {attributes{"llm.model_name": "alias", "llm.invocation_parameters": `{"model": "gpt-4o", "temperature": 0}`}, "gpt-4o"},
		"MLflow":                 {attributes{"mlflow.llm.model": `"alias"`, "mlflow.spanInputs": `{"model": "gpt-4o", "messages": []}`}, "gpt-4o"},
		"Logfire":                {attributes{"request_data": `{"model": " gpt-4o "}`}, "gpt-4o"},
		"the next that is whole": {attributes{"llm.invocation_parameters": `{"mod`, "request_data": `{"model":"gpt-4o"}`}, "gpt-4o"},
		"no model":               {attributes{"llm.invocation_parameters": `{"temperature": 0}`}, ""},
		"nothing":                {attributes{"gen_ai.response.model": "alias"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, RequestedModel(newSpan(t, tt.attrs).Attributes()))
		})
	}
}
