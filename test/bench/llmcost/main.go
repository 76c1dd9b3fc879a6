// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Command llmcost measures the llm_cost processor beside what else the Collector
// has to price calls with: statements of the transform processor. What a batch
// costs is told as a share of unmarshalling it from OTLP.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"runtime"
	"syscall"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/test/bench/ratio"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	runtime.GOMAXPROCS(1) // figures are for one core
	systems, stop, err := startSystems(context.Background())
	if err != nil {
		return err
	}
	defer stop()
	for _, percent := range []int{100, 10} {
		batches := newBatches(percent)
		table := ratio.NewTable(os.Stdout, fmt.Sprintf("Pricing, %d %% of spans are calls", percent), "a span", "unmarshal a span")
		for _, s := range systems {
			// Both in turns: the ratio is of one weather.
			samples, err := ratio.Take(
				func() (float64, error) { return batches.cost(s.consume) },
				func() (float64, error) { return batches.cost(nil) },
			)
			if err != nil {
				return err
			}
			for i := range samples[0] {
				samples[0][i] -= samples[1][i]
			}
			table.Line(s.name, nanos, samples[0], samples[1])
		}
	}
	return nil
}

func nanos(v float64) string { return fmt.Sprintf("%.0f ns", v) }

const (
	spansInBatch    = 1000
	batchesMeasured = 150
)

// batches are requests as they come over the wire, with IDs of their own.
type batches struct {
	messages [][]byte
	round    uint64
}

// models are called in turns: as many as a company uses.
var models = []string{
	"gpt-4o", "gpt-4o-mini", "gpt-4-turbo", "o3", "gpt-5", "gpt-5-mini", "claude-3-5-sonnet-20241022", "claude-3-haiku-20240307",
	"claude-sonnet-4-5", "gemini-2.5-pro", "gemini-2.5-flash", "mistral-large-latest",
}

func newBatches(percent int) *batches {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "researcher")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for n := range spansInBatch {
		span := spans.AppendEmpty()
		span.SetTraceID(pcommon.TraceID{15: 1})
		var id pcommon.SpanID
		binary.BigEndian.PutUint64(id[:], uint64(n+1))
		span.SetSpanID(id)
		span.SetParentSpanID(pcommon.SpanID{0: 1, 7: byte(n / 10)})
		span.SetKind(ptrace.SpanKindClient)
		now := time.Now()
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-2 * time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		if n%100 < percent {
			callSpan(span, n)
		} else {
			webSpan(span)
		}
	}
	b := &batches{}
	content, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	if err != nil {
		panic(err)
	}
	b.messages = append(b.messages, content)
	return b
}

// callSpan has the 15 attributes of an instrumented call.
func callSpan(span ptrace.Span, n int) {
	model := models[n%len(models)]
	span.SetName("chat " + model)
	a := span.Attributes()
	a.PutStr("gen_ai.operation.name", "chat")
	a.PutStr("gen_ai.provider.name", "openai")
	a.PutStr("gen_ai.request.model", model)
	a.PutStr("gen_ai.response.model", model)
	a.PutStr("gen_ai.response.id", "chatcmpl-9J3uIL87gldCFtiIbyaOvTeYBRA3l")
	a.PutStr("gen_ai.agent.name", "researcher")
	a.PutStr("gen_ai.conversation.id", "conv_5j66UpCpwteGg4YSxUnt7lPY")
	a.PutDouble("gen_ai.request.temperature", 0.7)
	a.PutInt("gen_ai.request.max_tokens", 1024)
	a.PutInt("gen_ai.usage.input_tokens", int64(1000+n))
	a.PutInt("gen_ai.usage.output_tokens", int64(200+n))
	a.PutStr("server.address", "api.example.com")
	a.PutInt("server.port", 443)
	a.PutStr("user.id", "user-4711")
	a.PutStr("session.id", "00055270-d7f3-43fa-b3ea-b3a7e4c5c2dd")
}

// webSpan has 15 attributes, too.
func webSpan(span ptrace.Span) {
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

// cost is the CPU time of a span, in nanoseconds, garbage collection included:
// of unmarshalling it, and of what consume does with it.
func (b *batches) cost(consume func(context.Context, ptrace.Traces) error) (float64, error) {
	unmarshaler := &ptrace.ProtoUnmarshaler{}
	runtime.GC()
	begun := cpu()
	for range batchesMeasured {
		td, err := unmarshaler.UnmarshalTraces(b.messages[0])
		if err != nil {
			return 0, err
		}
		b.round++
		renumber(td, b.round)
		if consume == nil {
			continue
		}
		if err := consume(context.Background(), td); err != nil {
			return 0, err
		}
	}
	runtime.GC()
	return float64((cpu() - begun).Nanoseconds()) / (batchesMeasured * spansInBatch), nil
}

// renumber makes a batch one that has not been seen before.
func renumber(td ptrace.Traces, round uint64) {
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	var trace pcommon.TraceID
	binary.BigEndian.PutUint64(trace[:8], round)
	for n := range spans.Len() {
		spans.At(n).SetTraceID(trace)
	}
}

// cpu is the time that the process has spent.
func cpu() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
