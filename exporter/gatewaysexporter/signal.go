// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"context"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pipeline"
)

// signal is what differs between traces, metrics and logs.
type signal[T any] struct {
	pipeline pipeline.Signal

	count   func(T) int
	size    func(T) int
	route   func(t *table, all T) []T // by the index of the gateway
	halve   func(T) (first, second T)
	consume func(ctx context.Context, e component.Component, all T) error
	failed  func(error, T) error // an error after which only that part is sent again

	// newOTLP creates the exporter that sends, without a queue and retries.
	newOTLP func(ctx context.Context, set exporter.Settings, config component.Config) (component.Component, error)
	// newQueue creates an exporter that queues and retries what push sends.
	newQueue func(ctx context.Context, set exporter.Settings, config component.Config, push func(context.Context, T) error, options ...exporterhelper.Option) (component.Component, error)
}

var traces = signal[ptrace.Traces]{
	pipeline: pipeline.SignalTraces,

	count: ptrace.Traces.SpanCount,
	size:  new(ptrace.ProtoMarshaler).TracesSize,
	route: func(t *table, all ptrace.Traces) []ptrace.Traces {
		return splitTraces(all, len(t.endpoints), func(s ptrace.Span) int { return t.gateway(spanKey(s), uint64(s.StartTimestamp())) })
	},
	halve: func(all ptrace.Traces) (first, second ptrace.Traces) {
		next := half(all.SpanCount())
		parts := splitTraces(all, 2, func(ptrace.Span) int { return next() })
		return parts[0], parts[1]
	},
	consume: func(ctx context.Context, e component.Component, all ptrace.Traces) error {
		return e.(exporter.Traces).ConsumeTraces(ctx, all)
	},
	failed: consumererror.NewTraces,
	newOTLP: func(ctx context.Context, set exporter.Settings, config component.Config) (component.Component, error) {
		return otlpexporter.NewFactory().CreateTraces(ctx, set, config)
	},
	newQueue: func(ctx context.Context, set exporter.Settings, config component.Config, push func(context.Context, ptrace.Traces) error, options ...exporterhelper.Option) (component.Component, error) {
		return exporterhelper.NewTraces(ctx, set, config, push, options...)
	},
}

var logs = signal[plog.Logs]{
	pipeline: pipeline.SignalLogs,

	count: plog.Logs.LogRecordCount,
	size:  new(plog.ProtoMarshaler).LogsSize,
	route: func(t *table, all plog.Logs) []plog.Logs {
		return splitLogs(all, len(t.endpoints), func(r plog.LogRecord, of plog.ResourceLogs) int {
			return t.gateway(recordKey(r, of.Resource()), recordTime(r))
		})
	},
	halve: func(all plog.Logs) (first, second plog.Logs) {
		next := half(all.LogRecordCount())
		parts := splitLogs(all, 2, func(plog.LogRecord, plog.ResourceLogs) int { return next() })
		return parts[0], parts[1]
	},
	consume: func(ctx context.Context, e component.Component, all plog.Logs) error {
		return e.(exporter.Logs).ConsumeLogs(ctx, all)
	},
	failed: consumererror.NewLogs,
	newOTLP: func(ctx context.Context, set exporter.Settings, config component.Config) (component.Component, error) {
		return otlpexporter.NewFactory().CreateLogs(ctx, set, config)
	},
	newQueue: func(ctx context.Context, set exporter.Settings, config component.Config, push func(context.Context, plog.Logs) error, options ...exporterhelper.Option) (component.Component, error) {
		return exporterhelper.NewLogs(ctx, set, config, push, options...)
	},
}

var metrics = signal[pmetric.Metrics]{
	pipeline: pipeline.SignalMetrics,

	count: pmetric.Metrics.MetricCount,
	size:  new(pmetric.ProtoMarshaler).MetricsSize,
	route: func(t *table, all pmetric.Metrics) []pmetric.Metrics {
		var of pmetric.ResourceMetrics
		gateway := 0
		return splitMetrics(all, len(t.endpoints), func(_ pmetric.Metric, rm pmetric.ResourceMetrics) int {
			if rm != of {
				of, gateway = rm, t.gateway(resourceKey(rm.Resource()), 0)
			}
			return gateway
		})
	},
	halve: func(all pmetric.Metrics) (first, second pmetric.Metrics) {
		next := half(all.MetricCount())
		parts := splitMetrics(all, 2, func(pmetric.Metric, pmetric.ResourceMetrics) int { return next() })
		return parts[0], parts[1]
	},
	consume: func(ctx context.Context, e component.Component, all pmetric.Metrics) error {
		return e.(exporter.Metrics).ConsumeMetrics(ctx, all)
	},
	failed: consumererror.NewMetrics,
	newOTLP: func(ctx context.Context, set exporter.Settings, config component.Config) (component.Component, error) {
		return otlpexporter.NewFactory().CreateMetrics(ctx, set, config)
	},
	newQueue: func(ctx context.Context, set exporter.Settings, config component.Config, push func(context.Context, pmetric.Metrics) error, options ...exporterhelper.Option) (component.Component, error) {
		return exporterhelper.NewMetrics(ctx, set, config, push, options...)
	},
}
