// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-arc/otelcol-arc/exporter/gatewaysexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
)

// shutdownTimeout is how long tries that have begun may go on when the exporter stops. A
// gateway that hangs would otherwise hold it for as long as `timeout`, which is more than the
// process has.
const shutdownTimeout = 5 * time.Second

var errNotStarted = errors.New("the exporter has not started, send the request again later")

// router divides what it is given between the gateways.
type router[T any] struct {
	*signal[T]
	table    *table
	maxBytes int
	set      exporter.Settings
	config   *Config
	health   *health.Health
	gateways []*gateway[T]
	legacy   component.Component // nil if the queue of the version before is empty
	started  atomic.Bool
	cancel   context.CancelFunc // of all tries
	shutdown sync.Once
}

func newRouter[T any](ctx context.Context, s *signal[T], set exporter.Settings, config component.Config) (*router[T], error) {
	c := config.(*Config)
	t, err := newTable(c, time.Now)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	tries, cancel := context.WithCancel(context.Background()) //nolint:gosec // Shutdown calls it
	r := &router[T]{signal: s, table: t, maxBytes: c.MaxRequestBytes, set: set, config: c, health: health.New(set.Logger), cancel: cancel}
	for _, endpoint := range t.endpoints {
		g, err := r.newGateway(ctx, endpoint, telemetry)
		if err != nil {
			return nil, err
		}
		g.tries = tries //nolint:fatcontext // not nested
		r.gateways = append(r.gateways, g)
	}
	return r, nil
}

// Start starts all gateways' queues.
func (r *router[T]) Start(ctx context.Context, host component.Host) error {
	r.health.Report(host)
	for _, g := range r.gateways {
		if err := g.queue.Start(ctx, host); err != nil {
			return err
		}
	}
	r.started.Store(true)
	return r.startLegacyQueue(ctx, host)
}

// Shutdown stops all gateways' queues, at the same time: each may wait for a try, which is
// canceled after shutdownTimeout. A queue on disk sends the request after the next start.
func (r *router[T]) Shutdown(ctx context.Context) (err error) {
	r.shutdown.Do(func() { err = r.stop(ctx) })
	return err
}

func (r *router[T]) stop(ctx context.Context) error {
	r.started.Store(false)
	ctx, stop := context.WithTimeout(ctx, shutdownTimeout)
	defer stop()
	context.AfterFunc(ctx, r.cancel)
	errs := make([]error, len(r.gateways), len(r.gateways)+1)
	if r.legacy != nil {
		errs = append(errs, r.legacy.Shutdown(ctx)) // before the queues that it fills
	}
	var wg sync.WaitGroup
	for i, g := range r.gateways {
		wg.Go(func() { errs[i] = g.queue.Shutdown(ctx) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Capabilities are that data is copied.
func (*router[T]) Capabilities() consumer.Capabilities {
	return consumer.Capabilities{MutatesData: false}
}

// send puts each gateway's part into its queue. Queues that were full are tried first:
// as long as they are, the whole request is refused before any part of it is queued.
func (r *router[T]) send(ctx context.Context, all T) error {
	if !r.started.Load() {
		return errNotStarted // a queue on disk overwrites what it holds if it is given something before
	}
	parts := []T{all}
	if len(r.gateways) > 1 {
		parts = r.route(r.table, all)
	}
	var order, others []int
	for i := range parts {
		switch {
		case r.count(parts[i]) == 0:
		case r.gateways[i].refused.Load():
			order = append(order, i)
		default:
			others = append(others, i)
		}
	}
	for _, i := range append(order, others...) {
		err := r.queue(ctx, r.gateways[i], parts[i])
		r.gateways[i].refused.Store(err != nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// queue adds a part to the queue of a gateway, in requests that are not too large.
func (r *router[T]) queue(ctx context.Context, g *gateway[T], part T) error {
	if r.count(part) < 2 || r.size(part) <= r.maxBytes {
		return r.consume(ctx, g.queue, part)
	}
	first, second := r.halve(part)
	if err := r.queue(ctx, g, first); err != nil {
		return err
	}
	return r.queue(ctx, g, second)
}
