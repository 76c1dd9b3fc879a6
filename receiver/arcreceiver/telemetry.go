// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
)

// outcome is whether the pipelines accepted a request's events.
type outcome string

const (
	accepted outcome = "accepted"
	refused  outcome = "refused"  // for now
	failed   outcome = "failed"   // permanently
	repeated outcome = "repeated" // were accepted before
)

// telemetry is what the receiver reports about itself.
type telemetry struct {
	builder *metadata.TelemetryBuilder
}

func newTelemetry(set component.TelemetrySettings) (*telemetry, error) {
	builder, err := metadata.NewTelemetryBuilder(set)
	return &telemetry{builder: builder}, err
}

func (t *telemetry) observeSeries(length func() int64) error {
	return t.builder.RegisterArcReceiverSeriesCallback(func(_ context.Context, o metric.Int64Observer) error {
		o.Observe(length())
		return nil
	})
}

func (t *telemetry) shutdown() { t.builder.Shutdown() }

// kinds counts events of each kind.
type kinds [event.Kinds]int64

// and returns the sum of both.
func (k kinds) and(others *kinds) kinds {
	for kind, n := range others {
		k[kind] += n
	}
	return k
}

func (t *telemetry) countEvents(ctx context.Context, events *kinds, how outcome) {
	for kind, n := range events {
		if n > 0 {
			t.builder.ArcReceiverEvents.Add(ctx, n, metric.WithAttributes(
				attribute.String("kind", event.Kind(kind).String()), attribute.String("outcome", string(how))))
		}
	}
}

func (t *telemetry) countRejected(ctx context.Context, reasons map[event.Reason]int64) {
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		t.builder.ArcReceiverEventsRejected.Add(ctx, reasons[reason], metric.WithAttributes(
			attribute.String("reason", string(reason))))
	}
}

func (t *telemetry) countOverflow(ctx context.Context, n int) {
	if n > 0 {
		t.builder.ArcReceiverSeriesOverflow.Add(ctx, int64(n))
	}
}
