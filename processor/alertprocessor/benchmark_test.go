// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/rules"
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

// BenchmarkEvaluate evaluates 50 rules, each over up to a ninth of the series
// that end in 500, in turns with Prometheus' rule manager on the same storage. It
// says how long 99 in 100 evaluations take at most; take some hundred of them:
// -benchtime 300x.
func BenchmarkEvaluate(b *testing.B) {
	for _, series := range []int{10_000, 100_000} {
		cfg := testConfig(func(c *Config) {
			for i := range 50 {
				c.Rules = append(c.Rules, RuleConfig{
					Name: "R" + strconv.Itoa(i),
					Expr: fmt.Sprintf(`sum by (job) (rate(arc_requests_total{endpoint=~"/%d.*", status="500"}[5m])) > 1e6`, i),
				})
			}
		})
		store := filledStore(b, cfg, series)
		for _, concurrent := range []bool{false, true} {
			b.Run(fmt.Sprintf("series=%d/concurrent=%t", series, concurrent), func(b *testing.B) {
				ours := benchmarkEvaluator(b, cfg, store)
				group := ours.manager.RuleGroups()[0]
				peer := rules.NewManager(&rules.ManagerOptions{
					Context:                b.Context(),
					QueryFunc:              rules.EngineQueryFunc(ours.engine, store),
					Queryable:              store,
					Appendable:             store,
					NotifyFunc:             func(context.Context, string, ...*rules.Alert) {},
					GroupLoader:            ruleLoader{inline: cfg.Rules},
					ConcurrentEvalsEnabled: concurrent,
					MaxConcurrentEvals:     4, // Prometheus' default
				})
				groups, errs := peer.LoadGroups(cfg.EvaluationInterval, labels.EmptyLabels(), "", nil, false, inlineRules)
				require.Empty(b, errs)
				require.Len(b, groups, 1)
				var took, peerTook []time.Duration
				at := time.Now()
				for range b.N {
					at = at.Add(time.Millisecond)
					began := time.Now()
					ours.evaluate(b.Context(), group, at)
					took = append(took, time.Since(began))
					at = at.Add(time.Millisecond)
					began = time.Now()
					for _, group := range groups {
						group.Eval(b.Context(), at)
					}
					peerTook = append(peerTook, time.Since(began))
				}
				b.ReportMetric(0, "ns/op") // of both together
				report(b, took, "")
				report(b, peerTook, "prometheus-")
			})
		}
	}
}

func report(b *testing.B, took []time.Duration, prefix string) {
	b.Helper()
	slices.Sort(took)
	for _, share := range []int{50, 99} {
		b.ReportMetric(float64(took[(len(took)-1)*share/100].Microseconds())/1000, fmt.Sprintf("%sp%d-ms", prefix, share))
	}
}

// filledStore has the samples of six minutes, one every 15 s.
func filledStore(b *testing.B, cfg *Config, series int) *store {
	b.Helper()
	store, err := openStore(cfg.Storage, nil)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.close()) })
	ingest := newIngester(store, nil, series, func(_ context.Context, counts ingestCounts) { require.Empty(b, counts.dropped) })
	start := time.Now().Add(-6 * time.Minute)
	md, points := counters(series, start)
	for at := start.Add(15 * time.Second); at.Before(time.Now()); at = at.Add(15 * time.Second) {
		for i, p := range points.All() {
			p.SetTimestamp(pcommon.NewTimestampFromTime(at))
			p.SetDoubleValue(float64(i%10) * at.Sub(start).Seconds())
		}
		ingest.consume(b.Context(), md)
		require.NoError(b, ingest.flush(b.Context()))
	}
	require.NoError(b, ingest.stop(b.Context()))
	return store
}

func benchmarkEvaluator(b *testing.B, cfg *Config, store *store) *evaluator {
	b.Helper()
	c, err := newCore(cfg, processortest.NewNopSettings(metadata.Type))
	require.NoError(b, err)
	e, err := newEvaluator(b.Context(), cfg, store, false, nil, c.telemetry)
	require.NoError(b, err)
	e.done = c.evaluated
	require.NoError(b, e.load())
	b.Cleanup(func() { e.start(); e.stop() })
	return e
}
