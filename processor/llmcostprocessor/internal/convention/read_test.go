// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

type attributes = map[string]any

func newSpan(tb testing.TB, attrs attributes) ptrace.Span {
	tb.Helper()
	span := ptrace.NewSpan()
	require.NoError(tb, span.Attributes().FromRaw(attrs))
	return span
}

// with returns base with more, where nil takes a key away.
func with(base, more attributes) attributes {
	out := attributes{}
	for _, attrs := range []attributes{base, more} {
		for key, value := range attrs {
			out[key] = value
			if value == nil {
				delete(out, key)
			}
		}
	}
	return out
}

// otel is a call as the current OpenTelemetry conventions have it.
var otel = attributes{
	"gen_ai.operation.name":      "chat",
	"gen_ai.provider.name":       "openai",
	"gen_ai.request.model":       "gpt-4o",
	"gen_ai.response.model":      "gpt-4o-2024-08-06",
	"gen_ai.usage.input_tokens":  1000,
	"gen_ai.usage.output_tokens": 200,
	"gen_ai.agent.name":          "researcher",
	"server.address":             "api.openai.com",
}

// older is a call as the conventions before v1.37 have it.
var older = attributes{
	"gen_ai.system":                  "openai",
	"gen_ai.request.model":           "gpt-4o",
	"gen_ai.usage.prompt_tokens":     1000,
	"gen_ai.usage.completion_tokens": 200,
}

func langfuse(usage string) attributes {
	return attributes{
		"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o",
		"langfuse.observation.usage_details": usage,
	}
}

