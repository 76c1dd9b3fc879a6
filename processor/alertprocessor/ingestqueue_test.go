// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// stuckDisk is a storage whose transactions do not end until it is let go.
type stuckDisk struct {
	storage.Appendable
	letGo chan struct{}
}

func (d *stuckDisk) Appender(ctx context.Context) storage.Appender {
	return &stuckAppender{Appender: d.Appendable.Appender(ctx), letGo: d.letGo}
}

type stuckAppender struct {
	storage.Appender
	letGo chan struct{}
}

func (a *stuckAppender) Commit() error {
	<-a.letGo
	return a.Appender.Commit()
}

func TestTelemetryDoesNotWaitForTheStorage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newShelf(t, none)
		disk := &stuckDisk{Appendable: s.store, letGo: make(chan struct{})}
		s.ingest.storage = disk
		total := ingestCounts{dropped: map[string]int64{}}
		s.ingest.count = func(_ context.Context, counts ingestCounts) {
			total.appended += counts.appended
			for reason, n := range counts.dropped {
				total.dropped[reason] += n
			}
		}
		const points = maxWaiting / 10
		begin := time.Now()
		for n := range 15 {
			md, all := counters(points, begin)
			for _, p := range all.All() {
				p.SetTimestamp(pcommon.NewTimestampFromTime(begin.Add(time.Duration(n+1) * time.Second)))
			}
			s.ingest.consume(t.Context(), md)
			synctest.Wait()
		}
		assert.Equal(t, begin, time.Now(), "nothing waited")
		assert.Equal(t, map[string]int64{dropQueueFull: 5 * points}, total.dropped)

		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		require.ErrorIs(t, s.ingest.flush(soon), context.DeadlineExceeded, "an evaluation waits until it is to end")
		cancel()
		close(disk.letGo)
		require.NoError(t, s.ingest.flush(t.Context()))
		assert.EqualValues(t, 10*points, total.appended)
		s.ingest.consume(t.Context(), gauge("g", time.Now(), 1))
		require.NoError(t, s.ingest.flush(t.Context()))
		assert.EqualValues(t, 10*points+1, total.appended, "there is room again")
	})
}

func TestStopDoesNotWaitForAStuckStorage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		store, err := openStore(testConfig(none).Storage, nil)
		require.NoError(t, err)
		disk := &stuckDisk{Appendable: store, letGo: make(chan struct{})}
		ingest := newIngester(disk, nil, 10, func(context.Context, ingestCounts) {})
		ingest.consume(t.Context(), gauge("g", time.Now(), 1))
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, ingest.stop(soon), context.DeadlineExceeded)
		close(disk.letGo)
		<-ingest.stopped
		require.ErrorIs(t, ingest.flush(t.Context()), errClosed)
		require.NoError(t, store.close())
	})
}

func TestWhatWasConsumedIsEvaluated(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		cfg := testConfig(flag)
		r := buildRig(t, cfg)
		c, err := newCore(cfg, r.settings)
		require.NoError(t, err)
		require.NoError(t, c.Start(t.Context(), r.host))
		disk := &stuckDisk{Appendable: c.backend.store, letGo: make(chan struct{})}
		c.backend.ingest.storage = disk
		_, err = c.watchMetrics(t.Context(), gauge("flag", time.Now(), 1))
		require.NoError(t, err)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		assert.Zero(t, c.firing.Load(), "the evaluation waits for the sample")
		close(disk.letGo)
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
		require.NoError(t, c.Start(t.Context(), r.host))
		disk := &stuckDisk{Appendable: c.backend.store, letGo: make(chan struct{})}
		c.backend.ingest.storage = disk
		begin := time.Now()
		time.AfterFunc(300*time.Millisecond, func() { disk.letGo <- struct{}{} })
		_, err = c.watchMetrics(t.Context(), gauge("g", time.Now(), 1))
		require.NoError(t, err)
		assert.Equal(t, 300*time.Millisecond, time.Since(begin), "as long as it takes to write")
		_, err = c.watchMetrics(t.Context(), gauge("g", time.Now(), 2))
		require.NoError(t, err)
		assert.Equal(t, 300*time.Millisecond+writeWait, time.Since(begin), "and no longer than that")
		close(disk.letGo)
		require.NoError(t, c.Stop(t.Context()))
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestPointThatHasNoSeriesIsLeftOut(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newShelf(t, none)
		for range 2 { // the second time, the others are known
			md := pmetric.NewMetrics()
			points := newMetric(md, "g").SetEmptyGauge().DataPoints()
			point(points.AppendEmpty(), time.Now(), 1, []string{"host", "a"})
			point(points.AppendEmpty(), time.Now(), 2, []string{"...", "nothing to make a name of"})
			point(points.AppendEmpty(), time.Now(), 3, []string{"host", "b"})
			s.send(md)
			assert.Equal(t, map[string]int64{dropTranslation: 1}, s.counts.dropped)
			assert.EqualValues(t, 2, s.counts.appended)
			time.Sleep(time.Second)
		}
		assert.Equal(t, []string{`{job="app"} => 4`}, s.query("sum by (job) (g)", time.Now()))
	})
}

func TestTargetInfoOfAPointWithoutTime(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		s := newShelf(t, none)
		s.send(gauge("first", time.Now(), 1))
		md := pmetric.NewMetrics()
		points := newMetric(md, "g").SetEmptyGauge().DataPoints()
		md.ResourceMetrics().At(0).Resource().Attributes().PutStr("host.name", "h")
		points.AppendEmpty()
		point(points.AppendEmpty(), time.Now(), 1, nil)
		s.send(md)
		assert.Less(t, s.counts.dropped[dropTooOld], int64(1000), "not the ten million since 1970")
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

		time.Sleep(cacheTurn + time.Second)
		require.True(t, known(10*limit-1))
		put(10 * limit)
		time.Sleep(cacheTurn + time.Second)
		put(10*limit + 1)
		assert.False(t, known(10*limit-1), "within two turns")
		assert.True(t, known(10*limit))
	})
}
