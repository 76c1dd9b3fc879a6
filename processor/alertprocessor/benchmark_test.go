// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

func benchmarkCore(b *testing.B, cfg *Config) *core {
	b.Helper()
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

// BenchmarkWatchMetrics passes batches of 1000 samples of known series: what the
// pipeline waits for, and what it costs altogether.
func BenchmarkWatchMetrics(b *testing.B) {
	for _, written := range []bool{false, true} {
		b.Run(fmt.Sprintf("written=%t", written), func(b *testing.B) {
			c := benchmarkCore(b, testConfig(none))
			start := time.Now()
			md, points := alerttest.Counters(1000, start)
			at := start
			flush := func() { require.NoError(b, c.backend.ingest.Flush(b.Context())) }
			for b.Loop() {
				b.StopTimer()
				at = at.Add(time.Millisecond)
				for _, p := range points.All() {
					p.SetTimestamp(pcommon.NewTimestampFromTime(at))
					p.SetDoubleValue(float64(at.Sub(start)))
				}
				b.StartTimer()
				if _, err := c.watchMetrics(b.Context(), md); err != nil {
					b.Fatal(err)
				}
				if written {
					flush()
				} else {
					b.StopTimer()
					flush()
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/sample")
		})
	}
}

// BenchmarkWatchTraces looks at batches of 1000 spans, none of which is costly.
func BenchmarkWatchTraces(b *testing.B) {
	c := benchmarkCore(b, testConfig(costly))
	td := ptrace.NewTraces()
	for range 1000 {
		callTraces("gpt-4o", 0.5).ResourceSpans().MoveAndAppendTo(td.ResourceSpans())
	}
	for b.Loop() {
		if _, err := c.watchTraces(b.Context(), td); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "spans/s")
}
