// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/ingest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

func none(*Config) {}

func TestDeltaBecomesCumulative(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{{Name: "Cost", Expr: "cost >= 30"}}
		}))
		for range 3 {
			start := time.Now()
			time.Sleep(15 * time.Second)
			md := alerttest.Counter("cost", start, time.Now(), 10)
			md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
			r.send(md)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"firing Cost"}, lines(r.notifications()))
		passed := r.seriesOut.AllMetrics()[0].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0)
		// One that overlaps is refused by the conversion.
		md := alerttest.Counter("cost", time.Now().Add(-time.Hour), time.Now().Add(-time.Minute), 10)
		md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
		r.send(md)
		metadatatest.AssertEqualProcessorAlertSamplesDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", ingest.DropDelta))},
		}, metricdatatest.IgnoreTimestamp())
		assert.Equal(t, pmetric.AggregationTemporalityDelta, passed.Sum().AggregationTemporality(), "passed on as it came")
	})
}

func TestFloodOfSeriesIsCut(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.Storage.MaxSeries = 100
		}))
		r.send(alerttest.Gauge("flag", time.Now(), 1, "host", "known"))
		for batch := range 10 {
			md := pmetric.NewMetrics()
			points := alerttest.NewMetric(md, "flood").SetEmptyGauge().DataPoints()
			for i := range 100 {
				alerttest.Point(points.AppendEmpty(), time.Now(), 1, []string{"id", fmt.Sprint(batch, i)})
			}
			r.send(md)
		}
		r.send(alerttest.Gauge("flag", time.Now().Add(time.Second), 1, "host", "known"))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"firing Flag"}, lines(r.notifications()), "rules on what was known before go on")
		require.Equal(t, 1, r.warnings.Len(), "one warning")
		assert.Contains(t, r.warnings.All()[0].Message, "Series limit")
		assert.Equal(t, 10, countMetrics(r.seriesOut, "flood"), "all is passed on")
		metadatatest.AssertEqualProcessorAlertSamplesAppended(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 99 + 2}}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertSamplesDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1000 - 99, Attributes: attribute.NewSet(attribute.String("reason", ingest.DropSeriesLimit))},
		}, metricdatatest.IgnoreTimestamp())
		metadatatest.AssertEqualProcessorAlertSeries(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 100 + 2}}, // ALERTS and ALERTS_FOR_STATE
			metricdatatest.IgnoreTimestamp())
	})
}

func TestStorageThatCannotWrite(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(none)
		r := buildRig(t, cfg)
		c, err := newCore(cfg, r.settings)
		require.NoError(t, err)
		disk := &alerttest.FullStore{Full: true}
		c.writeTo = func(store storage.Appendable) storage.Appendable {
			disk.Appendable = store
			return disk
		}
		require.NoError(t, c.Start(t.Context(), r.host))
		for range 3 {
			_, err = c.watchMetrics(t.Context(), alerttest.Gauge("g", time.Now(), 1))
			require.NoError(t, err, "passes on")
		}
		synctest.Wait()
		disk.Full = false
		_, err = c.watchMetrics(t.Context(), alerttest.Gauge("g", time.Now(), 1))
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, r.host.events, 2, "one event for each change")
		assert.Equal(t, componentstatus.StatusRecoverableError, r.host.events[0].Status())
		assert.Equal(t, componentstatus.StatusOK, r.host.events[1].Status())
		metadatatest.AssertEqualProcessorAlertSamplesDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 3, Attributes: attribute.NewSet(attribute.String("reason", ingest.DropStorage))},
		}, metricdatatest.IgnoreTimestamp())
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestWhatWasConsumedIsEvaluated(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(flagRule)
		r := buildRig(t, cfg)
		c, err := newCore(cfg, r.settings)
		require.NoError(t, err)
		disk := &alerttest.StuckStore{Release: make(chan struct{})}
		c.writeTo = func(store storage.Appendable) storage.Appendable {
			disk.Appendable = store
			return disk
		}
		require.NoError(t, c.Start(t.Context(), r.host))
		_, err = c.watchMetrics(t.Context(), alerttest.Gauge("flag", time.Now(), 1))
		require.NoError(t, err)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		assert.Zero(t, c.firing.Load(), "the evaluation waits for the sample")
		close(disk.Release)
		synctest.Wait()
		assert.EqualValues(t, 1, c.firing.Load(), "and does not miss it")
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}

// After a kill nobody sends again what was acknowledged. A storage that is stuck
// holds telemetry up for a second.
func TestSamplesAreWrittenBeforeTheyAreAcknowledged(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(func(c *Config) { c.Storage.Directory = t.TempDir() })
		r := buildRig(t, cfg)
		c, err := newCore(cfg, r.settings)
		require.NoError(t, err)
		disk := &alerttest.StuckStore{Release: make(chan struct{})}
		c.writeTo = func(store storage.Appendable) storage.Appendable {
			disk.Appendable = store
			return disk
		}
		require.NoError(t, c.Start(t.Context(), r.host))
		begin := time.Now()
		time.AfterFunc(300*time.Millisecond, func() { disk.Release <- struct{}{} })
		_, err = c.watchMetrics(t.Context(), alerttest.Gauge("g", time.Now(), 1))
		require.NoError(t, err)
		assert.Equal(t, 300*time.Millisecond, time.Since(begin), "as long as it takes to write")
		_, err = c.watchMetrics(t.Context(), alerttest.Gauge("g", time.Now(), 2))
		require.NoError(t, err)
		assert.Equal(t, 300*time.Millisecond+maxPersistWait, time.Since(begin), "and no longer than that")
		close(disk.Release)
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}
