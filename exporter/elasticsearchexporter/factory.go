// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package elasticsearchexporter

import (
	"context"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/elasticsearchexporter"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
)

// NewFactory wraps the factory of contrib's exporter under the same type.
//
// Contrib's v0.157.0, the newest that is available with the other modules, builds
// its default queue field by field and leaves out sending_queue::batch::partition,
// which exporterhelper validates since v0.165.0. To be removed, with its line in
// builder-config.yaml, once TestContribDefaultIsRejected fails.
func NewFactory() exporter.Factory {
	wrapped := contrib.NewFactory()
	return exporter.NewFactory(
		wrapped.Type(),
		func() component.Config { return withPartition(wrapped.CreateDefaultConfig()) },
		exporter.WithTraces(func(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
			s := newStopper()
			inner, err := wrapped.CreateTraces(ctx, set, s.withMiddleware(config))
			return stoppingTraces{inner, s}, err
		}, wrapped.TracesStability()),
		exporter.WithMetrics(func(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Metrics, error) {
			s := newStopper()
			inner, err := wrapped.CreateMetrics(ctx, set, s.withMiddleware(config))
			return stoppingMetrics{inner, s}, err
		}, wrapped.MetricsStability()),
		exporter.WithLogs(func(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
			s := newStopper()
			inner, err := wrapped.CreateLogs(ctx, set, s.withMiddleware(config))
			return stoppingLogs{inner, s}, err
		}, wrapped.LogsStability()),
	)
}

type (
	stoppingTraces struct {
		exporter.Traces
		*stopper
	}
	stoppingMetrics struct {
		exporter.Metrics
		*stopper
	}
	stoppingLogs struct {
		exporter.Logs
		*stopper
	}
)

// Start starts.
func (e stoppingTraces) Start(ctx context.Context, host component.Host) error {
	return e.Traces.Start(ctx, e.host(host))
}

// Shutdown stops.
func (e stoppingTraces) Shutdown(ctx context.Context) error { return e.shutdown(ctx, e.Traces) }

// Start starts.
func (e stoppingMetrics) Start(ctx context.Context, host component.Host) error {
	return e.Metrics.Start(ctx, e.host(host))
}

// Shutdown stops.
func (e stoppingMetrics) Shutdown(ctx context.Context) error { return e.shutdown(ctx, e.Metrics) }

// Start starts.
func (e stoppingLogs) Start(ctx context.Context, host component.Host) error {
	return e.Logs.Start(ctx, e.host(host))
}

// Shutdown stops.
func (e stoppingLogs) Shutdown(ctx context.Context) error { return e.shutdown(ctx, e.Logs) }

// withPartition fills in what the default batch leaves out.
func withPartition(config component.Config) component.Config {
	queue := config.(*contrib.Config).QueueBatchConfig.Get()
	if queue != nil && queue.Batch.HasValue() {
		queue.Batch.Get().Partition = exporterhelper.NewDefaultPartitionConfig()
	}
	return config
}
