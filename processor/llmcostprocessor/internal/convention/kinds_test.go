// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// outcomeOf reads a span of that name.
func outcomeOf(t *testing.T, name string, attrs attributes, change ...func(ptrace.Span)) (Outcome, Call) {
	t.Helper()
	span := newSpan(t, attrs)
	span.SetName(name)
	for _, f := range change {
		f(span)
	}
	var r Reader
	var call Call
	outcome, _ := r.Span(anyScope, span, &call)
	return outcome, call
}

// Vendors have markers of their own, in the cases of their languages, and beside the name of
// the operation.
func TestKindsOfSpans(t *testing.T) {
	used := attributes{"gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 300}
	for name, tt := range map[string]struct {
		attrs attributes
		want  Outcome
	}{
		"LoongSuite's model":                    {attributes{"gen_ai.span.kind": "LLM", "gen_ai.operation.name": "chat"}, IsCall},
		"LoongSuite's embeddings":               {attributes{"gen_ai.span.kind": "EMBEDDING"}, IsCall},
		"LoongSuite's entry":                    {attributes{"gen_ai.span.kind": "ENTRY", "gen_ai.operation.name": "enter"}, Aggregate},
		"LoongSuite's step":                     {attributes{"gen_ai.span.kind": "STEP", "gen_ai.operation.name": "react"}, Aggregate},
		"LoongSuite's agent, of a chat":         {attributes{"gen_ai.span.kind": "AGENT", "gen_ai.operation.name": "chat"}, Aggregate},
		"LoongSuite's other dialect":            {attributes{"gen_ai.span_kind_name": "CHAIN"}, Aggregate},
		"the other dialect's model":             {attributes{"gen_ai.span_kind_name": "LLM"}, IsCall},
		"a workflow in lower case":              {attributes{"gen_ai.span.kind": "workflow"}, Aggregate},
		"a model in lower case":                 {attributes{"gen_ai.span.kind": "llm"}, IsCall},
		"Dify's generation":                     {attributes{"gen_ai.span.kind": "GENERATION"}, IsCall},
		"OpenInference's agent in lower case":   {attributes{"openinference.span.kind": "agent"}, Aggregate},
		"OpenInference's chain, capitalized":    {attributes{"openinference.span.kind": "Chain"}, Aggregate},
		"LangSmith's chain in upper case":       {attributes{"langsmith.span.kind": "CHAIN"}, Aggregate},
		"LangSmith's model in upper case":       {attributes{"langsmith.span.kind": "LLM"}, IsCall},
		"Langfuse's agent in upper case":        {attributes{"langfuse.observation.type": "AGENT"}, Aggregate},
		"AgentOps' session":                     {attributes{"agentops.span.kind": "session"}, Aggregate},
		"AgentOps' agent":                       {attributes{"agentops.span.kind": "agent"}, Aggregate},
		"AgentOps' agent in a step":             {attributes{"agentops.span.kind": "agent.action"}, Aggregate},
		"AgentOps' operation":                   {attributes{"agentops.span.kind": "operation"}, Aggregate},
		"AgentOps' model":                       {attributes{"agentops.span.kind": "llm"}, IsCall},
		"AG2's conversation":                    {attributes{"gen_ai.operation.name": "conversation", "ag2.span.type": "conversation"}, Aggregate},
		"Braintrust's task":                     {attributes{"braintrust.span_attributes": `{"type":"task","name":"x"}`}, Aggregate},
		"Braintrust's model":                    {attributes{"braintrust.span_attributes": `{"name":"x","type":"llm"}`}, IsCall},
		"Braintrust's model, a key of its own":  {attributes{"braintrust.span_attributes.type": "llm"}, IsCall},
		"Braintrust's eval, a key of its own":   {attributes{"braintrust.span_attributes.type": "eval"}, Aggregate},
		"Braintrust's, of which nothing is set": {attributes{"braintrust.span_attributes": `{"exec_counter":3}`}, IsCall},
		"Gemini's CLI, whose event counts":      {attributes{"gen_ai.operation.name": "llm_call", "gen_ai.prompt.name": "p"}, Aggregate},
		"another's call of that name":           {attributes{"gen_ai.operation.name": "llm_call"}, IsCall},
	} {
		t.Run(name, func(t *testing.T) {
			outcome, _ := outcomeOf(t, "x", with(used, tt.attrs))
			assert.Equal(t, tt.want, outcome)
		})
	}
}

// Braintrust's SDKs for Go, Java and Ruby have no key of the conventions.
func TestBraintrust(t *testing.T) {
	span := attributes{
		"braintrust.parent": "project_name:shop", "braintrust.span_attributes": `{"type":"llm"}`, "braintrust.output_json": "[]",
		"braintrust.metadata": `{"provider":"openai","model":"gpt-5","service_tier":"priority"}`,
		"braintrust.metrics":  `{"prompt_tokens":1000,"completion_tokens":300,"tokens":1300,"prompt_cached_tokens":600,"completion_reasoning_tokens":80,"time_to_first_token":0.2}`,
	}
	call := readAs(t, "openai", span)
	assert.Equal(t, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}, call.Usage)
	assert.Equal(t, "gpt-5", call.Model)
	assert.Equal(t, "priority", call.ServiceTier)
	call = readAs(t, "anthropic", with(span, attributes{
		"braintrust.metadata": `{"provider":"anthropic","model":"claude-sonnet-4-5"}`,
		"braintrust.metrics":  `{"prompt_tokens":1100,"completion_tokens":300,"tokens":1400,"prompt_cached_tokens":600,"prompt_cache_creation_tokens":100}`,
	}))
	assert.Equal(t, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 300}, call.Usage)
	outcome, call := outcomeOf(t, "Chat Completion", with(span, attributes{"braintrust.metrics": nil}), failed)
	assert.Equal(t, IsCall, outcome)
	assert.Equal(t, []any{"gpt-5", Error, false}, []any{call.Model, call.Status, call.HasUsage})
}

