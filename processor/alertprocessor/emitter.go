// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/sharedcore"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// maxPendingSeries bounds the evaluations whose series wait for one pipeline.
const maxPendingSeries = 16

// Reasons for which an emitter drops items.
const (
	dropQueueFull = "queue_full"
	dropRejected  = "rejected" // permanently
	dropShutdown  = "shutdown"
)

// emitter sends items to one pipeline, in order, from a goroutine of its own, so
// that a slow pipeline delays neither an evaluation nor another pipeline. All that
// is pending leaves as one value. What the pipeline rejects stays, and is sent again
// after the retry interval with what was added since, unless the error is permanent.
type emitter[I, T any] struct {
	emitterOptions[I, T]
	pipelines sharedcore.Emitters[T] // holds pipeline alone
	pipeline  *sharedcore.Emitter[T]

	mu       sync.Mutex // guards what follows
	pending  []I
	inFlight []I // no longer pending, and being sent

	wake   chan struct{} // holds a token when there is something new
	cancel context.CancelFunc
	done   chan struct{} // closed when the goroutine has returned
}

// emitterOptions are what an emitter works with.
type emitterOptions[I, T any] struct {
	consume func(context.Context, T) error
	build   func(items ...I) T
	// limit bounds the pending items. Above it, compact returns those to keep.
	limit   int
	compact func(items []I, limit int) []I
	retry   time.Duration
	// onResult is called with the error of every attempt, nil included.
	onResult  func(err error)
	telemetry *metadata.TelemetryBuilder
}

func newEmitter[I, T any](options emitterOptions[I, T]) *emitter[I, T] {
	e := &emitter[I, T]{emitterOptions: options, wake: make(chan struct{}, 1)}
	e.pipeline = e.pipelines.Add(options.consume)
	return e
}

// enqueue adds items. It does not block.
func (e *emitter[I, T]) enqueue(items ...I) {
	e.mu.Lock()
	e.pending = append(e.pending, items...)
	dropped := e.bound()
	e.mu.Unlock()
	e.drop(dropped, dropQueueFull)
	e.wakeUp()
}

func (e *emitter[I, T]) wakeUp() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// bound drops pending items above the limit, and returns how many. It must be
// called with mu held.
func (e *emitter[I, T]) bound() (dropped int) {
	if len(e.pending) <= e.limit {
		return 0
	}
	before := len(e.pending)
	e.pending = e.compact(e.pending, e.limit)
	return before - len(e.pending)
}

// dropOldest keeps the newest items.
func dropOldest[I any](items []I, limit int) []I { return items[len(items)-limit:] }

// take returns all pending items, which are in flight until finish or requeue.
func (e *emitter[I, T]) take() []I {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inFlight, e.pending = e.pending, nil
	return e.inFlight
}

// finish records that the items in flight are done with.
func (e *emitter[I, T]) finish() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.inFlight = nil
}

// requeue puts the items in flight, which were rejected, before those that were
// added since.
func (e *emitter[I, T]) requeue() {
	e.mu.Lock()
	e.pending = slices.Concat(e.inFlight, e.pending)
	e.inFlight = nil
	dropped := e.bound()
	e.mu.Unlock()
	e.drop(dropped, dropQueueFull)
}

// backlog is the number of undelivered items.
func (e *emitter[I, T]) backlog() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.inFlight) + len(e.pending)
}

// undeliveredItems are the items that the pipeline has not accepted, the oldest first.
func (e *emitter[I, T]) undeliveredItems() []I {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Concat(e.inFlight, e.pending)
}

func (e *emitter[I, T]) drop(n int, reason string) {
	if n > 0 {
		e.telemetry.ProcessorAlertDeliveryDropped.Add(context.Background(), int64(n),
			metric.WithAttributes(attribute.String("reason", reason)))
	}
}

// start opens the pipeline and begins to send.
func (e *emitter[I, T]) start(ctx context.Context) {
	ctx, e.cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // stop calls it
	e.done = make(chan struct{})
	e.pipeline.Open()
	go func() {
		defer close(e.done)
		e.run(ctx)
	}()
}

// stop sends what is left, and closes the pipeline. It does nothing when start was
// not called.
func (e *emitter[I, T]) stop(ctx context.Context) error {
	if e.cancel == nil {
		return nil
	}
	e.cancel()
	select {
	case <-e.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	rest := e.undeliveredItems()
	if len(rest) == 0 {
		return e.pipeline.Close(ctx, nil)
	}
	err := e.pipeline.Close(ctx, func() T { return e.build(rest...) })
	if err != nil {
		e.drop(len(rest), dropShutdown) // but what is persisted across restarts has them
		return err
	}
	e.mu.Lock()
	e.pending = nil
	e.mu.Unlock()
	return nil
}

func (e *emitter[I, T]) run(ctx context.Context) {
	retry := time.NewTicker(e.retry)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.wake:
		case <-retry.C:
		}
		e.deliver(ctx)
	}
}

// deliver sends what is pending until nothing is, or the pipeline rejects it.
func (e *emitter[I, T]) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		items := e.take()
		if len(items) == 0 {
			return
		}
		_, err := e.pipelines.Send(ctx, func() T { return e.build(items...) })
		if err != nil {
			e.telemetry.ProcessorAlertDeliveryFailures.Add(context.WithoutCancel(ctx), 1)
		}
		switch {
		case err == nil:
			e.finish()
		case consumererror.IsPermanent(err):
			e.drop(len(items), dropRejected)
			e.finish()
		default:
			e.requeue()
		}
		e.onResult(err)
		if err != nil && !consumererror.IsPermanent(err) {
			return
		}
	}
}
