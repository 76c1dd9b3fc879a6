// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// With config/policies/redact-prompts.yaml no prompt and no response text is exported,
// under any convention; the call is priced, and its model stays.
func TestRedactPrompts(t *testing.T) {
	const private = "what nobody else may read"
	o := double.NewOTLP(t, "", "api-key", "a-license-key")
	p, options := adding(t, []string{"destinations/newrelic.yaml", "policies/redact-prompts.yaml"},
		"NEW_RELIC_OTLP_ENDPOINT=http://"+o.HTTP, "NEW_RELIC_LICENSE_KEY=a-license-key")
	options.Set = append(options.Set, "processors::llm_cost::metrics_interval=200ms")
	options.Merge = true
	process := collector.Start(t, options)

	td := ptrace.NewTraces()
	span := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetName("chat gpt-4o")
	span.SetTraceID([16]byte{1})
	span.SetSpanID([8]byte{1})
	attributes := span.Attributes()
	attributes.PutStr("gen_ai.operation.name", "chat")
	attributes.PutStr("gen_ai.provider.name", "openai")
	attributes.PutStr("gen_ai.request.model", "gpt-4o")
	attributes.PutInt("gen_ai.usage.input_tokens", 1000)
	attributes.PutInt("gen_ai.usage.output_tokens", 500)
	for _, key := range []string{
		"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
		"gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.prompt", "gen_ai.prompt.0.content", "gen_ai.completion.0.content",
		"llm.prompts", "llm.input_messages.0.message.content", "llm.output_messages.0.message.content", "llm.prompt_template.variables",
		"traceloop.entity.input", "traceloop.entity.output", "input.value", "output.value",
		"ai.prompt", "ai.prompt.messages", "ai.response.text", "ai.response.toolCalls", "ai.toolCall.args",
		"langfuse.observation.input", "langfuse.trace.output", "retrieval.documents.0.document.content", "embedding.embeddings.0.embedding.text", "reranker.query", "tool.parameters", "all_messages_events", "request_data", "response_data", "prompt_preview",
	} {
		attributes.PutStr(key, private)
	}
	event := span.Events().AppendEmpty()
	event.SetName("gen_ai.user.message")
	event.Attributes().PutStr("content", private)
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(t, err)
	require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", body))
	got := postEvents(t, "http://"+p.arc, security{}, lines(fmt.Sprintf(
		`{"model":"gpt-4o","prompt_tokens":1000,"completion_tokens":500,"duration_seconds":0.7,"status":"success","prompt_preview":%[1]q,"response_preview":%[1]q}`, private)))
	require.Equal(t, arcResponse{Status: 200, Accepted: 1}, got)

	ld := plog.NewLogs()
	for _, event := range []string{"user_prompt", "tool_result"} {
		record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		record.Body().SetStr("claude_code." + event)
		record.Attributes().PutStr("event.name", event)
		record.Attributes().PutInt("prompt_length", int64(len(private)))
		for _, key := range []string{"prompt", "tool_parameters", "tool_input"} {
			record.Attributes().PutStr(key, private)
		}
	}
	body, err = plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	require.NoError(t, err)
	require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/logs", body))

	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Len(c, o.Spans(), 2)
		assert.GreaterOrEqual(c, len(o.Records()), 3)
	}, 30*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	for _, span := range o.Spans() {
		for key, value := range span.Attributes().All() {
			assert.NotContains(t, value.AsString(), private, "%s of a span", key)
		}
		for _, event := range span.Events().All() {
			assert.NotContains(t, fmt.Sprint(event.Attributes().AsRaw()), private)
		}
		cost, ok := span.Attributes().Get(cost)
		assert.True(t, ok)
		assert.Equal(t, 0.0075, cost.Double())
	}
	for _, record := range o.Records() {
		assert.NotContains(t, fmt.Sprint(record.Body().AsRaw(), record.Attributes().AsRaw()), private)
	}
	assert.NotContains(t, process.Output(), private)
}
