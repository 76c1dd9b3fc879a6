// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package provenance marks telemetry that a component of this program made itself, so that
// another one can distinguish it from what was sent under the same names. The mark is in the
// context: nobody outside the process can make it.
package provenance

import (
	"context"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

type key struct{}

// IsBilling reports whether the metrics of a context are those of the receiver llm_billing.
func IsBilling(ctx context.Context) bool { return ctx.Value(key{}) != nil }

// Billing marks the metrics that the next consumer gets.
func Billing(next consumer.Metrics) consumer.Metrics { return marking{next} }

type marking struct{ consumer.Metrics }

func (m marking) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	return m.Metrics.ConsumeMetrics(context.WithValue(ctx, key{}, true), md)
}
