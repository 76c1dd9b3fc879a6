// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor/processortest"

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

// counters makes a batch of n counters that have begun at start.
func counters(n int, start time.Time) (pmetric.Metrics, pmetric.NumberDataPointSlice) {
	md := pmetric.NewMetrics()
	sum := newMetric(md, "arc_requests_total").SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for i := range n {
		p := sum.DataPoints().AppendEmpty()
		point(p, start, 0, []string{"endpoint", "/" + strconv.Itoa(i), "status", []string{"200", "500"}[i%2]})
		p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	}
	return md, sum.DataPoints()
}

// BenchmarkWatchMetrics passes batches of 1000 samples of known series: what the
// pipeline waits for, and what it costs altogether.
func BenchmarkWatchMetrics(b *testing.B) {
	for _, written := range []bool{false, true} {
		b.Run(fmt.Sprintf("written=%t", written), func(b *testing.B) {
			c := benchmarkCore(b, testConfig(none))
			start := time.Now()
			md, points := counters(1000, start)
			at := start
			flush := func() { require.NoError(b, c.backend.ingest.flush(b.Context())) }
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

// BenchmarkEvaluate evaluates 50 rules, each over 10 minutes of all series.
func BenchmarkEvaluate(b *testing.B) {
	for _, series := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("series=%d", series), func(b *testing.B) {
			cfg := testConfig(func(c *Config) {
				for i := range 50 {
					c.Rules = append(c.Rules, RuleConfig{
						Name: "R" + strconv.Itoa(i),
						Expr: fmt.Sprintf(`sum(rate(arc_requests_total{status="500"}[5m])) / sum(rate(arc_requests_total[5m])) > %d`, i),
					})
				}
			})
			store, err := openStore(cfg.Storage, nil)
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, store.close()) })
			c, err := newCore(cfg, processortest.NewNopSettings(metadata.Type))
			require.NoError(b, err)
			ingest := newIngester(store, nil, defaultMaxSeries, c.counted)
			b.Cleanup(func() { require.NoError(b, ingest.stop(context.WithoutCancel(b.Context()))) })
			start := time.Now().Add(-10 * time.Minute)
			md, points := counters(series, start)
			for at := start; at.Before(time.Now()); at = at.Add(15 * time.Second) {
				for i, p := range points.All() {
					p.SetTimestamp(pcommon.NewTimestampFromTime(at))
					p.SetDoubleValue(float64(i) * at.Sub(start).Seconds())
				}
				ingest.consume(b.Context(), md)
				require.NoError(b, ingest.flush(b.Context()))
			}
			evaluator, err := newEvaluator(b.Context(), cfg, store, false, nil, c.telemetry)
			require.NoError(b, err)
			evaluator.done = func(time.Time, evaluation) {}
			require.NoError(b, evaluator.load())
			b.Cleanup(func() { evaluator.start(); evaluator.stop() })
			group := evaluator.manager.RuleGroups()[0]
			at := time.Now()
			for b.Loop() {
				at = at.Add(time.Millisecond)
				evaluator.evaluate(b.Context(), group, at)
			}
		})
	}
}
