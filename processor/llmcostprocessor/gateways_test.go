// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// sentSpan is a span, or a log record that was written in one, of one trace.
type sentSpan struct {
	service, scope string
	id, parent     byte
	start, end     time.Duration // since the trace began, by the clock of the service
	event          bool
	failed         bool
	attributes     map[string]any
}

// The forms in which a call is reported by each instrumentation, of 1000 tokens in, 600 of
// them cached, and 300 out.
var (
	byAnthropic = map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5", "gen_ai.response.model": "claude-sonnet-4-5-20250929",
		"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 300, "gen_ai.usage.cache_read.input_tokens": 600,
	}
	byLangChain = map[string]any{
		"openinference.span.kind": "LLM", "llm.model_name": "claude-sonnet-4-5", "llm.provider": "anthropic",
		"llm.token_count.prompt": 1000, "llm.token_count.completion": 300, "llm.token_count.total": 1300,
	}
	byLiteLLM = map[string]any{
		"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "our-best", "litellm.provider.model": "anthropic/claude-sonnet-4-5",
		"gen_ai.response.model": "claude-sonnet-4-5-20250929", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 300,
		"litellm.call_id": "c-1", "litellm.cost.total": 0.00588, "litellm.cost.cache_read": 0.00018,
	}
	byEnvoy = map[string]any{
		"openinference.span.kind": "LLM", "llm.system": "anthropic", "llm.model_name": "claude-sonnet-4-5",
		"llm.token_count.prompt": 1000, "llm.token_count.completion": 300, "llm.token_count.total": 1300, "llm.token_count.prompt_details.cache_read": 600,
	}
	byWeb  = map[string]any{"http.request.method": "POST", "http.route": "/ask", "enduser.id": "ada"}
	byHTTP = map[string]any{"http.request.method": "POST", "url.full": "https://gateway.example.com/v1/messages"}
	asked  = map[string]any{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-sonnet-4-5"}
)

func also(base map[string]any, key string, value any) map[string]any {
	out := maps.Clone(base)
	out[key] = value
	return out
}

