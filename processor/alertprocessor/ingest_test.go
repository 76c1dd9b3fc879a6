// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

// shelf is an ingester on a storage of its own, with an engine to look at it.
type shelf struct {
	t      *testing.T
	store  *store
	ingest *ingester
	counts ingestCounts // of the last call
}

func newShelf(t *testing.T, change func(*Config)) *shelf {
	t.Helper()
	store, err := openStore(testConfig(change).Storage, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.close()) })
	s := &shelf{t: t, store: store}
	s.ingest = newIngester(store, nil, defaultMaxSeries, func(_ context.Context, counts ingestCounts) { s.counts = counts })
	t.Cleanup(func() { require.NoError(t, s.ingest.stop(context.Background())) })
	return s
}

func (s *shelf) send(md pmetric.Metrics) {
	s.t.Helper()
	md.MarkReadOnly()
	s.counts = ingestCounts{}
	s.ingest.consume(s.t.Context(), md)
	require.NoError(s.t, s.ingest.flush(s.t.Context()))
	require.NoError(s.t, s.counts.err)
}

// query evaluates an expression at a time, to "{labels} => value" each.
func (s *shelf) query(expr string, at time.Time) []string {
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

func none(*Config) {}

func TestNamesAreThoseOfThePage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newShelf(t, none)
		now := time.Now()
		md := counter("arc_llm_cost_dollars", now.Add(-time.Minute), now, 120, "model", "gpt-4o")
		m := md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
		m.SetUnit("USD")
		md.ResourceMetrics().At(0).Resource().Attributes().PutStr("service.instance.id", "i-1")
		histogram := newMetric(md, "arc.request.duration.seconds").SetEmptyHistogram()
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
		assert.EqualValues(t, 6, s.counts.appended)
	})
}

func TestFirstValueOfACounterIsAnIncrease(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newShelf(t, none)
		start := time.Now()
		time.Sleep(10 * time.Minute)
		s.send(counter("arc_llm_cost_dollars", start, time.Now(), 120))
		assert.Equal(t, []string{`{job="app"} => 120`}, s.query("increase(arc_llm_cost_dollars[15m])", time.Now()))
	})
}

func TestDeltaBecomesCumulative(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{{Name: "Cost", Expr: "cost >= 30"}}
		}))
		for range 3 {
			start := time.Now()
			time.Sleep(15 * time.Second)
			md := counter("cost", start, time.Now(), 10)
			md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
			r.send(md)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"firing Cost"}, lines(r.notices()))
		passed := r.seriesOut.AllMetrics()[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
		// One that overlaps is refused by the conversion.
		md := counter("cost", time.Now().Add(-time.Hour), time.Now().Add(-time.Minute), 10)
		md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		r.send(md)
		metadatatest.AssertEqualProcessorAlertSamplesDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", dropDelta))},
		}, metricdatatest.IgnoreTimestamp())
		assert.Equal(t, pmetric.AggregationTemporalityDelta, passed.Sum().AggregationTemporality(), "passed on as it came")
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
		"late, beyond the window":  {at: -11 * time.Minute, want: map[string]int64{dropTooOld: 1}},
		"ahead, as clocks may be":  {at: 9 * time.Minute},
		"far ahead":                {at: time.Hour, want: map[string]int64{dropFuture: 1}},
		"same time, another value": {make: func(at time.Time) pmetric.Metrics { return gauge("g", at, 2) }, want: map[string]int64{dropDuplicate: 1}},
		"no points":                {make: func(time.Time) pmetric.Metrics { return withEmptyGauge() }, want: map[string]int64{dropTranslation: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				s := newShelf(t, none)
				s.send(gauge("g", time.Now(), 1))
				if test.make == nil {
					test.make = func(at time.Time) pmetric.Metrics { return gauge("g", at, 1) }
				}
				s.send(test.make(time.Now().Add(test.at)))
				if test.want == nil {
					assert.EqualValues(t, 1, s.counts.appended)
				}
				assert.Equal(t, test.want, s.counts.dropped)
			})
		})
	}
}

func withEmptyGauge() pmetric.Metrics {
	md := pmetric.NewMetrics()
	newMetric(md, "empty").SetEmptyGauge()
	return md
}

func TestFloodOfSeriesIsCut(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flag(c)
			c.Storage.MaxSeries = 100
		}))
		r.send(gauge("flag", time.Now(), 1, "host", "known"))
		for batch := range 10 {
			md := pmetric.NewMetrics()
			points := newMetric(md, "flood").SetEmptyGauge().DataPoints()
			for i := range 100 {
				point(points.AppendEmpty(), time.Now(), 1, []string{"id", fmt.Sprint(batch, i)})
			}
			r.send(md)
		}
		r.send(gauge("flag", time.Now().Add(time.Second), 1, "host", "known"))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"firing Flag"}, lines(r.notices()), "rules on what was known before go on")
		require.Equal(t, 1, r.warnings.Len(), "one warning")
		assert.Contains(t, r.warnings.All()[0].Message, "full")
		assert.Equal(t, 10, countMetrics(r.seriesOut, "flood"), "all is passed on")
		metadatatest.AssertEqualProcessorAlertSamplesAppended(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 99 + 2}}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertSamplesDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1000 - 99, Attributes: attribute.NewSet(attribute.String("reason", dropSeriesLimit))},
		}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertSeries(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 100 + 2}}, // ALERTS and ALERTS_FOR_STATE
			metricdatatest.IgnoreTimestamp())
	})
}

// fullDisk is a storage that cannot commit.
type fullDisk struct {
	storage.Appendable
	full bool
}

func (f *fullDisk) Appender(ctx context.Context) storage.Appender {
	return &fullAppender{Appender: f.Appendable.Appender(ctx), full: f.full}
}

type fullAppender struct {
	storage.Appender
	full bool
}

func (a *fullAppender) Commit() error {
	if a.full {
		return errors.Join(errors.New("no space left on device"), a.Rollback())
	}
	return a.Appender.Commit()
}

func TestStorageThatCannotWrite(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(none)
		r := buildRig(t, cfg)
		c, err := newCore(cfg, r.settings)
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context(), r.host))
		disk := &fullDisk{Appendable: c.backend.store, full: true}
		c.backend.ingest.storage = disk
		for range 3 {
			_, err = c.watchMetrics(t.Context(), gauge("g", time.Now(), 1))
			require.NoError(t, err, "passes on")
		}
		synctest.Wait()
		disk.full = false
		_, err = c.watchMetrics(t.Context(), gauge("g", time.Now(), 1))
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, r.host.events, 2, "one event for each change")
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[0].Status())
		assert.Equal(t, componentstatus.StatusOK, r.host.events[1].Status())
		metadatatest.AssertEqualProcessorAlertSamplesDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 3, Attributes: attribute.NewSet(attribute.String("reason", dropStorage))},
		}, metricdatatest.IgnoreTimestamp())
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}