func TestFromSpanReads(t *testing.T) {
	plain := usage.Amounts{usage.Input: 1000, usage.Output: 200}
	for _, tt := range []struct {
		name  string
		attrs attributes
		want  Call
	}{
		{
			"OpenTelemetry", otel,
			Call{Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Usage: plain, Attribution: Attribution{Agent: "researcher"}},
		},
		{
			"OpenTelemetry, cached tokens within the input",
			with(otel, attributes{"gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.cache_creation.input_tokens": 100, "gen_ai.agent.name": nil}),
			Call{
				Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByConvention,
				Usage: usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 200},
			},
		},
		{
			"OpenTelemetry, more cached tokens than the input can hold",
			with(otel, attributes{"gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.agent.name": nil}),
			Call{
				Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByArithmetic,
				Usage: usage.Amounts{usage.Input: 10, usage.CacheRead: 600, usage.Output: 200},
			},
		},
		{
			"OpenTelemetry, reasoning is part of the output",
			with(otel, attributes{"gen_ai.usage.reasoning.output_tokens": 150, "gen_ai.agent.name": nil}),
			Call{Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByConvention, Usage: usage.Amounts{usage.Input: 1000, usage.Output: 50, usage.Reasoning: 150}},
		},
		{
			"OpenTelemetry, both kinds of cache writes",
			with(otel, attributes{
				"gen_ai.usage.cache_creation.input_tokens":              300,
				"gen_ai.usage.cache_creation.ephemeral_5m_input_tokens": 100,
				"gen_ai.usage.cache_creation.ephemeral_1h_input_tokens": 200,
				"gen_ai.agent.name": nil,
			}),
			Call{
				Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByConvention,
				Usage: usage.Amounts{usage.Input: 700, usage.CacheWrite: 100, usage.CacheWrite1h: 200, usage.Output: 200},
			},
		},
		{
			"an empty response model",
			with(otel, attributes{"gen_ai.response.model": " ", "gen_ai.agent.name": nil}),
			Call{Convention: "otel", Provider: "openai", Model: "gpt-4o", Usage: plain},
		},
		{
			"before v1.37", older,
			Call{Convention: "otel-older", Inferred: true, Provider: "openai", Model: "gpt-4o", Usage: plain},
		},
		{
			"OpenTelemetry, the newest names of parts",
			with(otel, attributes{
				"gen_ai.usage.cache_write.input_tokens": 100, "gen_ai.usage.audio.input_tokens": 30, "gen_ai.usage.image.input_tokens": 20,
				"gen_ai.usage.text.input_tokens": 950, "gen_ai.usage.audio.output_tokens": 50, "gen_ai.usage.image.output_tokens": 40,
				"gen_ai.agent.name": nil,
			}),
			Call{
				Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByConvention,
				Usage: usage.Amounts{usage.Input: 850, usage.CacheWrite: 100, usage.AudioInput: 30, usage.ImageInput: 20, usage.Output: 110, usage.AudioOutput: 50, usage.ImageOutput: 40},
			},
		},
		{
			"LangSmith's details, as Python writes them",
			with(otel, attributes{
				"langsmith.span.kind": "llm", "gen_ai.agent.name": nil,
				"gen_ai.usage.input_token_details":  "{'audio': None, 'cache_read': 600, 'cache_creation': 0, 'ephemeral_5m_input_tokens': 40, 'ephemeral_1h_input_tokens': 60}",
				"gen_ai.usage.output_token_details": "{'reasoning': 150}",
			}),
			Call{
				Convention: "langsmith", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByConvention,
				Usage: usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 40, usage.CacheWrite1h: 60, usage.Output: 50, usage.Reasoning: 150},
			},
		},
		{
			"LangSmith's details that make no sense: the whole is left",
			with(otel, attributes{"langsmith.span.kind": "llm", "gen_ai.agent.name": nil, "gen_ai.usage.input_token_details": "{'cache_read': -1}"}),
			Call{Convention: "langsmith", Provider: "openai", Model: "gpt-4o-2024-08-06", Usage: plain},
		},
		{
			"OpenLIT, which forwards Anthropic's counts under today's names",
			with(otel, attributes{
				"gen_ai.sdk.version": "0.87.0", "gen_ai.provider.name": "anthropic", "gen_ai.agent.name": nil,
				"gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.cache_creation.input_tokens": 100,
			}),
			Call{
				Convention: "openlit", Provider: "anthropic", Model: "gpt-4o-2024-08-06", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 200},
			},
		},
		{
			"OpenLIT, OpenAI's counts",
			with(otel, attributes{"gen_ai.sdk.version": "1.2.3", "gen_ai.agent.name": nil, "gen_ai.usage.cache_read.input_tokens": 600}),
			Call{
				Convention: "openlit", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 200},
			},
		},
		{
			"Strands of today, whose input includes the cached tokens",
			with(older, attributes{
				"gen_ai.system": "strands-agents", "gen_ai.operation.name": "chat", "gen_ai.usage.total_tokens": 1200,
				"gen_ai.usage.cache_read_input_tokens": 600, "gen_ai.usage.cache_write_input_tokens": 100,
			}),
			Call{
				Convention: "otel-older", Provider: "strands-agents", Model: "gpt-4o", Rule: ByTotal,
				Usage: usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 200},
			},
		},
		{
			"before v1.37, Anthropic's counts forwarded",
			with(older, attributes{"gen_ai.system": "anthropic", "gen_ai.operation.name": "chat", "gen_ai.usage.cache_read_input_tokens": 600}),
			Call{
				Convention: "otel-older", Provider: "anthropic", Model: "gpt-4o", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.Output: 200},
			},
		},
		{
			"before v1.37, OpenAI's counts forwarded",
			with(older, attributes{"gen_ai.usage.cache_read_input_tokens": 600}),
			Call{
				Convention: "otel-older", Inferred: true, Provider: "openai", Model: "gpt-4o", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 200},
			},
		},
		{
			"Strands on Bedrock, whose input excludes the cached tokens and whose total includes them",
			with(older, attributes{
				"gen_ai.system": "strands-agents", "gen_ai.operation.name": "chat",
				"gen_ai.usage.cache_read_input_tokens": 600, "gen_ai.usage.total_tokens": 1800,
			}),
			Call{
				Convention: "otel-older", Provider: "strands-agents", Model: "gpt-4o", Rule: ByTotal,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.Output: 200},
			},
		},
		{
			"OpenLLMetry, which adds Anthropic's cached tokens to the input",
			with(older, attributes{
				"gen_ai.system": "Anthropic", "llm.request.type": "completion", "gen_ai.usage.cache_read_input_tokens": 600,
				"gen_ai.usage.cache_creation_input_tokens": 100, "llm.usage.total_tokens": 1200,
			}),
			Call{
				Convention: "openllmetry", Provider: "Anthropic", Model: "gpt-4o", Rule: ByTotal,
				Usage: usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 200},
			},
		},
		{
			"OpenLLMetry on Bedrock, whose total leaves the cached tokens out",
			with(older, attributes{
				"gen_ai.system": "aws.bedrock", "llm.request.type": "chat", "gen_ai.usage.cache_read_input_tokens": 600,
				"llm.usage.total_tokens": 1200,
			}),
			Call{
				Convention: "openllmetry", Provider: "aws.bedrock", Model: "gpt-4o", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.Output: 200},
			},
		},
		{
			"LiteLLM's proxy of today, with its cost",
			with(otel, attributes{"litellm.call_id": "c", "litellm.cost.total": 0.0123, "gen_ai.agent.name": nil}),
			Call{
				Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Usage: plain, Reported: 0.0123, HasReported: true,
			},
		},
		{
			"LiteLLM's proxy, with its cost",
			with(otel, attributes{
				"llm.request.type": "acompletion", "gen_ai.operation.name": "acompletion", "gen_ai.provider.name": "bedrock",
				"gen_ai.usage.cache_read_input_tokens": 600, "gen_ai.cost.total_cost": 0.0123, "gen_ai.agent.name": nil,
			}),
			Call{
				Convention: "litellm", Provider: "bedrock", Model: "gpt-4o-2024-08-06", Rule: ByConvention,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 200}, Reported: 0.0123, HasReported: true,
			},
		},
		{
			"OpenInference",
			attributes{
				"openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "gpt-4o",
				"llm.token_count.prompt": 1000, "llm.token_count.completion": 200, "llm.token_count.total": 1200,
				"llm.token_count.prompt_details.cache_read": 600, "llm.token_count.prompt_details.audio": 50,
				"llm.token_count.completion_details.audio": 20, "llm.token_count.completion_details.reasoning": 30,
				"llm.cost.prompt": 0.001, "llm.cost.completion": 0.002,
			},
			Call{
				Convention: "openinference", Provider: "openai", Model: "gpt-4o", Rule: ByTotal,
				Usage:    usage.Amounts{usage.Input: 350, usage.CacheRead: 600, usage.Output: 150, usage.Reasoning: 30, usage.AudioInput: 50, usage.AudioOutput: 20},
				Reported: 0.003, HasReported: true,
			},
		},
		{
			"OpenInference, embedding",
			attributes{"openinference.span.kind": "EMBEDDING", "embedding.model_name": "text-embedding-3-small", "llm.token_count.prompt": 1000},
			Call{Convention: "openinference", Model: "text-embedding-3-small", Usage: usage.Amounts{usage.Input: 1000}},
		},
		{
			"Vercel AI SDK, version 5",
			attributes{
				"ai.operationId": "ai.streamText.doStream", "ai.model.provider": "openai.chat", "ai.model.id": "gpt-4o",
				"ai.response.model": "gpt-4o-2024-08-06", "ai.usage.inputTokens": 1000, "ai.usage.outputTokens": 200,
				"ai.usage.cachedInputTokens": 600, "ai.usage.totalTokens": 1200, "ai.usage.reasoningTokens": 20,
			},
			Call{
				Convention: "vercel-ai", Provider: "openai.chat", Model: "gpt-4o-2024-08-06", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 180, usage.Reasoning: 20},
			},
		},
		{
			"Vercel AI SDK, version 5, with Anthropic's counts",
			attributes{
				"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages", "ai.model.id": "claude-sonnet-4-5",
				"ai.usage.inputTokens": 1000, "ai.usage.outputTokens": 200, "ai.usage.cachedInputTokens": 600, "ai.usage.totalTokens": 1200,
				"ai.response.providerMetadata": `{"anthropic":{"usage":{"input_tokens":1000},"cacheCreationInputTokens":100}}`,
			},
			Call{
				Convention: "vercel-ai", Provider: "anthropic.messages", Model: "claude-sonnet-4-5", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 200},
			},
		},
		{
			"Vercel AI SDK, version 5, with Bedrock's counts",
			attributes{
				"ai.operationId": "ai.streamText.doStream", "ai.model.provider": "amazon-bedrock", "ai.model.id": "claude-sonnet-4-5",
				"ai.usage.inputTokens": 1000, "ai.usage.outputTokens": 200, "ai.usage.totalTokens": 1200,
				"ai.response.providerMetadata": `{"bedrock":{"usage":{"cacheWriteInputTokens":100}}}`,
			},
			Call{
				Convention: "vercel-ai", Provider: "amazon-bedrock", Model: "claude-sonnet-4-5", Rule: ByProvider,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheWrite: 100, usage.Output: 200},
			},
		},
		{
			"Vercel AI SDK, version 6, which adds Anthropic's up",
			attributes{
				"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic.messages", "ai.model.id": "claude-sonnet-4-5",
				"ai.usage.inputTokens": 1700, "ai.usage.inputTokenDetails.noCacheTokens": 1000, "ai.usage.inputTokenDetails.cacheReadTokens": 600,
				"ai.usage.inputTokenDetails.cacheWriteTokens": 100, "ai.usage.outputTokens": 200, "ai.usage.cachedInputTokens": 600,
				"ai.usage.outputTokenDetails.reasoningTokens": 20, "ai.usage.totalTokens": 1900,
				"ai.response.providerMetadata": `{"anthropic":{"cacheCreationInputTokens":100}}`,
			},
			Call{
				Convention: "vercel-ai", Provider: "anthropic.messages", Model: "claude-sonnet-4-5", Rule: ByConvention,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 180, usage.Reasoning: 20},
			},
		},
		{
			"Vercel AI SDK, version 4",
			attributes{
				"ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "anthropic", "ai.model.id": "gpt-4o",
				"ai.usage.promptTokens": 1000, "ai.usage.completionTokens": 200, "gen_ai.system": "anthropic.messages",
			},
			Call{Convention: "vercel-ai", Provider: "anthropic", Model: "gpt-4o", Usage: plain},
		},
		{
			"Langfuse's wrapper of OpenAI's completions",
			langfuse(`{"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
				"prompt_tokens_details": {"cached_tokens": 600, "audio_tokens": 50}, "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 0}}`),
			Call{
				Convention: "langfuse", Model: "gpt-4o", Rule: ByTotal,
				Usage: usage.Amounts{usage.Input: 350, usage.CacheRead: 600, usage.AudioInput: 50, usage.Output: 180, usage.Reasoning: 20},
			},
		},
		{
			"Langfuse's wrapper of OpenAI's responses",
			langfuse(`{"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200,
				"input_tokens_details": {"cached_tokens": 600}, "output_tokens_details": {"reasoning_tokens": 20}}`),
			Call{
				Convention: "langfuse", Model: "gpt-4o", Rule: ByTotal,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 180, usage.Reasoning: 20},
			},
		},
		{
			"Langfuse, Anthropic's answer",
			langfuse(`{"input_tokens": 1000, "output_tokens": 200, "cache_read_input_tokens": 600, "cache_creation_input_tokens": 100}`),
			Call{
				Convention: "langfuse", Model: "gpt-4o", Rule: ByObject,
				Usage: usage.Amounts{usage.Input: 1000, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 200},
			},
		},
		{
			"Langfuse's handler of LangChain",
			langfuse(`{"input": 300, "output": 180, "total": 1200, "input_cache_read": 600, "input_cache_creation": 0,
				"input_ephemeral_5m_input_tokens": 40, "input_ephemeral_1h_input_tokens": 60, "output_reasoning": 20}`),
			Call{
				Convention: "langfuse", Model: "gpt-4o", Rule: ByTotal,
				Usage: usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 40, usage.CacheWrite1h: 60, usage.Output: 180, usage.Reasoning: 20},
			},
		},
		{
			"Langfuse",
			attributes{
				"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o",
				"langfuse.observation.usage_details": `{"input": 400, "input_cached_tokens": 600, "output": 180, "output_reasoning_tokens": 20, "total": 1200}`,
				"langfuse.observation.cost_details":  `{"input": 0.001, "output": 0.002}`,
			},
			Call{
				Convention: "langfuse", Model: "gpt-4o", Rule: ByTotal,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 180, usage.Reasoning: 20}, Reported: 0.003, HasReported: true,
			},
		},
		{
			"Langfuse around another instrumentation",
			with(otel, attributes{"langfuse.observation.type": "generation", "gen_ai.agent.name": nil}),
			Call{Convention: "langfuse", Provider: "openai", Model: "gpt-4o-2024-08-06", Usage: plain},
		},
		{
			"Langfuse, whose total cost is not added to its parts",
			attributes{
				"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o",
				"langfuse.observation.usage_details": `{"input": 1000, "output": 200}`,
				"langfuse.observation.cost_details":  `{"input": 0.001, "output": 0.002, "total": 0.003}`,
			},
			Call{Convention: "langfuse", Model: "gpt-4o", Usage: plain, Reported: 0.003, HasReported: true},
		},
		{
			"Logfire and Pydantic AI",
			with(otel, attributes{
				"gen_ai.usage.details.cache_read_tokens": 600, "operation.cost": 0.004, "gen_ai.agent.name": nil,
			}),
			Call{
				Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Rule: ByConvention,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 200}, Reported: 0.004, HasReported: true,
			},
		},
		{
			"LangSmith",
			with(otel, attributes{"langsmith.span.kind": "llm", "gen_ai.operation.name": nil, "gen_ai.agent.name": nil}),
			Call{Convention: "langsmith", Provider: "openai", Model: "gpt-4o-2024-08-06", Usage: plain},
		},
		{
			"Arc",
			attributes{
				"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1000,
				"gen_ai.usage.output_tokens": 200, "status": "success", "cost_dollars": 0.0045, "user_id": "u1",
			},
			Call{Convention: "otel", Model: "gpt-4o", Attribution: Attribution{User: "u1"}, Usage: plain, Reported: 0.0045, HasReported: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call, outcome, reason := FromSpan(newSpan(t, tt.attrs))
			require.Equal(t, IsCall, outcome, reason)
			assert.Empty(t, reason)
			tt.want.Status, tt.want.HasUsage = Success, true
			assert.InDelta(t, tt.want.Reported, call.Reported, 1e-12)
			call.Reported = tt.want.Reported
			assert.Equal(t, tt.want, essential(call))
		})
	}
}

