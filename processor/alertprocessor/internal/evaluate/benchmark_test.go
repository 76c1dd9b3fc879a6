// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/rules"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// BenchmarkEvaluate evaluates 50 rules, each over up to a ninth of the series
// that end in 500, in turns with Prometheus' rule manager on the same storage. It
// reports the 99th percentile of the duration; run some hundred evaluations:
// -benchtime 300x.
func BenchmarkEvaluate(b *testing.B) {
	for _, series := range []int{10_000, 100_000} {
		set := RuleSet{Interval: 15 * time.Second}
		for i := range 50 {
			set.Inline = append(set.Inline, rulefmt.Rule{
				Alert: "R" + strconv.Itoa(i),
				Expr:  fmt.Sprintf(`sum by (job) (rate(arc_requests_total{endpoint=~"/%d.*", status="500"}[5m])) > 1e6`, i),
			})
		}
		store := filledStore(b, series)
		for _, concurrent := range []bool{false, true} {
			b.Run(fmt.Sprintf("series=%d/concurrent=%t", series, concurrent), func(b *testing.B) {
				ours := benchmarkEvaluator(b, set, store)
				group := ours.Manager.RuleGroups()[0]
				peer := rules.NewManager(&rules.ManagerOptions{
					Context:                b.Context(),
					QueryFunc:              rules.EngineQueryFunc(ours.engine, store),
					Queryable:              store,
					Appendable:             store,
					NotifyFunc:             func(context.Context, string, ...*rules.Alert) {},
					GroupLoader:            ruleLoader{inline: set.Inline},
					ConcurrentEvalsEnabled: concurrent,
					MaxConcurrentEvals:     4, // Prometheus' default
				})
				groups, errs := peer.LoadGroups(set.Interval, labels.EmptyLabels(), "", nil, false, InlineRules)
				require.Empty(b, errs)
				require.Len(b, groups, 1)
				var took, peerTook []time.Duration
				at := time.Now()
				for range b.N {
					at = at.Add(time.Millisecond)
					began := time.Now()
					ours.Evaluate(b.Context(), group, at)
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
func filledStore(b *testing.B, series int) *ingest.Store {
	b.Helper()
	store, err := ingest.OpenStore(ingest.StoreOptions{Retention: time.Hour, MaxSeries: series, OutOfOrderWindow: 10 * time.Minute}, nil)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, store.Close()) })
	ingest := ingest.New(store, nil, series, func(_ context.Context, counts ingest.Counts) { require.Empty(b, counts.Dropped) })
	start := time.Now().Add(-6 * time.Minute)
	md, points := alerttest.Counters(series, start)
	for at := start.Add(15 * time.Second); at.Before(time.Now()); at = at.Add(15 * time.Second) {
		for i, p := range points.All() {
			p.SetTimestamp(pcommon.NewTimestampFromTime(at))
			p.SetDoubleValue(float64(i%10) * at.Sub(start).Seconds())
		}
		ingest.Consume(b.Context(), md)
		require.NoError(b, ingest.Flush(b.Context()))
	}
	require.NoError(b, ingest.Stop(b.Context()))
	return store
}

func benchmarkEvaluator(b *testing.B, set RuleSet, store *ingest.Store) *Evaluator {
	b.Helper()
	builder, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(b, err)
	e, err := New(b.Context(), Options{Rules: set, Store: store, Telemetry: builder})
	require.NoError(b, err)
	require.NoError(b, e.Load(b.Context()))
	b.Cleanup(func() { e.Start(); e.Stop() })
	return e
}
