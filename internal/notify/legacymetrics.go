// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// count counts alerts by outcome, also by the names that exporterhelper gave the metrics
// of notifiers until version 0.2. Those are deprecated.
func (e *Exporter) count(ctx context.Context, n int64, outcome string) {
	e.outcomes.add(ctx, n, outcome)
	if n <= 0 {
		return
	}
	id := metric.WithAttributes(attribute.String("exporter", e.set.ID.String()))
	switch outcome {
	case outcomeSent:
		e.telemetry.ExporterSentLogRecords.Add(ctx, n, id)
	case outcomeFailed:
		e.telemetry.ExporterSendFailedLogRecords.Add(ctx, n, id)
	case outcomeEvicted:
		e.telemetry.ExporterEnqueueFailedLogRecords.Add(ctx, n, id)
	}
}

func (e *Exporter) queueAttributes() metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("data_type", "logs"), attribute.String("exporter", e.set.ID.String()))
}

func (e *Exporter) observeQueueSize(_ context.Context, o metric.Int64Observer) error {
	o.Observe(int64(e.Waiting()), e.queueAttributes())
	return nil
}

func (e *Exporter) observeQueueCapacity(_ context.Context, o metric.Int64Observer) error {
	o.Observe(int64(maxWaiting*len(e.workers)), e.queueAttributes())
	return nil
}
