// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

const benchmarkSpans = 1000

// benchmarkBatch is a batch of spans as a web service sends them, of which so
// many of a hundred are calls.
func benchmarkBatch(percent int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "shop")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range benchmarkSpans {
		addCall(spans)
		if i%100 < percent {
			continue
		}
		span := spans.At(i)
		span.SetName("GET /items/{id}")
		a := span.Attributes()
		a.Clear()
		a.PutStr("http.request.method", "GET")
		a.PutStr("http.route", "/items/{id}")
		a.PutStr("url.path", "/items/4711")
		a.PutStr("server.address", "shop.example.com")
		a.PutInt("http.response.status_code", 200)
	}
	return td
}

// giveNewIDs gives the spans IDs that were not seen before, as new data has.
func giveNewIDs(td ptrace.Traces, batch int) {
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	var trace pcommon.TraceID
	binary.BigEndian.PutUint64(trace[8:], uint64(batch+1))
	for i := range spans.Len() {
		spans.At(i).SetTraceID(trace)
	}
}

// BenchmarkPriceTraces prices batches of new spans. Beside it, unmarshal is what
// the receiver spends on the same batch before. What is priced is unmarshalled
// with the clock stopped.
func BenchmarkPriceTraces(b *testing.B) {
	for _, percent := range []int{10, 100} {
		td := benchmarkBatch(percent)
		content, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
		require.NoError(b, err)
		unmarshaler := &ptrace.ProtoUnmarshaler{}
		b.Run(fmt.Sprintf("calls=%d%%/unmarshal", percent), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := unmarshaler.UnmarshalTraces(content); err != nil {
					b.Fatal(err)
				}
			}
			reportSpans(b)
		})
		b.Run(fmt.Sprintf("calls=%d%%/price", percent), func(b *testing.B) {
			c := benchmarkCore(b, func(*Config) {})
			b.ReportAllocs()
			batch := 0
			for b.Loop() {
				b.StopTimer()
				own, err := unmarshaler.UnmarshalTraces(content)
				if err != nil {
					b.Fatal(err)
				}
				giveNewIDs(own, batch)
				batch++
				b.StartTimer()
				if _, err := c.priceTraces(b.Context(), own); err != nil {
					b.Fatal(err)
				}
			}
			reportSpans(b)
		})
	}
}

// BenchmarkDimensions prices the same calls, of 100,000 users, with 1, 3 and 6 dimensions:
// each is in one of 100,000 rows of the hour and of 100,000 series.
func BenchmarkDimensions(b *testing.B) {
	const users = 100_000
	names := []string{"user.id", "team", "cost.center", "region", "project", "feature"}
	batches := make([]ptrace.Traces, users/benchmarkSpans)
	for i := range batches {
		batches[i] = benchmarkBatch(100)
		for j, span := range batches[i].ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			user := i*benchmarkSpans + j
			for k, name := range names {
				span.Attributes().PutStr(name, fmt.Sprint(name, "-", user/(1+k*k*100)))
			}
		}
	}
	for _, count := range []int{1, 3, 6} {
		b.Run(fmt.Sprintf("dimensions=%d", count), func(b *testing.B) {
			c := benchmarkCore(b, func(cfg *Config) {
				cfg.MaxSeries = 2 * users
				cfg.Dimensions = nil
				for _, name := range names[:count] {
					cfg.Dimensions = append(cfg.Dimensions, DimensionConfig{Name: name})
				}
			})
			sent := 0
			send := func() {
				b.StopTimer()
				own := ptrace.NewTraces()
				batches[sent%len(batches)].CopyTo(own)
				giveNewIDs(own, sent)
				sent++
				b.StartTimer()
				if _, err := c.priceTraces(b.Context(), own); err != nil {
					b.Fatal(err)
				}
			}
			for range batches { // until each row and series is there
				send()
			}
			b.ResetTimer()
			for b.Loop() {
				send()
			}
			reportSpans(b)
		})
	}
}

func reportSpans(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchmarkSpans, "ns/span")
}

func benchmarkCore(b *testing.B, change func(*Config)) *core {
	b.Helper()
	cfg := createDefaultConfig().(*Config)
	change(cfg)
	c, err := newCore(cfg, processortest.NewNopSettings(metadata.Type))
	require.NoError(b, err)
	require.NoError(b, c.Start(b.Context(), componenttest.NewNopHost()))
	b.Cleanup(func() {
		ctx := context.WithoutCancel(b.Context())
		require.NoError(b, c.Stop(ctx))
		require.NoError(b, c.Close(ctx))
	})
	return c
}

// Single calls: the newest page, and all of them, as a page that sums them asks for.
func BenchmarkCalls(b *testing.B) {
	cfg := testConfig(nil)
	c, err := newCore(cfg, processortest.NewNopSettings(metadata.Type))
	require.NoError(b, err)
	b.Cleanup(c.telemetry.Shutdown)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for n := range cfg.Calls.MaxEntries {
		call := ledger.Call{Model: "gpt-4o", Listed: true, Provider: "openai", Convention: "gen_ai"}
		call.End, call.Cost = time.Now().UnixNano()+int64(n), money.Pico(n)
		call.Usage[usage.Input], call.Usage[usage.Output] = int64(n), 7
		call.Dimensions[0], call.Dimensions[1] = "shop", "writer"
		call.Trace, call.Span = [16]byte{15: byte(n), 14: byte(n >> 8)}, [8]byte{7: byte(n), 6: byte(n >> 8)}
		payload := calls.AppendDetail(ledger.AppendCall(nil, &call), &calls.Detail{
			ResponseID: fmt.Sprint("chatcmpl-B1x2y3z4a5b6c7d8e9f0-", n), User: fmt.Sprint("user-", n%500), Session: fmt.Sprint("8f14e45f-ceea-467f-a8f0-", n%5000),
			Operation: "chat", Scope: "opentelemetry.instrumentation.openai_v2", Entry: "gpt-4o", EntryProvider: "openai", List: "built-in",
		})
		c.kept.Set(uint64(n+1), &calls.Call{Payload: string(payload), End: call.End, Cost: call.Cost})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	for name, query := range map[string]dashboard.CallQuery{"page": {Limit: 50}, "all": {}, "failed": {Status: "failed"}} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				usageSource{c}.Calls(query)
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB-kept")
		})
	}
}
