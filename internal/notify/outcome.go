// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"

	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// What becomes of an alert, as the self-telemetry of every notifier counts it.
const (
	outcomeSent      = "sent"
	outcomeFailed    = "failed"
	outcomeFiltered  = "filtered"
	outcomeMalformed = "malformed"
	outcomeKnown     = "known"
)

// Outcomes counts what becomes of alerts.
type Outcomes struct{ counter metric.Int64Counter }

// NewOutcomes counts on the given counter, with the attribute outcome.
func NewOutcomes(counter metric.Int64Counter) Outcomes { return Outcomes{counter: counter} }

// Selected counts what a filter left out.
func (o Outcomes) Selected(ctx context.Context, selection Selection) {
	o.add(ctx, selection.Filtered, outcomeFiltered)
	o.add(ctx, selection.Malformed, outcomeMalformed)
}

// Known counts an alert that people know already: they were told the same, or
// what came after it.
func (o Outcomes) Known(ctx context.Context) { o.add(ctx, 1, outcomeKnown) }

// Sent counts alerts that were accepted, or refused for good. Those that will
// be tried again are not counted yet.
func (o Outcomes) Sent(ctx context.Context, alerts int, err error) {
	switch {
	case err == nil:
		o.add(ctx, int64(alerts), outcomeSent)
	case consumererror.IsPermanent(err):
		o.add(ctx, int64(alerts), outcomeFailed)
	}
}

func (o Outcomes) add(ctx context.Context, n int64, outcome string) {
	if n > 0 {
		o.counter.Add(ctx, n, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
}