// essential is the call without what tests of their own check.
func essential(call Call) Call {
	call.Stated, call.Totals, call.Operation, call.ResponseID = 0, Totals{}, "", ""
	call.RequestModel, call.ServiceTier, call.readings = "", "", nil
	return call
}

func TestFromSpanIsNotACall(t *testing.T) {
	for _, tt := range []struct {
		name  string
		attrs attributes
	}{
		{"no attributes", nil},
		{"another span", attributes{"http.request.method": "GET", "url.full": "https://example.com", "model": "gpt-4o", "input_tokens": 3}},
		{"keys that only begin alike", attributes{"gen_ai": "x", "ai": "x", "llm": "x", "gen_aix.system": "x", "lla": "x"}},
		{"an agent's sum", with(otel, attributes{"gen_ai.operation.name": "invoke_agent"})},
		{"a new agent", with(otel, attributes{"gen_ai.operation.name": "create_agent"})},
		{"a workflow's sum", with(otel, attributes{"gen_ai.operation.name": "invoke_workflow"})},
		{"a turn of a conversation", with(otel, attributes{"gen_ai.operation.name": "handle_conversation_turn", "gen_ai.invocation.is_nested": false})},
		{"speech of a user", with(otel, attributes{"gen_ai.operation.name": "user_speech"})},
		{"a tool", with(otel, attributes{"gen_ai.operation.name": "execute_tool"})},
		{"a retrieval", with(otel, attributes{"gen_ai.operation.name": "retrieval"})},
		{"before v1.37, without a model", with(older, attributes{"gen_ai.request.model": nil})},
		{"an operation nobody knows, without usage", attributes{"gen_ai.operation.name": "evaluate", "gen_ai.request.model": "gpt-4o"}},
		{"a stored response that was fetched", with(otel, attributes{"gen_ai.operation.name": "fetch_response"})},
		{"a memory that was searched", attributes{"gen_ai.operation.name": "search_memory"}},
		{"MLflow's chain", attributes{"mlflow.spanType": `"CHAIN"`, "mlflow.chat.tokenUsage": `{"input_tokens": 3}`}},
		{"Claude Code's interaction", attributes{"span.type": "interaction", "input_tokens": 3}},
		{"before v1.37, without tokens", with(older, attributes{"gen_ai.usage.prompt_tokens": nil, "gen_ai.usage.completion_tokens": nil})},
		{"Traceloop's workflow", with(otel, attributes{"traceloop.span.kind": "workflow"})},
		{"Traceloop's agent", with(older, attributes{"traceloop.span.kind": "agent"})},
		{"OpenLLMetry's unknown", with(older, attributes{"llm.request.type": "unknown"})},
		{"OpenInference's chain", with(otel, attributes{"openinference.span.kind": "CHAIN"})},
		{"OpenInference's agent", with(otel, attributes{"openinference.span.kind": "AGENT"})},
		{"OpenInference's retriever", attributes{"openinference.span.kind": "RETRIEVER", "llm.token_count.prompt": 3}},
		{"the outer span of the Vercel AI SDK", attributes{"ai.operationId": "ai.streamText", "ai.model.id": "gpt-4o", "ai.usage.inputTokens": 3}},
		{"Langfuse's agent", with(otel, attributes{"langfuse.observation.type": "agent"})},
		{"LangSmith's chain", with(otel, attributes{"langsmith.span.kind": "chain"})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call, outcome, reason := FromSpan(newSpan(t, tt.attrs))
			assert.Contains(t, []Outcome{NotACall, Aggregate}, outcome)
			assert.Empty(t, reason)
			assert.Equal(t, Call{Convention: call.Convention, Attribution: call.Attribution, Model: call.Model, Provider: call.Provider}, call)
		})
	}
}

