// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metricstore"
)

// counts are the metrics of all requests so far. A request stages its changes,
// sends the values they lead to, and commits them when they were accepted; what was
// refused is not counted, so that it counts once when it is sent again.
//
// Requests take turns from stage to commit. That is what makes values arrive in
// the order in which they grew: were one request's values to overtake another's,
// a counter would seem to fall, which readers take for a restart. Log records
// and spans do not take turns, and a pipeline hands metrics to a queue, so a
// turn is short; a request that waits for one gives up with its sender.
type counts struct {
	turn chan struct{} // holds one value while a request has its turn

	deltas     bool
	maxSeries  int
	expiration time.Duration      // 0: never
	store      *metricstore.Store // of whose turn it is
	latest     time.Time          // of the last values sent
	swept      time.Time          // when series last expired
	series     atomic.Int64
}

func newCounts(deltas bool, maxSeries int, expiration time.Duration) *counts {
	return &counts{turn: make(chan struct{}, 1), deltas: deltas, maxSeries: maxSeries, expiration: expiration}
}

// begin sets the time since which counters count.
func (c *counts) begin(now time.Time) {
	c.store = metricstore.New(c.maxSeries, now)
	c.latest, c.swept = now, now
}

// expire forgets series that rest. It looks at all of them, so not at each request.
func (c *counts) expire(now time.Time) {
	if c.expiration > 0 && now.Sub(c.swept) >= c.expiration/10 {
		c.store.Expire(now.Add(-c.expiration), now)
		c.swept = now
	}
}

// len returns how many series there are.
func (c *counts) len() int64 { return c.series.Load() }

// add sends the values that changes lead to, or how much they add, and keeps them if send succeeds. It
// returns how many changes went to overflow series.
func (c *counts) add(
	ctx context.Context,
	changes []metricstore.Change,
	now time.Time,
	send func(series []metricstore.Series, now pcommon.Timestamp) error,
) (overflowed int, err error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if now.Before(c.latest) {
		now = c.latest // the clock was set back, or the goroutines ran in another order
	}
	if c.deltas && !now.After(c.latest) {
		now = c.latest.Add(1) // another delta of the same time would be taken for the same
	}
	c.expire(now)
	stage := c.store.Stage(changes, now)
	series := stage.Series
	if c.deltas {
		series = func() []metricstore.Series { return stage.Deltas(c.store) }
	}
	if err := send(series(), pcommon.NewTimestampFromTime(now)); err != nil {
		return 0, err
	}
	c.latest = now
	c.store.Commit(stage)
	c.series.Store(int64(c.store.Len()))
	return stage.Overflowed, nil
}
