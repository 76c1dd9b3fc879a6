// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
)

// fixture is an ingester on a storage of its own, with an engine to look at it.
type fixture struct {
	t      *testing.T
	store  *Store
	ingest *Ingester
	counts Counts // of the last call
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	return newFixtureOn(t, testStoreOptions)
}

func newFixtureOn(t *testing.T, options StoreOptions) *fixture {
	t.Helper()
	store, err := OpenStore(options, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	s := &fixture{t: t, store: store}
	s.ingest = New(store, nil, 100_000, func(_ context.Context, counts Counts) { s.counts = counts })
	t.Cleanup(func() { require.NoError(t, s.ingest.Stop(context.Background())) })
	return s
}

// testStoreOptions are a temporary directory and the limits of the default configuration.
var testStoreOptions = StoreOptions{Retention: 26 * time.Hour, MaxSeries: 100_000, OutOfOrderWindow: 10 * time.Minute}

func (s *fixture) send(md pmetric.Metrics) {
	s.t.Helper()
	md.MarkReadOnly()
	s.counts = Counts{}
	s.ingest.Consume(s.t.Context(), md)
	require.NoError(s.t, s.ingest.Flush(s.t.Context()))
	require.NoError(s.t, s.counts.Err)
}

// query evaluates an expression at a time, to "{labels} => value" each.
func (s *fixture) query(expr string, at time.Time) []string {
	s.t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute})
	query, err := engine.NewInstantQuery(s.t.Context(), s.store, nil, expr, at)
	require.NoError(s.t, err)
	defer query.Close()
	result := query.Exec(s.t.Context())
	require.NoError(s.t, result.Err)
	vector, err := result.Vector()
	require.NoError(s.t, err)
	var out []string
	for _, sample := range vector {
		out = append(out, fmt.Sprintf("%v => %v", sample.Metric, sample.F))
	}
	return out
}

func TestNamesAreThoseOfThePage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newFixture(t)
		now := time.Now()
		md := alerttest.Counter("arc_llm_cost_dollars", now.Add(-time.Minute), now, 120, "model", "gpt-4o")
		m := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
		m.SetUnit("USD")
		md.ResourceMetrics().At(0).Resource().Attributes().PutStr("service.instance.id", "i-1")
		histogram := alerttest.NewMetric(md, "arc.request.duration.seconds").SetEmptyHistogram()
		histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		p := histogram.DataPoints().AppendEmpty()
		p.SetTimestamp(pcommon.NewTimestampFromTime(now))
		p.ExplicitBounds().FromRaw([]float64{0.1, 10})
		p.BucketCounts().FromRaw([]uint64{1, 2, 3})
		p.SetCount(6)
		p.SetSum(60)
		s.send(md)
		assert.Equal(t, []string{`{__name__="arc_llm_cost_dollars", instance="i-1", job="app", model="gpt-4o"} => 120`}, s.query("arc_llm_cost_dollars", now))
		assert.ElementsMatch(t, []string{
			`{__name__="arc_request_duration_seconds_bucket", job="app", le="0.1"} => 1`,
			`{__name__="arc_request_duration_seconds_bucket", job="app", le="10"} => 3`,
			`{__name__="arc_request_duration_seconds_bucket", job="app", le="+Inf"} => 6`,
		}, s.query("arc_request_duration_seconds_bucket", now))
		assert.EqualValues(t, 6, s.counts.Appended)
	})
}

func TestFirstValueOfACounterIsAnIncrease(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newFixture(t)
		start := time.Now()
		time.Sleep(10 * time.Minute)
		s.send(alerttest.Counter("arc_llm_cost_dollars", start, time.Now(), 120))
		assert.Equal(t, []string{`{job="app"} => 120`}, s.query("increase(arc_llm_cost_dollars[15m])", time.Now()))
	})
}