func TestCounts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		want  int64 // negative: it makes no sense
	}{
		{"integer", 12, 12},
		{"zero", 0, 0},
		{"double", 12.0, 12},
		{"digits", "12", 12},
		{"the most", int64(maxTokens), maxTokens},
		{"the most in digits", "1000000000", maxTokens},
		{"a double in digits", "1000.0", 1000},
		{"negative", -1, -1},
		{"above the most", int64(maxTokens + 1), -1},
		{"the largest integer", int64(math.MaxInt64), -1},
		{"negative double", -0.5, -1},
		{"fraction", 12.5, -1},
		{"NaN", math.NaN(), -1},
		{"infinite", math.Inf(1), -1},
		{"a huge double", 1e300, -1},
		{"huge digits", "99999999999999999999999", -1},
		{"signed digits", "-3", -1},
		{"words", "many", -1},
		{"an empty text", "", -1},
		{"a boolean", true, -1},
		{"a list", []any{1}, -1},
	} {
		for _, key := range []string{"gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"} {
			t.Run(tt.name+" "+key, func(t *testing.T) {
				call, outcome, reason := FromSpan(newSpan(t, with(otel, attributes{key: tt.value})))
				if tt.want < 0 {
					assert.Equal(t, IsCall, outcome, "a senseless number does not lose the call")
					assert.Empty(t, reason)
					if tt.value != "" {
						assert.Equal(t, ReasonBadTokens, call.Problem)
						assert.False(t, call.HasUsage)
						assert.Zero(t, call.Usage)
					}
					return
				}
				require.Equal(t, IsCall, outcome)
				if key == "gen_ai.usage.input_tokens" {
					assert.Equal(t, tt.want, call.Usage[usage.Input])
				} else {
					assert.Equal(t, tt.want, call.Usage[usage.Output])
				}
			})
		}
	}
}

