// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The outcomes of an alert, as the self-telemetry of every notifier counts them.
const (
	outcomeSent      = "sent"
	outcomeFailed    = "failed"
	outcomeFiltered  = "filtered"
	outcomeMalformed = "malformed"
	outcomeKnown     = "known"
	// outcomeSuperseded is a state that was replaced by a newer one, unsent.
	outcomeSuperseded = "superseded"
	outcomeEvicted    = "evicted"
	outcomeMuted      = "muted"
)

// Outcomes counts alerts by outcome.
type Outcomes struct{ counter metric.Int64Counter }

// NewOutcomes counts on the given counter, with the attribute outcome.
func NewOutcomes(counter metric.Int64Counter) Outcomes { return Outcomes{counter: counter} }

func (o Outcomes) add(ctx context.Context, n int64, outcome string) {
	if n > 0 {
		o.counter.Add(ctx, n, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
}
