// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
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
			c := benchmarkCore(b)
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

func reportSpans(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchmarkSpans, "ns/span")
}

func benchmarkCore(b *testing.B) *core {
	b.Helper()
	c, err := newCore(createDefaultConfig().(*Config), processortest.NewNopSettings(metadata.Type))
	require.NoError(b, err)
	require.NoError(b, c.Start(b.Context(), componenttest.NewNopHost()))
	b.Cleanup(func() {
		ctx := context.WithoutCancel(b.Context())
		require.NoError(b, c.Stop(ctx))
		require.NoError(b, c.Close(ctx))
	})
	return c
}