// What makes no sense is left out, and the call is there all the same.
func TestProblems(t *testing.T) {
	langfuse := attributes{"langfuse.observation.type": "generation", "langfuse.observation.model.name": "m"}
	for _, tt := range []struct {
		name     string
		attrs    attributes
		problem  string
		hasUsage bool
	}{
		{"long model", with(otel, attributes{"gen_ai.response.model": strings.Repeat("m", MaxModelLength+1)}), ReasonModelTooLong, true},
		{"bad cached tokens", with(otel, attributes{"gen_ai.usage.cache_read.input_tokens": -1}), "", true},
		{"cached tokens in words", with(otel, attributes{"gen_ai.usage.cache_read.input_tokens": "None"}), "", true},
		{"bad reasoning tokens", with(otel, attributes{"gen_ai.usage.reasoning_tokens": -315}), "", true},
		{"a bad total", with(otel, attributes{"gen_ai.usage.total_tokens": -1}), "", true},
		{"Langfuse's counts are no object", with(langfuse, attributes{"langfuse.observation.usage_details": "many"}), "", false},
		{"Langfuse's count is negative", with(langfuse, attributes{"langfuse.observation.usage_details": `{"input": -1}`}), "", false},
		{"Langfuse's cached count is negative", with(langfuse, attributes{"langfuse.observation.usage_details": `{"input": 7, "output": 3, "input_cached_tokens": -1}`}), "", true},
		{"Langfuse's counts are too long", with(langfuse, attributes{"langfuse.observation.usage_details": `{"input": 1}` + strings.Repeat(" ", maxJSON)}), "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call, outcome, reason := FromSpan(newSpan(t, tt.attrs))
			assert.Equal(t, IsCall, outcome, reason)
			assert.Equal(t, tt.problem, call.Problem)
			assert.Equal(t, tt.hasUsage, call.HasUsage)
			assert.LessOrEqual(t, len(call.Model), MaxModelLength)
			assert.True(t, utf8.ValidString(call.Model))
		})
	}
	t.Run("the longest model", func(t *testing.T) {
		call, outcome, _ := FromSpan(newSpan(t, with(otel, attributes{"gen_ai.response.model": strings.Repeat("m", MaxModelLength)})))
		assert.Equal(t, IsCall, outcome)
		assert.Empty(t, call.Problem)
	})
}

