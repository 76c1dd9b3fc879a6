// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
)

func TestTelemetryDoesNotWaitForTheStorage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newFixture(t)
		disk := &alerttest.StuckStore{Appendable: s.store, Release: make(chan struct{})}
		s.ingest.storage = disk
		total := Counts{Dropped: map[string]int64{}}
		s.ingest.count = func(_ context.Context, counts Counts) {
			total.Appended += counts.Appended
			for reason, n := range counts.Dropped {
				total.Dropped[reason] += n
			}
		}
		const points = maxWaiting / 10
		begin := time.Now()
		for n := range 15 {
			md, all := alerttest.Counters(points, begin)
			for _, p := range all.All() {
				p.SetTimestamp(pcommon.NewTimestampFromTime(begin.Add(time.Duration(n+1) * time.Second)))
			}
			s.ingest.Consume(t.Context(), md)
			synctest.Wait()
		}
		assert.Equal(t, begin, time.Now(), "nothing waited")
		assert.Equal(t, map[string]int64{dropQueueFull: 5 * points}, total.Dropped)

		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		require.ErrorIs(t, s.ingest.Flush(soon), context.DeadlineExceeded, "an evaluation waits until it is to end")
		cancel()
		close(disk.Release)
		require.NoError(t, s.ingest.Flush(t.Context()))
		assert.EqualValues(t, 10*points, total.Appended)
		s.ingest.Consume(t.Context(), alerttest.Gauge("g", time.Now(), 1))
		require.NoError(t, s.ingest.Flush(t.Context()))
		assert.EqualValues(t, 10*points+1, total.Appended, "there is room again")
	})
}

func TestStopDoesNotWaitForAStuckStorage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		store, err := OpenStore(testStoreOptions, nil)
		require.NoError(t, err)
		disk := &alerttest.StuckStore{Appendable: store, Release: make(chan struct{})}
		ingest := New(disk, nil, 10, func(context.Context, Counts) {})
		ingest.Consume(t.Context(), alerttest.Gauge("g", time.Now(), 1))
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, ingest.Stop(soon), context.DeadlineExceeded)
		close(disk.Release)
		<-ingest.stopped
		require.ErrorIs(t, ingest.Flush(t.Context()), errStopped)
		require.NoError(t, store.Close())
	})
}

func TestPointThatHasNoSeriesIsLeftOut(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newFixture(t)
		for range 2 { // the second time, the others are known
			md := pmetric.NewMetrics()
			points := alerttest.NewMetric(md, "g").SetEmptyGauge().DataPoints()
			alerttest.Point(points.AppendEmpty(), time.Now(), 1, []string{"host", "a"})
			alerttest.Point(points.AppendEmpty(), time.Now(), 2, []string{"...", "nothing to make a name of"})
			alerttest.Point(points.AppendEmpty(), time.Now(), 3, []string{"host", "b"})
			s.send(md)
			assert.Equal(t, map[string]int64{dropTranslation: 1}, s.counts.Dropped)
			assert.EqualValues(t, 2, s.counts.Appended)
			time.Sleep(time.Second)
		}
		assert.Equal(t, []string{`{job="app"} => 4`}, s.query("sum by (job) (g)", time.Now()))
	})
}

func TestTargetInfoOfAPointWithoutTime(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newFixture(t)
		s.send(alerttest.Gauge("first", time.Now(), 1))
		md := pmetric.NewMetrics()
		points := alerttest.NewMetric(md, "g").SetEmptyGauge().DataPoints()
		md.ResourceMetrics().At(0).Resource().Attributes().PutStr("host.name", "h")
		points.AppendEmpty()
		alerttest.Point(points.AppendEmpty(), time.Now(), 1, nil)
		s.send(md)
		assert.Less(t, s.counts.Dropped[DropTooOld], int64(1000), "not the ten million since 1970")
		assert.Equal(t, []string{`{__name__="target_info", host_name="h", job="app"} => 1`}, s.query("target_info", time.Now()))
	})
}

func TestSeriesCacheIsBounded(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		const limit = 100
		c := newSeriesCache(limit)
		put := func(ids ...uint64) {
			all := map[identity][]cachedSeries{}
			for _, id := range ids {
				all[identity{id, 0}] = []cachedSeries{{labels: labels.FromStrings("id", strconv.FormatUint(id, 10))}}
			}
			c.put(all)
		}
		known := func(id uint64) bool {
			series, known, ageing := c.get(identity{id, 0})
			if known {
				assert.Equal(t, strconv.FormatUint(id, 10), series[0].labels.Get("id"))
			}
			if ageing {
				put(id) // as a translation does
			}
			return known
		}
		for id := range uint64(10 * limit) {
			put(id)
			require.LessOrEqual(t, len(c.young)+len(c.old), 2*limit)
			require.True(t, known(0), "what is in use stays")
		}
		assert.False(t, known(5), "what is not is forgotten")

		time.Sleep(cacheGeneration + time.Second)
		require.True(t, known(10*limit-1))
		put(10 * limit)
		time.Sleep(cacheGeneration + time.Second)
		put(10*limit + 1)
		assert.False(t, known(10*limit-1), "within two turns")
		assert.True(t, known(10*limit))
	})
}