// Calls that an application, its SDKs, their events, and the gateways between it and the vendor
// report count once each, whatever their clocks, and in whatever order they arrive.
func TestCallsThroughGateways(t *testing.T) {
	const ms = time.Millisecond
	parallel := func() (all []sentSpan) {
		for i := range byte(3) {
			all = append(all,
				sentSpan{service: "app", scope: "com.anthropic.sdk", id: 20 + i, parent: 1, start: 100 * ms, end: 900 * ms, attributes: also(byAnthropic, "gen_ai.response.id", fmt.Sprint("msg_", i))},
				sentSpan{service: "app", scope: "com.anthropic.sdk", id: 20 + i, end: 900 * ms, event: true, attributes: also(byAnthropic, "gen_ai.response.id", fmt.Sprint("msg_", i))},
				sentSpan{service: "gateway", scope: "litellm", id: 30 + i, parent: 20 + i, start: 2150 * ms, end: 2850 * ms, attributes: also(byLiteLLM, "gen_ai.response.id", fmt.Sprint("chatcmpl-", i))},
			)
		}
		return append(all, sentSpan{service: "app", scope: "web", id: 1, end: 1000 * ms, attributes: byWeb})
	}
	for name, tt := range map[string]struct {
		sent             []sentSpan
		succeeded, wrong float64
		by               string // the service that made the calls
	}{
		"a framework, an SDK, its event, and a proxy on another clock": {[]sentSpan{
			{service: "app", scope: "web", id: 1, end: 1000 * ms, attributes: byWeb},
			{service: "app", scope: "openinference.instrumentation.langchain", id: 2, parent: 1, start: 50 * ms, end: 950 * ms, attributes: byLangChain},
			{service: "app", scope: "com.anthropic.sdk", id: 3, parent: 2, start: 100 * ms, end: 940 * ms, attributes: also(byAnthropic, "gen_ai.response.id", "msg_1")},
			{service: "app", scope: "com.anthropic.sdk", id: 3, end: 940 * ms, event: true, attributes: also(byAnthropic, "gen_ai.response.id", "msg_1")},
			{service: "app", scope: "http", id: 4, parent: 3, start: 110 * ms, end: 930 * ms, attributes: byHTTP},
			{service: "gateway", scope: "fastapi", id: 5, parent: 4, start: 3120 * ms, end: 3920 * ms, attributes: byHTTP},
			{service: "gateway", scope: "litellm", id: 6, parent: 5, start: 3200 * ms, end: 3900 * ms, attributes: also(byLiteLLM, "gen_ai.response.id", "chatcmpl-1")},
			{service: "gateway", scope: "litellm", id: 7, parent: 5, start: 3130 * ms, end: 3190 * ms, attributes: map[string]any{"gen_ai.request.model": "our-best", "litellm.guardrail.name": "pii"}},
		}, 1, 0, "app"},
		"two gateways in a row": {[]sentSpan{
			{service: "app", scope: "web", id: 1, end: 1000 * ms, attributes: byWeb},
			{service: "app", scope: "com.anthropic.sdk", id: 3, parent: 1, start: 100 * ms, end: 940 * ms, attributes: also(byAnthropic, "gen_ai.response.id", "msg_1")},
			{service: "gateway", scope: "litellm", id: 6, parent: 3, start: -900 * ms, end: -200 * ms, attributes: also(byLiteLLM, "gen_ai.response.id", "chatcmpl-1")},
			{service: "envoy", scope: "github.com/envoyproxy/ai-gateway", id: 8, parent: 6, start: 120 * ms, end: 800 * ms, attributes: byEnvoy},
		}, 1, 0, "app"},
		"a stream that was tried again": {[]sentSpan{
			{service: "app", scope: "web", id: 1, end: 9000 * ms, attributes: byWeb},
			{service: "app", scope: "openinference.instrumentation.langchain", id: 2, parent: 1, start: 50 * ms, end: 8950 * ms, attributes: byLangChain},
			{service: "app", scope: "com.anthropic.sdk", id: 3, parent: 2, start: 60 * ms, end: 200 * ms, failed: true, attributes: also(asked, "error.type", "overloaded_error")},
			{service: "app", scope: "com.anthropic.sdk", id: 4, parent: 2, start: 1200 * ms, end: 8900 * ms, attributes: also(byAnthropic, "gen_ai.response.id", "msg_2")},
			{service: "gateway", scope: "litellm", id: 5, parent: 3, start: 3070 * ms, end: 3150 * ms, failed: true, attributes: also(also(asked, "error.type", "OverloadedError"), "gen_ai.request.model", "claude-sonnet-4-5")},
			{service: "gateway", scope: "litellm", id: 6, parent: 4, start: 4210 * ms, end: 11800 * ms, attributes: also(byLiteLLM, "gen_ai.response.id", "chatcmpl-2")},
		}, 1, 1, "app"},
		"parallel equal calls": {parallel(), 3, 0, "app"},
		"the span around was not sampled": {[]sentSpan{
			{service: "app", scope: "com.anthropic.sdk", id: 3, parent: 99, start: 100 * ms, end: 940 * ms, attributes: also(byAnthropic, "user.id", "ada")},
			{service: "gateway", scope: "litellm", id: 6, parent: 3, start: 1200 * ms, end: 1900 * ms, attributes: byLiteLLM},
		}, 1, 0, "app"},
		"an agent in another process": {[]sentSpan{
			{service: "agent", scope: "a", id: 1, end: 5000 * ms, attributes: map[string]any{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner", "gen_ai.usage.input_tokens": 2000, "gen_ai.usage.output_tokens": 600}},
			{service: "agent", scope: "http", id: 2, parent: 1, start: 10 * ms, end: 4900 * ms, attributes: byHTTP},
			{service: "tools", scope: "web", id: 3, parent: 2, start: 2000 * ms, end: 6000 * ms, attributes: byWeb},
			{service: "tools", scope: "com.anthropic.sdk", id: 4, parent: 3, start: 2100 * ms, end: 3000 * ms, attributes: also(byAnthropic, "gen_ai.response.id", "msg_1")},
			{service: "tools", scope: "com.anthropic.sdk", id: 5, parent: 3, start: 3100 * ms, end: 5000 * ms, attributes: also(byAnthropic, "gen_ai.response.id", "msg_2")},
		}, 2, 0, "tools"},
	} {
		for seed := range 12 {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				falseclock.Test(t, func(t *testing.T) {
					wakeUp()
					r := newRig(t, testConfig(func(c *Config) { c.Dimensions = dimensionsOf(attrUser, attrService) }))
					order := rand.New(rand.NewPCG(uint64(seed), 9)).Perm(len(tt.sent))
					for _, i := range order {
						send(r, tt.sent[i].telemetry(t))
					}
					want := map[string]float64{"status=success": tt.succeeded, "type=input": 400 * tt.succeeded, "type=cache_read": 600 * tt.succeeded, "type=output": 300 * tt.succeeded}
					if tt.wrong > 0 {
						want["status=error"] = tt.wrong
					}
					assert.Equal(t, want, usageTotals(r, "claude-sonnet-4-5"))
					assert.Equal(t, []string{"ada", tt.by}, r.valuesCounted())
				})
			})
		}
	}
}

