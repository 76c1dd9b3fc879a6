// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package traffic makes what applications send: spans, of which some are LLM
// calls, and Arc events. All systems that are compared get the same.
package traffic

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Models are called in turns: as many as a company uses.
var Models = []string{
	"gpt-4o", "gpt-4o-mini", "gpt-4-turbo", "o3", "gpt-5", "gpt-5-mini", "claude-3-5-sonnet-20241022", "claude-3-haiku-20240307",
	"claude-sonnet-4-5", "gemini-2.5-pro", "gemini-2.5-flash", "mistral-large-latest",
}

// Spans are a batch of n spans with 15 attributes each, of one service. Percent
// of each hundred are calls, of Models in turns, by so many users in turns.
func Spans(n, percent, users int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "researcher")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	calls := 0
	for i := range n {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{15: 1})
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], uint64(i+1))
		span.SetSpanID(id)
		span.SetParentSpanID(pcommon.SpanID{0: 1, 7: byte(i / 10)})
		span.SetKind(ptrace.SpanKindClient)
		now := time.Now()
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-2 * time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		if i%100 < percent {
			call(span, Models[calls%len(Models)], calls%users, i)
			calls++
		} else {
			webRequest(span)
		}
	}
	return td
}

// Renumber gives a batch a trace ID of its own, so that it has not been seen before.
func Renumber(td ptrace.Traces, number uint64) {
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	var trace pcommon.TraceID
	binary.BigEndian.PutUint64(trace[:8], number)
	for i := range spans.Len() {
		spans.At(i).SetTraceID(trace)
		if id, ok := spans.At(i).Attributes().Get("gen_ai.response.id"); ok {
			id.SetStr(responseID(number, i))
		}
	}
}

// sellerOf is who sells a model first hand, and where.
func sellerOf(model string) (provider, address string) {
	switch {
	case strings.HasPrefix(model, "claude"):
		return "anthropic", "api.anthropic.com"
	case strings.HasPrefix(model, "gemini"):
		return "gcp.gemini", "generativelanguage.googleapis.com"
	case strings.HasPrefix(model, "mistral"):
		return "mistral_ai", "api.mistral.ai"
	default:
		return "openai", "api.openai.com"
	}
}

// responseID is as long as that of a provider, and of one call alone.
func responseID(batch uint64, i int) string {
	return fmt.Sprintf("chatcmpl-9J3uIL87gldCFt%08x%07x", batch, i)
}

// call has the 15 attributes of an instrumented call.
func call(span ptrace.Span, model string, user, i int) {
	span.SetName("chat " + model)
	a := span.Attributes()
	a.PutStr("gen_ai.operation.name", "chat")
	provider, address := sellerOf(model)
	a.PutStr("gen_ai.provider.name", provider)
	a.PutStr("gen_ai.request.model", model)
	a.PutStr("gen_ai.response.model", model)
	a.PutStr("gen_ai.response.id", responseID(1, i))
	a.PutStr("gen_ai.agent.name", "researcher")
	a.PutStr("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY")
	a.PutDouble("gen_ai.request.temperature", 0.7)
	a.PutInt("gen_ai.request.max_tokens", 1024)
	a.PutInt("gen_ai.usage.input_tokens", int64(1000+i))
	a.PutInt("gen_ai.usage.output_tokens", int64(200+i))
	a.PutStr("server.address", address)
	a.PutInt("server.port", 443)
	a.PutStr("user.id", "user-"+strconv.Itoa(4711+user))
	a.PutStr("session.id", "00055270-d7f3-43fa-b3ea-b3a7e4c5c2dd")
}

// webRequest has 15 attributes, too.
func webRequest(span ptrace.Span) {
	span.SetName("GET /items/{id}")
	a := span.Attributes()
	for _, key := range []string{
		"http.request.method", "http.route", "url.path", "url.scheme", "server.address", "client.address", "user_agent.original",
		"network.protocol.version", "network.peer.address", "thread.name", "code.function.name", "user.id", "session.id",
	} {
		a.PutStr(key, "a value of some length")
	}
	a.PutInt("http.response.status_code", 200)
	a.PutInt("server.port", 443)
}