func failed(span ptrace.Span) { span.Status().SetCode(ptrace.StatusCodeError) }

// To Langfuse a span is a generation that names a model or what was used.
func TestLangfuseWithoutType(t *testing.T) {
	counts := `{"input":400,"output":300,"input_cached_tokens":600}`
	want := usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 300}
	for name, attrs := range map[string]attributes{
		"its keys":               {"langfuse.observation.model.name": "gpt-4o", "langfuse.observation.usage_details": counts},
		"the conventions' model": {"gen_ai.request.model": "gpt-4o", "langfuse.observation.usage_details": counts},
	} {
		call := readAs(t, "app", attrs)
		assert.Equal(t, want, call.Usage, name)
		assert.Equal(t, "gpt-4o", call.Model, name)
	}
	outcome, _ := outcomeOf(t, "x", attributes{"langfuse.observation.type": "agent", "langfuse.observation.model.name": "gpt-4o", "langfuse.observation.usage_details": counts})
	assert.Equal(t, Aggregate, outcome)
}

// Codex has a span of the end of each response, and the model on one around it.
func TestCodexSpans(t *testing.T) {
	outcome, call := outcomeOf(t, "completed", attributes{
		"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.cache_write.input_tokens": 100, "gen_ai.usage.output_tokens": 300,
		"codex.usage.reasoning_output_tokens": 80, "codex.usage.total_tokens": 1300, "codex.request.reasoning_effort": "low",
	})
	require.Equal(t, IsCall, outcome)
	assert.Equal(t, usage.Amounts{usage.Input: 300, usage.CacheRead: 600, usage.CacheWrite: 100, usage.Output: 220, usage.Reasoning: 80}, call.Usage)
	assert.True(t, call.ModelUnknown && call.Instant && call.ByService)
	outcome, call = outcomeOf(t, "try_run_sampling_request", attributes{"model": "gpt-5-codex", "turn_id": "1"})
	assert.Equal(t, Aggregate, outcome)
	assert.Equal(t, "gpt-5-codex", call.Model)
	for name, attrs := range map[string]attributes{
		"handle_responses":     {"codex.request.reasoning_effort": "low", "from": "text"},
		"run_sampling_request": {"turn_id": "1"},
		"sampling":             {"model": "gpt-5-codex"},
	} {
		outcome, _ = outcomeOf(t, name, attrs)
		assert.Equal(t, NotACall, outcome, name)
	}
}

