// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Reasons for which a sample is not stored.
const (
	DropFuture      = "future"
	DropOutOfOrder  = "out_of_order"
	DropTooOld      = "too_old"
	dropDuplicate   = "duplicate"
	DropSeriesLimit = "series_limit"
	dropInvalid     = "invalid"
	dropTranslation = "translation"
	DropDelta       = "delta" // out of order, or too many streams
	DropStorage     = "storage"
	dropQueueFull   = "queue_full"
)

// Ingester writes metrics into a storage. Passing metrics are translated at
// once, and wait, as samples, for a goroutine that writes them, so that no
// telemetry waits for the storage longer than it has to.
type Ingester struct {
	storage  storage.Appendable
	settings prometheusremotewrite.Settings
	cache    *seriesCache
	count    func(ctx context.Context, counts Counts)

	queue   chan *batch
	waiting atomic.Int64 // samples in queue, and being written
	quit    chan struct{}
	stopped chan struct{} // closed when nothing will be written any more
}

// Counts is what became of the samples of one call.
type Counts struct {
	Appended int64
	Dropped  map[string]int64 // by reason
	Err      error            // of the storage; nothing of the call was kept
	// WrongTime is a series of which a sample was too old, out of order or in the future.
	WrongTime string
}

const (
	// maxWaiting bounds the samples that wait to be written, of 40 bytes each,
	// unless a single request has more.
	maxWaiting = 250_000
	// maxWaitingBatches bounds the requests that wait to be written.
	maxWaitingBatches = 10_000
)

// batch is what a call has to write.
type batch struct {
	samples      []sample
	untranslated int           // data points, and metrics without any
	latest       int64         // milliseconds; what is later is refused
	written      chan struct{} // closed when it has been written; or nil
}

// batches are used again.
var batches = sync.Pool{New: func() any { return new(batch) }}

// New makes an ingester that adds attributes of resources to the labels,
// and knows the series of as many data points as maxSeries, or twice as many
// for a while. It is to be stopped.
func New(to storage.Appendable, attributes []string, maxSeries int, count func(context.Context, Counts)) *Ingester {
	i := &Ingester{
		storage:  to,
		settings: translationSettings(attributes),
		cache:    newSeriesCache(maxSeries),
		count:    count,
		queue:    make(chan *batch, maxWaitingBatches),
		quit:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	go i.run()
	return i
}

func (i *Ingester) run() {
	defer close(i.stopped)
	for {
		select {
		case b := <-i.queue:
			i.write(b)
		case <-i.quit:
			return
		}
	}
}

// Consume takes what it can of md, which it does not change nor keep, and
// counts the rest. It does not wait.
func (i *Ingester) Consume(ctx context.Context, md pmetric.Metrics) {
	b := batches.Get().(*batch)
	*b = batch{samples: b.samples[:0], latest: time.Now().Add(MaxAhead).UnixMilli()}
	i.translate(md, b) //nolint:contextcheck // the end of the caller is no reason to take half of it
	if !i.push(b) {
		i.count(ctx, Counts{Dropped: map[string]int64{dropQueueFull: int64(len(b.samples))}})
		i.release(b)
	}
}

func (i *Ingester) translate(md pmetric.Metrics, to *batch) {
	t := translation{
		seeds:      &i.cache.seeds,
		cache:      i.cache,
		prometheus: prometheusTranslation{settings: i.settings},
		batch:      to,
	}
	i.cache.mu.RLock()
	for _, rm := range md.ResourceMetrics().All() {
		t.resourceMetrics(rm)
	}
	i.cache.mu.RUnlock()
	i.cache.put(t.learned)
}

// push adds a batch to the queue, unless that is full.
func (i *Ingester) push(b *batch) bool {
	samples := int64(len(b.samples))
	if waiting := i.waiting.Add(samples); waiting > maxWaiting && waiting > samples {
		i.waiting.Add(-samples)
		return false
	}
	select {
	case i.queue <- b:
		return true
	default:
		i.waiting.Add(-samples)
		return false
	}
}

// release gives a batch back.
func (*Ingester) release(b *batch) {
	clear(b.samples)
	batches.Put(b)
}

// Flush waits until what was consumed before has been written.
func (i *Ingester) Flush(ctx context.Context) error {
	written := make(chan struct{})
	select {
	case i.queue <- &batch{written: written}:
	case <-i.stopped:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-written:
		return nil
	case <-i.stopped:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop waits until all has been written. Nothing is to be consumed any more. It
// is called once.
func (i *Ingester) Stop(ctx context.Context) error {
	err := i.Flush(ctx)
	close(i.quit)
	if err == nil {
		<-i.stopped
	}
	return err
}

func dropReason(err error) string {
	switch {
	case errors.Is(err, storage.ErrOutOfOrderSample):
		return DropOutOfOrder
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds):
		return DropTooOld
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return dropDuplicate
	case errors.Is(err, errSeriesLimit):
		return DropSeriesLimit
	default:
		return dropInvalid
	}
}

var errStopped = errors.New("the samples can no longer be written")
