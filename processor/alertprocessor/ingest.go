// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/deltatocumulativeprocessor"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

// Reasons for which a sample is not taken into the storage.
const (
	dropFuture      = "future"
	dropOutOfOrder  = "out_of_order"
	dropTooOld      = "too_old"
	dropDuplicate   = "duplicate"
	dropSeriesLimit = "series_limit"
	dropInvalid     = "invalid"
	dropTranslation = "translation"
	dropDelta       = "delta" // out of order, or too many streams
	dropStorage     = "storage"
	dropQueueFull   = "queue_full"
)

// ingester writes metrics into a storage. Passing metrics are translated at
// once, and wait, as samples, for a goroutine that writes them, so that no
// telemetry waits for the storage longer than it has to.
type ingester struct {
	storage  storage.Appendable
	settings prometheusremotewrite.Settings
	cache    *seriesCache
	count    func(ctx context.Context, counts ingestCounts)

	queue   chan *batch
	waiting atomic.Int64 // samples in queue, and being written
	quit    chan struct{}
	stopped chan struct{} // closed when nothing will be written any more
}

// ingestCounts is what became of the samples of one call.
type ingestCounts struct {
	appended int64
	dropped  map[string]int64 // by reason
	err      error            // of the storage; nothing of the call was kept
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

// newIngester makes an ingester that adds attributes of resources to the labels,
// and knows the series of as many data points as maxSeries, or twice as many
// for a while. It is to be stopped.
func newIngester(to storage.Appendable, attributes []string, maxSeries int, count func(context.Context, ingestCounts)) *ingester {
	i := &ingester{
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

func (i *ingester) run() {
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

// consume takes what it can of md, which it does not change nor keep, and
// counts the rest. It does not wait.
func (i *ingester) consume(ctx context.Context, md pmetric.Metrics) {
	b := batches.Get().(*batch)
	*b = batch{samples: b.samples[:0], latest: time.Now().Add(maxAhead).UnixMilli()}
	i.translate(md, b) //nolint:contextcheck // the end of the caller is no reason to take half of it
	if !i.push(b) {
		i.count(ctx, ingestCounts{dropped: map[string]int64{dropQueueFull: int64(len(b.samples))}})
		i.release(b)
	}
}

func (i *ingester) translate(md pmetric.Metrics, to *batch) {
	t := translation{
		identifier: identifier{seeds: &i.cache.seeds},
		cache:      i.cache,
		original:   originalTranslation{settings: i.settings},
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
func (i *ingester) push(b *batch) bool {
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
func (*ingester) release(b *batch) {
	clear(b.samples)
	batches.Put(b)
}

// flush waits until what was consumed before has been written.
func (i *ingester) flush(ctx context.Context) error {
	written := make(chan struct{})
	select {
	case i.queue <- &batch{written: written}:
	case <-i.stopped:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-written:
		return nil
	case <-i.stopped:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop waits until all has been written. Nothing is to be consumed any more. It
// is called once.
func (i *ingester) stop(ctx context.Context) error {
	err := i.flush(ctx)
	close(i.quit)
	if err == nil {
		<-i.stopped
	}
	return err
}

func dropReason(err error) string {
	switch {
	case errors.Is(err, storage.ErrOutOfOrderSample):
		return dropOutOfOrder
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds):
		return dropTooOld
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return dropDuplicate
	case errors.Is(err, errSeriesLimit):
		return dropSeriesLimit
	default:
		return dropInvalid
	}
}

// deltaMaxStale is the time after which a delta stream that got no data begins
// anew; a rule sees that as the restart of a counter.
const deltaMaxStale = time.Hour

// newDeltaToCumulative makes what turns delta metrics into the cumulative ones
// that rules expect, as Prometheus' OTLP endpoint does. It changes its input.
func newDeltaToCumulative(ctx context.Context, maxStreams int, next consumer.Metrics) (processor.Metrics, error) {
	factory := deltatocumulativeprocessor.NewFactory()
	cfg := factory.CreateDefaultConfig().(*deltatocumulativeprocessor.Config)
	cfg.MaxStreams = maxStreams
	cfg.MaxStale = deltaMaxStale
	return factory.CreateMetrics(ctx, processor.Settings{
		ID: component.NewID(factory.Type()),
		TelemetrySettings: component.TelemetrySettings{
			Logger:         zap.NewNop(),
			MeterProvider:  metricnoop.NewMeterProvider(),
			TracerProvider: tracenoop.NewTracerProvider(),
		},
	}, cfg, next)
}

// hasDelta says whether any metric is of delta temporality.
func hasDelta(md pmetric.Metrics) bool {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				if temporality(m) == pmetric.AggregationTemporalityDelta {
					return true
				}
			}
		}
	}
	return false
}

func temporality(m pmetric.Metric) pmetric.AggregationTemporality {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().AggregationTemporality()
	case pmetric.MetricTypeHistogram:
		return m.Histogram().AggregationTemporality()
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().AggregationTemporality()
	default:
		return pmetric.AggregationTemporalityUnspecified
	}
}