func (s *sentSpan) telemetry(t *testing.T) telemetry {
	t.Helper()
	at := func(d time.Duration) pcommon.Timestamp {
		return pcommon.NewTimestampFromTime(morning.Add(-time.Minute + d))
	}
	if s.event {
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", s.service)
		sl := rl.ScopeLogs().AppendEmpty()
		sl.Scope().SetName(s.scope)
		record := sl.LogRecords().AppendEmpty()
		record.SetEventName("gen_ai.client.inference.operation.details")
		record.SetTraceID(pcommon.TraceID{7})
		record.SetSpanID(pcommon.SpanID{s.id})
		record.SetTimestamp(at(s.end))
		require.NoError(t, record.Attributes().FromRaw(s.attributes))
		return telemetry{logs: &ld}
	}
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", s.service)
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName(s.scope)
	span := ss.Spans().AppendEmpty()
	span.SetTraceID(pcommon.TraceID{7})
	span.SetSpanID(pcommon.SpanID{s.id})
	if s.parent != 0 {
		span.SetParentSpanID(pcommon.SpanID{s.parent})
	}
	span.SetStartTimestamp(at(s.start))
	span.SetEndTimestamp(at(s.end))
	if s.failed {
		span.Status().SetCode(ptrace.StatusCodeError)
	}
	require.NoError(t, span.Attributes().FromRaw(s.attributes))
	return telemetry{spans: &td}
}

// A proxy may answer with a name of its own: what it has called has the price.
func TestPriceOfWhatTheProxyCalled(t *testing.T) {
	for name, tt := range map[string]struct {
		attributes map[string]any
		want       any
	}{
		"a profile of Bedrock":    {map[string]any{"gen_ai.provider.name": "aws.bedrock", "gen_ai.response.model": "our-best", "litellm.provider.model": "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"}, 1000*3.3e-6 + 500*16.5e-6},
		"a deployment of Azure":   {map[string]any{"gen_ai.provider.name": "azure.ai.openai", "gen_ai.response.model": "gpt-4o-2024-11-20", "litellm.provider.model": "azure/prod-east"}, 0.0075},
		"the vendor itself":       {map[string]any{"gen_ai.provider.name": "anthropic", "gen_ai.response.model": nil, "litellm.provider.model": "anthropic/claude-haiku-4-5"}, 1000*1e-6 + 500*5e-6},
		"nobody knows either":     {map[string]any{"gen_ai.provider.name": "azure.ai.openai", "gen_ai.response.model": "our-best", "litellm.provider.model": "azure/prod-east"}, nil},
		"the name of the request": {map[string]any{"gen_ai.provider.name": "openai", "gen_ai.response.model": "our-best", "gen_ai.request.model": "gpt-4o"}, 0.0075},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(nil))
			td := r.price(callSpan(func(s ptrace.Span) {
				put("gen_ai.request.model", "our-best")(s)
				for key, value := range tt.attributes {
					put(key, value)(s)
				}
			}))
			got := written(firstSpan(td).Attributes())[attrCost]
			if tt.want == nil {
				assert.Nil(t, got)
				return
			}
			assert.InDelta(t, tt.want, got, 1e-12)
		})
	}
}