// A call without a model counts under the one that was requested, wherever that is,
// or else as unknown.
func TestModelUnknown(t *testing.T) {
	noModel := with(otel, attributes{"gen_ai.request.model": nil, "gen_ai.response.model": nil})
	noUsage := attributes{"gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil}
	failed := with(with(noModel, noUsage), attributes{"error.type": "x"})
	llm := attributes{"openinference.span.kind": "LLM", "error.type": "x"}
	for _, tt := range []struct {
		name  string
		attrs attributes
		want  string
	}{
		{"with usage", noModel, UnknownModel},
		{"failed", failed, UnknownModel},
		{"blank", with(noModel, attributes{"gen_ai.request.model": " ", "gen_ai.response.model": ""}), UnknownModel},
		{"not a text", with(noModel, attributes{"gen_ai.request.model": 4}), UnknownModel},
		{"the one requested", with(failed, attributes{"gen_ai.request.model": "gpt-4o"}), "gpt-4o"},
		{"in OpenInference's parameters", with(llm, attributes{"llm.invocation_parameters": `{"model": "gpt-4o"}`}), "gpt-4o"},
		{"in OpenInference's parameters, as Bedrock has it", with(llm, attributes{"llm.invocation_parameters": `{"modelId": "amazon.nova-lite-v1:0"}`}), "amazon.nova-lite-v1:0"},
		{"in OpenInference's input", with(llm, attributes{"input.value": `{"model": "mistral-small-latest", "messages": []}`}), "mistral-small-latest"},
		{"in Logfire's request", with(failed, attributes{"request_data": `{"model": "gpt-4o"}`}), "gpt-4o"},
		{"in MLflow's attribute", with(failed, attributes{"model": `"gpt-4o"`}), "gpt-4o"},
		{"in MLflow's inputs", attributes{"mlflow.spanType": `"LLM"`, "status": "error", "mlflow.spanInputs": `{"model": "gpt-4o"}`}, "gpt-4o"},
		{"parameters that are not an object", with(llm, attributes{"llm.invocation_parameters": `[1, 2]`}), UnknownModel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call, outcome, reason := FromSpan(newSpan(t, tt.attrs))
			require.Equal(t, IsCall, outcome, reason)
			assert.Equal(t, tt.want, call.Model)
			assert.Equal(t, tt.want == UnknownModel, call.ModelUnknown)
		})
	}
	t.Run("nothing at all", func(t *testing.T) {
		call, outcome, reason := FromSpan(newSpan(t, with(noModel, noUsage)))
		assert.Equal(t, Invalid, outcome)
		assert.Equal(t, ReasonEmptyModel, reason)
		assert.Equal(t, Call{Convention: "otel"}, call)
	})
}

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		name  string
		code  ptrace.StatusCode
		attrs attributes
		want  Status
	}{
		{"unset", ptrace.StatusCodeUnset, nil, Success},
		{"ok", ptrace.StatusCodeOk, nil, Success},
		{"failed", ptrace.StatusCodeError, nil, Error},
		{"a type of error", ptrace.StatusCodeUnset, attributes{"error.type": "rate_limit_exceeded"}, Error},
		{"status attribute", ptrace.StatusCodeUnset, attributes{"status": "error"}, Error},
		{"a success that failed", ptrace.StatusCodeError, attributes{"status": "success"}, Error},
		{"timeout as type", ptrace.StatusCodeError, attributes{"error.type": "timeout"}, Timeout},
		{"timeout as exception", ptrace.StatusCodeError, attributes{"error.type": "openai.APITimeoutError"}, Timeout},
		{"timeout as gRPC has it", ptrace.StatusCodeError, attributes{"error.type": "DEADLINE_EXCEEDED"}, Timeout},
		{"timeout as status", ptrace.StatusCodeUnset, attributes{"status": "timeout"}, Timeout},
		{"timeout as status of an error", ptrace.StatusCodeError, attributes{"status": "timeout", "error.type": "x"}, Timeout},
		{"a status that is no text", ptrace.StatusCodeUnset, attributes{"status": 500}, Success},
	} {
		t.Run(tt.name, func(t *testing.T) {
			span := newSpan(t, with(otel, tt.attrs))
			span.Status().SetCode(tt.code)
			call, outcome, _ := FromSpan(span)
			require.Equal(t, IsCall, outcome)
			assert.Equal(t, tt.want, call.Status)
		})
	}
}

func TestReported(t *testing.T) {
	for _, tt := range []struct {
		name  string
		attrs attributes
		want  float64 // negative: none
	}{
		{"none", nil, -1},
		{"double", attributes{"gen_ai.usage.cost": 0.25}, 0.25},
		{"integer", attributes{"gen_ai.usage.cost": 2}, 2},
		{"text", attributes{"gen_ai.usage.cost": "0.25"}, 0.25},
		{"zero: of a tool that has no price", attributes{"gen_ai.usage.cost": 0.0}, -1},
		{"the newest key", attributes{"gen_ai.usage.cost": 0.25, "operation.cost": 0.5, "cost_dollars": 1.0}, 0.25},
		{"negative", attributes{"gen_ai.usage.cost": -0.25}, -1},
		{"NaN", attributes{"gen_ai.usage.cost": math.NaN()}, -1},
		{"infinite", attributes{"gen_ai.usage.cost": "Inf"}, -1},
		{"words", attributes{"gen_ai.usage.cost": "free"}, -1},
		{"long text", attributes{"gen_ai.usage.cost": strings.Repeat("1", 33)}, -1},
		{"a boolean", attributes{"gen_ai.usage.cost": true}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			call, outcome, _ := FromSpan(newSpan(t, with(otel, tt.attrs)))
			require.Equal(t, IsCall, outcome)
			assert.Equal(t, tt.want >= 0, call.HasReported)
			if tt.want >= 0 {
				assert.Equal(t, tt.want, call.Reported)
			}
		})
	}
}