// Quarkus records the exception of a call that failed and leaves the status unset, and
// nobody else names a provider there.
func TestExceptionWithoutStatus(t *testing.T) {
	asked := attributes{"gen_ai.request.model": "gpt-4o", "gen_ai.request.temperature": 0.1}
	threw := func(span ptrace.Span) { span.Events().AppendEmpty().SetName("exception") }
	ok := func(span ptrace.Span) { span.Status().SetCode(ptrace.StatusCodeOk) }
	outcome, call := outcomeOf(t, "completion gpt-4o", asked, threw)
	require.Equal(t, IsCall, outcome)
	assert.Equal(t, Error, call.Status)
	for name, change := range map[string][]func(ptrace.Span){
		"no exception":    nil,
		"another event":   {func(span ptrace.Span) { span.Events().AppendEmpty().SetName("gen_ai.choice") }},
		"it ended well":   {threw, ok},
		"not of a call":   {threw, func(span ptrace.Span) { span.SetName("gpt-4o") }},
		"another's model": {threw, func(span ptrace.Span) { span.SetName("completion gpt-5") }},
	} {
		outcome, _ = outcomeOf(t, "completion gpt-4o", asked, change...)
		assert.NotEqual(t, IsCall, outcome, name)
	}
	outcome, call = outcomeOf(t, "chat gpt-4o", with(asked, attributes{"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 3}), threw)
	assert.Equal(t, IsCall, outcome)
	assert.Equal(t, Success, call.Status, "with usage it was caught")
	outcome, _ = outcomeOf(t, "embeddings text-embedding-3-small", attributes{"gen_ai.request.model": "text-embedding-3-small"}, failed)
	assert.Equal(t, IsCall, outcome)
	outcome, _ = outcomeOf(t, "execute_tool gpt-4o", asked, failed)
	assert.NotEqual(t, IsCall, outcome)
}

// The event of an exception may have the attributes of the span that failed.
func TestExceptionEvent(t *testing.T) {
	read := func(attrs attributes) (Outcome, Call) {
		record := plog.NewLogRecord()
		record.SetEventName("gen_ai.client.operation.exception")
		require.NoError(t, record.Attributes().FromRaw(attrs))
		var r Reader
		var call Call
		outcome, _ := r.Log(pcommon.NewInstrumentationScope(), record, &call)
		return outcome, call
	}
	asked := attributes{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o", "exception.type": "openai.APITimeoutError", "exception.message": "Request timed out."}
	outcome, call := read(asked)
	require.Equal(t, IsCall, outcome)
	assert.Equal(t, []any{"gpt-4o", Timeout, "openai.APITimeoutError"}, []any{call.Model, call.Status, call.ErrorType})
	outcome, call = read(with(asked, attributes{"error.type": "429"}))
	assert.Equal(t, IsCall, outcome)
	assert.Equal(t, []any{Error, "429"}, []any{call.Status, call.ErrorType})
	outcome, _ = read(attributes{"exception.type": "ValueError"})
	assert.Equal(t, NotACall, outcome, "its span reports the call")
	outcome, _ = read(with(asked, attributes{"gen_ai.operation.name": "execute_tool"}))
	assert.NotEqual(t, IsCall, outcome)
}

// A server names the request by the ID of its response, and Azure's agents name the run each
// time its state is asked for.
func TestOtherIDsOfResponses(t *testing.T) {
	used := attributes{"gen_ai.request.model": "gpt-4o", "gen_ai.usage.prompt_tokens": 1000, "gen_ai.usage.completion_tokens": 300}
	for name, tt := range map[string]struct {
		attrs attributes
		want  string
	}{
		"vLLM":                {attributes{"gen_ai.request.id": "chatcmpl-0123456789abcdef"}, "chatcmpl-0123456789abcdef"},
		"vLLM and a response": {attributes{"gen_ai.request.id": "req-1", "gen_ai.response.id": "chatcmpl-1"}, "chatcmpl-1"},
		"Azure's agents":      {attributes{"gen_ai.operation.name": "get_thread_run", "gen_ai.thread.run.id": "run_1"}, "run_1"},
	} {
		assert.Equal(t, tt.want, readAs(t, "x", with(used, tt.attrs)).ResponseID, name)
	}
	_, call := outcomeOf(t, "chat gpt-4o", attributes{"gen_ai.request.model": "gpt-4o", "gen_ai.system": "vllm", "gen_ai.request.id": "req-1"}, failed)
	assert.Empty(t, call.ResponseID, "it may be tried again")
}

// OpenClaw has a span of each call without usage, and one of what a run used.
func TestOpenClaw(t *testing.T) {
	asked := attributes{"openclaw.provider": "anthropic", "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"}
	outcome, _ := outcomeOf(t, "openclaw.model.call", asked)
	assert.Equal(t, Aggregate, outcome)
	outcome, call := outcomeOf(t, "openclaw.model.call", asked, failed)
	assert.Equal(t, []any{IsCall, Error}, []any{outcome, call.Status})
	outcome, call = outcomeOf(t, "openclaw.model.usage", with(with(asked, cached), attributes{"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 300}))
	assert.Equal(t, IsCall, outcome)
	assert.Equal(t, within, call.Usage)
	outcome, _ = outcomeOf(t, "chat claude-sonnet-4-5", asked)
	assert.Equal(t, IsCall, outcome, "others have no such second span")
}

// The events of opencode's plugin are those of Claude Code, with reasoning tokens in addition
// to the output.
func TestOpencode(t *testing.T) {
	record := plog.NewLogRecord()
	record.Body().SetStr("api_request")
	require.NoError(t, record.Attributes().FromRaw(attributes{
		"event.name": "api_request", "session.id": "s-1", "model": "gpt-5", "provider": "openai", "cost_usd": 0.0038, "duration_ms": 900,
		"input_tokens": 400, "output_tokens": 220, "reasoning_tokens": 80, "cache_read_tokens": 600, "cache_creation_tokens": 0,
	}))
	var r Reader
	var call Call
	outcome, _ := r.Log(anyScope, record, &call)
	require.Equal(t, IsCall, outcome)
	assert.Equal(t, usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 220, usage.Reasoning: 80}, call.Usage)
	assert.Equal(t, []any{"opencode", "openai", "s-1"}, []any{call.Convention, call.Provider, call.Attribution.Session})
}

// The response of the API has the tier by which it was served, which goes before the one that
// was asked for.
func TestTierInTheResponse(t *testing.T) {
	llm := func(output string) attributes {
		return attributes{
			"openinference.span.kind": "LLM", "llm.model_name": "gpt-5", "llm.token_count.prompt": 1000, "llm.token_count.completion": 300,
			"llm.invocation_parameters": `{"model":"gpt-5","service_tier":"flex"}`, "output.value": output,
		}
	}
	long := strings.Repeat("x", 2*maxTierDistance)
	for output, want := range map[string]string{
		`{"id":"chatcmpl-1","choices":[],"service_tier":"priority","usage":{"prompt_tokens":1000}}`: "priority",
		`{"choices":[{"message":{"content":"` + long + `"}}],"service_tier": "priority"}`:           "priority",
		`{"service_tier":"priority","choices":[{"message":{"content":"` + long + `"}}]}`:            "flex", // too far from the end
		`{"id":"chatcmpl-1","service_tier":null}`:                                                   "flex",
		`{"choices":[{"message":{"content":"{\\"service_tier\\":\\"priority\\"}"}}]}`:               "flex",
		`the "service_tier"`:    "flex",
		`{"service_tier":"prio`: "flex",
		``:                      "flex",
	} {
		assert.Equal(t, want, readAs(t, "openinference.instrumentation.openai", llm(output)).ServiceTier, output[:min(len(output), 60)])
	}
	call := readAs(t, "openinference.instrumentation.openai", with(llm(`{"service_tier":"priority"}`), attributes{"openai.response.service_tier": "default"}))
	assert.Equal(t, "default", call.ServiceTier, "keys of their own go first")
	call = readAs(t, "logfire.openai", chat("openai", "gpt-5", attributes{"request_data": `{"model":"gpt-5"}`, "response_data": `{"usage":{},"service_tier":"flex"}`}))
	assert.Equal(t, "flex", call.ServiceTier)
	call = readAs(t, "mlflow", attributes{"mlflow.spanType": `"CHAT_MODEL"`, "mlflow.llm.model": `"gpt-5"`, "mlflow.chat.tokenUsage": `{"input_tokens":10,"output_tokens":3,"total_tokens":13}`, "mlflow.spanOutputs": `{"id":"x","service_tier":"flex","usage":{}}`})
	assert.Equal(t, "flex", call.ServiceTier)
}

// The names of agents, and sessions, under keys of their SDKs.
func TestAttributionOfSDKs(t *testing.T) {
	for name, tt := range map[string]struct {
		attrs attributes
		want  Attribution
	}{
		"an agent of Traceloop's SDK":    {attributes{"traceloop.span.kind": "agent", "traceloop.entity.name": "researcher", "traceloop.association.properties.user_id": "ada"}, Attribution{Agent: "researcher", User: "ada"}},
		"a task of Traceloop's SDK":      {attributes{"traceloop.span.kind": "task", "traceloop.entity.name": "summarize"}, Attribution{}},
		"the conventions' key first":     {attributes{"traceloop.span.kind": "agent", "traceloop.entity.name": "Researcher.run", "gen_ai.agent.name": "researcher"}, Attribution{Agent: "researcher"}},
		"an agent of AgentOps":           {attributes{"agentops.span.kind": "agent", "operation.name": "researcher"}, Attribution{Agent: "researcher"}},
		"an agent of AgentOps, its name": {attributes{"agentops.span.kind": "agent", "agent.name": "researcher", "operation.name": "run"}, Attribution{Agent: "researcher"}},
		"an operation of AgentOps":       {attributes{"agentops.span.kind": "operation", "operation.name": "fetch"}, Attribution{}},
		"Dify's workflow":                {attributes{"gen_ai.span.kind": "WORKFLOW", "gen_ai.session.id": "s-1", "gen_ai.user.id": "ada"}, Attribution{User: "ada", Session: "s-1"}},
	} {
		outcome, call := outcomeOf(t, "x", tt.attrs)
		assert.Equal(t, Aggregate, outcome, name)
		assert.Equal(t, tt.want, call.Attribution, name)
	}
	call := readAs(t, "gcp.vertex.agent", attributes{
		"gen_ai.system": "gcp.vertex.agent", "gen_ai.request.model": "gemini-2.5-flash", "gcp.vertex.agent.session_id": "s-1",
		"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 3,
	})
	assert.Equal(t, Attribution{Session: "s-1"}, call.Attribution)
}

// CLIs that are made of those of vendors write their events under names of their own.
func TestEventsOfForks(t *testing.T) {
	gemini := attributes{"model": "gemini-2.5-pro", "input_token_count": 1000, "output_token_count": 300, "cached_content_token_count": 400, "total_token_count": 1300}
	claude := attributes{"model": "claude-sonnet-4-5", "input_tokens": 600, "output_tokens": 300, "cache_read_tokens": 400, "cost_usd": 0.00642}
	codex := attributes{"event.kind": "response.completed", "model": "gpt-5", "input_token_count": 1000, "output_token_count": 300, "cached_token_count": 400}
	want := usage.Amounts{usage.Input: 600, usage.CacheRead: 400, usage.Output: 300}
	for event, attrs := range map[string]attributes{
		"gemini_cli.api_response": gemini, "some_cli.api_response": gemini, "api_response": gemini,
		"claude_code.api_request": claude, "some.code.api_request": claude, "api_request": claude,
		"codex.sse_event": codex, "some.sse_event": codex,
	} {
		record := plog.NewLogRecord()
		require.NoError(t, record.Attributes().FromRaw(with(attrs, attributes{"event.name": event})))
		var r Reader
		var call Call
		outcome, _ := r.Log(anyScope, record, &call)
		require.Equal(t, IsCall, outcome, event)
		assert.Equal(t, want, call.Usage, event)
	}
	for event, attrs := range map[string]attributes{
		"payments.api_response": {"model": "visa", "status_code": 200}, "payments.api_request": {"model": "visa"}, "payments.sse_event": {"event.kind": "response.completed"},
		"payments.api_error":      {"status_code": 500, "model": "visa"},
		"api_response.gemini_cli": gemini, "gemini_cli.": gemini,
	} {
		record := plog.NewLogRecord()
		require.NoError(t, record.Attributes().FromRaw(with(attrs, attributes{"event.name": event})))
		var r Reader
		var call Call
		outcome, _ := r.Log(anyScope, record, &call)
		assert.Equal(t, NotACall, outcome, event)
	}
}
