// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/health"
)

// observe registers what the Collector observes of the core.
func (c *core) observe() error {
	pending := metric.WithAttributeSet(attribute.NewSet(attribute.String("state", "pending")))
	firing := metric.WithAttributeSet(attribute.NewSet(attribute.String("state", "firing")))
	return errors.Join(
		c.telemetry.RegisterProcessorAlertAlertsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.pending.Load(), pending)
			o.Observe(c.firing.Load(), firing)
			return nil
		}),
		c.telemetry.RegisterProcessorAlertSeriesCallback(func(_ context.Context, o metric.Int64Observer) error {
			if b := c.currentBackend(); b != nil {
				o.Observe(b.store.SeriesCount())
			}
			return nil
		}),
		c.telemetry.RegisterProcessorAlertStorageSizeCallback(func(_ context.Context, o metric.Int64Observer) error {
			if b := c.currentBackend(); b != nil {
				o.Observe(b.store.Size())
			}
			return nil
		}),
		c.telemetry.RegisterProcessorAlertStorageDegradedCallback(c.observeProblem(problemDirectory)),
		c.telemetry.RegisterProcessorAlertRulesOutdatedCallback(c.observeProblem(problemRules)),
	)
}

// observeProblem is 1 while there is the problem.
func (c *core) observeProblem(p health.Problem) metric.Int64Callback {
	return func(_ context.Context, o metric.Int64Observer) error {
		var is int64
		if c.health.Has(p) {
			is = 1
		}
		o.Observe(is)
		return nil
	}
}
