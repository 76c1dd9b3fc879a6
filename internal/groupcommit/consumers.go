// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package groupcommit

import (
	"context"

	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// Traces runs each call of a consumer in a group.
func Traces(next consumer.Traces) consumer.Traces { return traces{next} }

type traces struct{ consumer.Traces }

func (c traces) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	return Run(ctx, func(ctx context.Context) error { return c.Traces.ConsumeTraces(ctx, td) })
}

// Metrics runs each call of a consumer in a group.
func Metrics(next consumer.Metrics) consumer.Metrics { return metrics{next} }

type metrics struct{ consumer.Metrics }

func (c metrics) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	return Run(ctx, func(ctx context.Context) error { return c.Metrics.ConsumeMetrics(ctx, md) })
}

// Logs runs each call of a consumer in a group.
func Logs(next consumer.Logs) consumer.Logs { return logs{next} }

type logs struct{ consumer.Logs }

func (c logs) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	return Run(ctx, func(ctx context.Context) error { return c.Logs.ConsumeLogs(ctx, ld) })
}