func TestCallWithoutTokens(t *testing.T) {
	call, outcome, _ := FromSpan(newSpan(t, with(otel, attributes{"gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil})))
	assert.Equal(t, IsCall, outcome)
	assert.False(t, call.HasUsage)
}

// A total alone cannot be priced.
func TestWhatIsUsage(t *testing.T) {
	none := attributes{"gen_ai.usage.input_tokens": nil, "gen_ai.usage.output_tokens": nil}
	for key, want := range map[string]bool{
		"gen_ai.usage.input_tokens":            true,
		"gen_ai.usage.output_tokens":           true,
		"gen_ai.usage.total_tokens":            false,
		"gen_ai.usage.cache_read.input_tokens": true,
	} {
		call, outcome, _ := FromSpan(newSpan(t, with(with(otel, none), attributes{key: 1})))
		assert.Equal(t, IsCall, outcome, key)
		assert.Equal(t, want, call.HasUsage, key)
		call, _, _ = FromSpan(newSpan(t, with(with(otel, none), attributes{key: 0})))
		assert.False(t, call.HasUsage, "%s: a success that used nothing is one whose usage is unknown", key)
	}
	langfuse := attributes{"langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o"}
	absent := with(langfuse, attributes{"langfuse.observation.usage_details": `{"input": null}`})
	call, _, _ := FromSpan(newSpan(t, absent))
	assert.False(t, call.HasUsage, "null")
	reported := with(langfuse, attributes{"langfuse.observation.usage_details": `{"output": 7}`})
	call, _, _ = FromSpan(newSpan(t, reported))
	assert.True(t, call.HasUsage)
	assert.Equal(t, usage.Amounts{usage.Output: 7}, call.Usage)
}

// Keys are found at any position, among any number of others, and whatever keys the
// span before had at these positions.
func TestKeysAreFoundAnywhere(t *testing.T) {
	want, _, _ := FromSpan(newSpan(t, otel))
	for others := range 50 {
		span := ptrace.NewSpan()
		for i := range others {
			span.Attributes().PutInt(fmt.Sprintf("app.other.%d", i), int64(i))
		}
		for _, key := range slices.Sorted(maps.Keys(otel)) {
			require.NoError(t, span.Attributes().PutEmpty(key).FromRaw(otel[key]))
		}
		got, outcome, _ := FromSpan(span)
		assert.Equal(t, IsCall, outcome)
		assert.Equal(t, want, got, "after %d others", others)
	}
}

// A response from the application's cache used nothing and is known to have cost
// nothing, even if the span has the tokens of the call that filled the cache.
func TestCacheHitIsFree(t *testing.T) {
	for _, key := range []string{"litellm.cache_hit", "cache.hit"} {
		for _, hit := range []any{true, "true"} {
			call, outcome, _ := FromSpan(newSpan(t, with(otel, attributes{key: hit})))
			assert.Equal(t, IsCall, outcome)
			assert.True(t, call.Free && call.HasUsage, key)
			assert.Zero(t, call.Usage, key)
		}
		call, _, _ := FromSpan(newSpan(t, with(otel, attributes{key: false})))
		assert.False(t, call.Free, key)
		assert.EqualValues(t, 1000, call.Usage[usage.Input], key)
	}
}

// ofType are the attributes of a point of that type of tokens.
func ofType(kind string) pcommon.Map {
	attributes := pcommon.NewMap()
	attributes.PutStr("gen_ai.token.type", kind)
	return attributes
}

func TestUsageOfMetrics(t *testing.T) {
	source := MetricSourceOf("gen_ai.client.token.usage")
	require.NotNil(t, source)
	u := source.Usage()
	assert.True(t, u.Empty())
	assert.False(t, u.Add(source.Name, ofType("input"), -1, 1))
	assert.False(t, u.Add(source.Name, ofType("input"), 1, -1))
	assert.False(t, u.Add(source.Name, ofType("embedding"), 1, 1), "no type that is known")
	assert.True(t, u.Empty(), "what makes no sense adds nothing")
	assert.True(t, u.Add(source.Name, ofType("input"), 1000, 0), "of calls that nobody counted")
	assert.False(t, u.Empty())
	assert.True(t, u.Add(source.Name, ofType("input"), 500, 2))
	assert.True(t, u.Add(source.Name, ofType("output"), 70, 2), "the same calls")
	assert.EqualValues(t, 2, u.Calls)
	call, outcome, _ := u.Call(newSpan(t, attributes{"gen_ai.request.model": "gpt-4o"}).Attributes())
	assert.Equal(t, IsCall, outcome)
	assert.Equal(t, usage.Amounts{usage.Input: 1500, usage.Output: 70}, call.Usage)
	assert.Nil(t, MetricSourceOf("gen_ai.client.operation.duration"))

	calls := source.Usage()
	assert.True(t, calls.Add(source.Name, ofType("input"), 0, 3))
	assert.False(t, calls.Empty(), "calls of no tokens")
}

func TestFromLog(t *testing.T) {
	claude := attributes{
		"event.name": "api_request", "model": "claude-sonnet-4-5", "input_tokens": "10", "output_tokens": "200",
		"cache_read_tokens": "600", "cache_creation_tokens": "100", "cost_usd": "0.0041", "duration_ms": "1500",
	}
	claudeCall := Call{
		Convention: "claude-code", Shared: true, Model: "claude-sonnet-4-5", HasUsage: true, Rule: ByArithmetic, Status: Success,
		Usage:    usage.Amounts{usage.Input: 10, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 200},
		Reported: 0.0041, HasReported: true, Duration: 1500 * time.Millisecond,
	}
	gemini := attributes{
		"event.name": "gemini_cli.api_response", "model": "gemini-2.5-pro", "input_token_count": 1000, "output_token_count": 200,
		"cached_content_token_count": 600, "thoughts_token_count": 50, "tool_token_count": 30, "total_token_count": 1280, "duration_ms": 900,
	}
	for _, tt := range []struct {
		name  string
		event string
		body  string
		attrs attributes
		want  Call // zero: not a call
	}{
		{
			"Arc", "arc.llm.call", "",
			attributes{
				"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1000,
				"gen_ai.usage.output_tokens": 200, "duration_seconds": 1.25, "status": "timeout", "error.type": "timeout",
				"cost_dollars": 0.0045, "gen_ai.agent.name": "researcher",
			},
			Call{
				Convention: "arc", Model: "gpt-4o", Usage: usage.Amounts{usage.Input: 1000, usage.Output: 200}, HasUsage: true, Status: Timeout, ErrorType: "timeout",
				Attribution: Attribution{Agent: "researcher"}, Reported: 0.0045, HasReported: true, Duration: 1250 * time.Millisecond,
			},
		},
		{
			"OpenTelemetry", "gen_ai.client.inference.operation.details", "", otel,
			Call{
				Convention: "otel", Provider: "openai", Model: "gpt-4o-2024-08-06", Usage: usage.Amounts{usage.Input: 1000, usage.Output: 200},
				HasUsage: true, Status: Success, Attribution: Attribution{Agent: "researcher"},
			},
		},
		{"OpenTelemetry, an agent's", "gen_ai.client.inference.operation.details", "", with(otel, attributes{"gen_ai.operation.name": "invoke_agent"}), Call{}},
		{"Claude Code", "", "claude_code.api_request", claude, claudeCall},
		{"Claude Code by its body", "", "claude_code.api_request", with(claude, attributes{"event.name": nil}), claudeCall},
		{
			"Claude Code, the input excludes cached tokens, however few", "", "",
			with(claude, attributes{"input_tokens": "5000"}),
			func() Call {
				c := claudeCall
				c.Rule, c.Usage[usage.Input] = ByConvention, 5000
				return c
			}(),
		},
		{
			"Claude Code since it divides what was written", "", "",
			with(claude, attributes{"cache_creation_5m_tokens": "30", "cache_creation_1h_tokens": "70"}),
			func() Call {
				c := claudeCall
				c.Usage[usage.CacheWrite], c.Usage[usage.CacheWrite1h] = 30, 70
				return c
			}(),
		},
		{"somebody else's api_request", "api_request", "", attributes{"model": "T"}, Call{}},
		{"another event of Claude Code", "", "claude_code.tool_result", with(claude, attributes{"event.name": "tool_result"}), Call{}},
		{
			"Gemini CLI", "", "API response from gemini-2.5-pro", gemini,
			Call{
				Convention: "gemini-cli", Shared: true, Model: "gemini-2.5-pro", HasUsage: true, Rule: ByTotal, Status: Success,
				Usage: usage.Amounts{usage.Input: 430, usage.CacheRead: 600, usage.Output: 200, usage.Reasoning: 50}, Duration: 900 * time.Millisecond,
			},
		},
		{
			"Gemini CLI, a total that thoughts do not fit into", "", "",
			with(gemini, attributes{"total_token_count": 1200}),
			Call{
				Convention: "gemini-cli", Shared: true, Model: "gemini-2.5-pro", HasUsage: true, Rule: ByTotal, Status: Success,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 150, usage.Reasoning: 50}, Duration: 900 * time.Millisecond,
			},
		},
		{
			"Gemini CLI, the same call once more", "", "",
			with(otel, attributes{"event.name": "gen_ai.client.inference.operation.details", "installation.id": "i", "gen_ai.operation.name": "generate_content"}),
			Call{},
		},
		{
			"Codex", "", "",
			attributes{
				"event.name": "codex.sse_event", "event.kind": "response.completed", "model": "gpt-5", "input_token_count": "1000",
				"output_token_count": "200", "cached_token_count": "600", "reasoning_token_count": "150", "tool_token_count": "1200",
			},
			Call{
				Convention: "codex", Shared: true, ByService: true, Model: "gpt-5", HasUsage: true, Rule: ByConvention, Status: Success,
				Usage: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 50, usage.Reasoning: 150},
			},
		},
		{"another event of Codex", "", "", attributes{"event.name": "codex.sse_event", "event.kind": "response.created", "model": "gpt-5"}, Call{}},
		{"a line of text", "", "gpt-4o responded", attributes{"model": "gpt-4o", "input_tokens": 3}, Call{}},
		{"an event name that is no text", "", "", attributes{"event.name": 4}, Call{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			record := plog.NewLogRecord()
			record.SetEventName(tt.event)
			record.Body().SetStr(tt.body)
			require.NoError(t, record.Attributes().FromRaw(tt.attrs))
			call, outcome, reason := FromLog(record)
			assert.Empty(t, reason)
			if outcome == Aggregate {
				call = Call{}
			}
			assert.Equal(t, tt.want, essential(call))
			assert.Equal(t, tt.want != Call{}, outcome == IsCall)
		})
	}
}

func TestLogDuration(t *testing.T) {
	for _, tt := range []struct {
		name  string
		value any
		want  time.Duration
	}{
		{"double", 0.5, 500 * time.Millisecond},
		{"integer", 2, 2 * time.Second},
		{"text", "2.5", 2500 * time.Millisecond},
		{"negative", -1.0, 0},
		{"NaN", math.NaN(), 0},
		{"longer than a duration can be", 1e300, 0},
		{"words", "long", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			record := plog.NewLogRecord()
			record.SetEventName("arc.llm.call")
			require.NoError(t, record.Attributes().FromRaw(with(otel, attributes{"duration_seconds": tt.value})))
			call, outcome, _ := FromLog(record)
			require.Equal(t, IsCall, outcome)
			assert.Equal(t, tt.want, call.Duration)
		})
	}
}

// usedReader has read all that the tests before read, and must read like a new one.
var usedReader Reader

// FromSpan reads a span by itself.
func FromSpan(span ptrace.Span) (call Call, outcome Outcome, reason string) {
	return same(func(r *Reader, call *Call) (Outcome, string) {
		return r.Span(anyScope, span, call)
	})
}

// FromLog reads a log record by itself.
func FromLog(record plog.LogRecord) (call Call, outcome Outcome, reason string) {
	return same(func(r *Reader, call *Call) (Outcome, string) {
		return r.Log(anyScope, record, call)
	})
}

// anyScope is that of no instrumentation that is known.
var anyScope = pcommon.NewInstrumentationScope()

func same(read func(*Reader, *Call) (Outcome, string)) (call Call, outcome Outcome, reason string) {
	outcome, reason = read(new(Reader), &call)
	var again Call
	outcomeAgain, reasonAgain := read(&usedReader, &again)
	if !assert.ObjectsAreEqual(again, call) || outcomeAgain != outcome || reasonAgain != reason {
		panic(fmt.Sprintf("a reader that has read others reads %+v (%v %s), not %+v (%v %s)", again, outcomeAgain, reasonAgain, call, outcome, reason))
	}
	return call, outcome, reason
}