func TestWhatIsDropped(t *testing.T) {
	tests := map[string]struct {
		at   time.Duration // after a sample of the same series
		make func(at time.Time) pmetric.Metrics
		want map[string]int64
	}{
		"in order":                 {at: time.Second},
		"same time, same value":    {at: 0},
		"late, within the window":  {at: -9 * time.Minute},
		"late, beyond the window":  {at: -11 * time.Minute, want: map[string]int64{DropTooOld: 1}},
		"ahead, as clocks may be":  {at: 9 * time.Minute},
		"far ahead":                {at: time.Hour, want: map[string]int64{DropFuture: 1}},
		"same time, another value": {make: func(at time.Time) pmetric.Metrics { return alerttest.Gauge("g", at, 2) }, want: map[string]int64{dropDuplicate: 1}},
		"no points":                {make: func(time.Time) pmetric.Metrics { return withEmptyGauge() }, want: map[string]int64{dropTranslation: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				s := newFixture(t)
				s.send(alerttest.Gauge("g", time.Now(), 1))
				if test.make == nil {
					test.make = func(at time.Time) pmetric.Metrics { return alerttest.Gauge("g", at, 1) }
				}
				s.send(test.make(time.Now().Add(test.at)))
				if test.want == nil {
					assert.EqualValues(t, 1, s.counts.Appended)
				}
				assert.Equal(t, test.want, s.counts.Dropped)
			})
		})
	}
}

func withEmptyGauge() pmetric.Metrics {
	md := pmetric.NewMetrics()
	alerttest.NewMetric(md, "empty").SetEmptyGauge()
	return md
}

func TestExponentialHistogramBecomesNative(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newFixture(t)
		now := time.Now()
		md, _ := alerttest.Exponential("latency", now)
		s.send(md)
		assert.Equal(t, []string{`{job="app"} => 4`}, s.query("histogram_count(latency)", now))
		assert.Equal(t, []string{`{job="app"} => 14`}, s.query("histogram_sum(latency)", now))
		assert.Equal(t, []string{`{job="app"} => 0.25`}, s.query("histogram_fraction(2, 4, latency)", now))
	})
}

func TestNoRecordedValueEndsASeries(t *testing.T) {
	tests := map[string]func(at time.Time, ended bool) pmetric.Metrics{
		"gauge": func(at time.Time, ended bool) pmetric.Metrics {
			md := alerttest.Gauge("m", at, 1)
			p := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Gauge().DataPoints().At(0)
			p.SetFlags(p.Flags().WithNoRecordedValue(ended))
			return md
		},
		"counter": func(at time.Time, ended bool) pmetric.Metrics {
			md := alerttest.Counter("m", at.Add(-time.Minute), at, 1)
			p := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().At(0)
			p.SetFlags(p.Flags().WithNoRecordedValue(ended))
			return md
		},
		"exponential histogram": func(at time.Time, ended bool) pmetric.Metrics {
			md, p := alerttest.Exponential("m", at)
			p.SetFlags(p.Flags().WithNoRecordedValue(ended))
			return md
		},
		"histogram": func(at time.Time, ended bool) pmetric.Metrics {
			md := pmetric.NewMetrics()
			histogram := alerttest.NewMetric(md, "m").SetEmptyHistogram()
			histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := histogram.DataPoints().AppendEmpty()
			p.SetTimestamp(pcommon.NewTimestampFromTime(at))
			p.SetCount(1)
			p.BucketCounts().FromRaw([]uint64{1})
			p.SetFlags(p.Flags().WithNoRecordedValue(ended))
			return md
		},
	}
	for name, make := range tests {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				s := newFixture(t)
				now := time.Now()
				s.send(make(now, false))
				const all = `count({__name__=~"m|m_bucket"}) > 0`
				assert.NotEmpty(t, s.query(all, now.Add(10*time.Second)))
				s.send(make(now.Add(15*time.Second), true))
				assert.Empty(t, s.query(all, now.Add(15*time.Second)), "at once")
				s.send(make(now.Add(30*time.Second), false))
				assert.NotEmpty(t, s.query(all, now.Add(30*time.Second)), "it is back")
				assert.Empty(t, s.query(all, now.Add(30*time.Second+5*time.Minute)), "and not seen for as long as PromQL looks back")
			})
		})
	}
}
