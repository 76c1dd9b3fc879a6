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

const (
	// maxPendingNotifications bounds what waits to be told in one pipeline.
	maxPendingNotifications = 1000
	// maxPendingSeries bounds the evaluations whose series wait for one pipeline.
	maxPendingSeries = 16
)

// emitter hands items to one pipeline, in order, from a goroutine of its own, so
// that a slow pipeline holds up neither an evaluation nor another pipeline.
// What the pipeline refuses stays, and is tried again after a while, unless the
// error is permanent. When too much waits, the oldest is dropped.
type emitter[I, T any] struct {
	outlets   sharedcore.Outlets[T] // holds outlet alone
	outlet    *sharedcore.Outlet[T]
	build     func(items ...I) T
	limit     int
	retry     time.Duration
	telemetry *metadata.TelemetryBuilder

	mu       sync.Mutex // guards what follows
	pending  []I
	inFlight []I // is no longer pending, and being delivered; at most one

	wake   chan struct{} // holds a token when there is something new
	cancel context.CancelFunc
	done   chan struct{} // closed when the goroutine has ended
}

func newEmitter[I, T any](consume func(context.Context, T) error, build func(...I) T, limit int, retry time.Duration, telemetry *metadata.TelemetryBuilder) *emitter[I, T] {
	s := &emitter[I, T]{build: build, limit: limit, retry: retry, telemetry: telemetry, wake: make(chan struct{}, 1)}
	s.outlet = s.outlets.Add(consume)
	return s
}

// enqueue adds an item. It does not block.
func (s *emitter[I, T]) enqueue(item I) {
	s.mu.Lock()
	dropped := len(s.pending) - s.limit + 1
	if dropped > 0 {
		s.pending = s.pending[dropped:]
	}
	s.pending = append(s.pending, item)
	s.mu.Unlock()
	if dropped > 0 {
		s.drop(dropped, "queue_full")
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// dequeue takes the oldest item.
func (s *emitter[I, T]) dequeue() (item I, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.pending) == 0 {
		return item, false
	}
	item = s.pending[0]
	s.pending = s.pending[1:]
	s.inFlight = []I{item}
	return item, true
}

// finish notes that the delivery of what was popped has ended.
func (s *emitter[I, T]) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inFlight = nil
}

// undelivered is what the pipeline has not taken yet, the oldest first.
func (s *emitter[I, T]) undelivered() []I {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.inFlight, s.pending)
}

// requeue returns to its place an item that was not accepted, if there still is room.
func (s *emitter[I, T]) requeue(item I) {
	s.mu.Lock()
	s.inFlight = nil
	full := len(s.pending) >= s.limit
	if !full {
		s.pending = append([]I{item}, s.pending...)
	}
	s.mu.Unlock()
	if full {
		s.drop(1, "queue_full")
	}
}

func (s *emitter[I, T]) drop(n int, reason string) {
	s.telemetry.ProcessorAlertDeliveryDropped.Add(context.Background(), int64(n),
		metric.WithAttributes(attribute.String("reason", reason)))
}

// start opens the outlet and begins to deliver.
func (s *emitter[I, T]) start(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // stop calls it
	s.done = make(chan struct{})
	s.outlet.Open()
	go func() {
		defer close(s.done)
		s.run(ctx)
	}()
}

// stop ends the delivery, hands on what is left in one piece, and closes the
// outlet. It does nothing when start was not called.
func (s *emitter[I, T]) stop(ctx context.Context) error {
	if s.cancel == nil {
		return nil
	}
	s.cancel()
	select {
	case <-s.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	rest := s.undelivered()
	if len(rest) == 0 {
		return s.outlet.Close(ctx, nil)
	}
	err := s.outlet.Close(ctx, func() T { return s.build(rest...) })
	if err != nil {
		s.drop(len(rest), "shutdown") // but what is kept over a restart holds it
		return err
	}
	s.mu.Lock()
	s.pending = nil
	s.mu.Unlock()
	return nil
}

func (s *emitter[I, T]) run(ctx context.Context) {
	retry := time.NewTicker(s.retry)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-retry.C:
		}
		s.deliver(ctx)
	}
}

// deliver hands on what waits until it is all gone, or the pipeline refuses.
func (s *emitter[I, T]) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		item, ok := s.dequeue()
		if !ok {
			return
		}
		_, err := s.outlets.Send(ctx, func() T { return s.build(item) })
		switch {
		case err == nil:
			s.finish()
			continue
		case consumererror.IsPermanent(err):
			s.telemetry.ProcessorAlertDeliveryFailures.Add(ctx, 1)
			s.drop(1, "refused")
			s.finish()
			continue
		default:
			s.telemetry.ProcessorAlertDeliveryFailures.Add(context.WithoutCancel(ctx), 1)
			s.requeue(item)
			return
		}
	}
}
