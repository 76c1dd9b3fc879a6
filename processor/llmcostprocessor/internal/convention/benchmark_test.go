// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// other is a span of an ordinary service.
var other = attributes{
	"http.request.method":       "POST",
	"http.response.status_code": 200,
	"url.full":                  "https://shop.example.com/checkout",
	"server.address":            "shop.example.com",
	"server.port":               443,
	"network.protocol.version":  "1.1",
	"user_agent.original":       "curl/8",
	"otel.scope.name":           "net/http",
	"thread.id":                 7,
	"app.tenant":                "acme",
}

func BenchmarkFromSpanRejects(b *testing.B) {
	span := newSpan(b, other)
	benchmarkSpan(b, span, NotACall)
}

func BenchmarkFromSpanReads(b *testing.B) {
	span := newSpan(b, with(with(other, otel), attributes{"gen_ai.usage.cache_read.input_tokens": 600}))
	benchmarkSpan(b, span, IsCall)
}

func benchmarkSpan(b *testing.B, span ptrace.Span, want Outcome) {
	b.Helper()
	var r Reader
	b.ReportAllocs()
	for b.Loop() {
		var call Call
		if outcome, _ := r.Span(anyScope, span, &call); outcome != want {
			b.Fatal(outcome)
		}
	}
}

func BenchmarkFromLogRejects(b *testing.B) {
	record := plog.NewLogRecord()
	if err := record.Attributes().FromRaw(other); err != nil {
		b.Fatal(err)
	}
	record.Body().SetStr("order placed")
	var r Reader
	b.ReportAllocs()
	for b.Loop() {
		var call Call
		if outcome, _ := r.Log(anyScope, record, &call); outcome != NotACall {
			b.Fatal(outcome)
		}
	}
}

func TestAllocations(t *testing.T) {
	rejected := newSpan(t, other)
	read := newSpan(t, with(other, otel))
	var r Reader
	var call Call
	if n := testing.AllocsPerRun(100, func() { r.Span(anyScope, rejected, &call) }); n > 0 {
		t.Errorf("a span that is not a call makes %v allocations, want none", n)
	}
	if n := testing.AllocsPerRun(100, func() { r.Span(anyScope, read, &call) }); n > 0 {
		t.Errorf("a call makes %v allocations, want none", n)
	}
}
