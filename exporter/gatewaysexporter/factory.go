// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/exporter/gatewaysexporter/internal/metadata"
)

// NewFactory makes the factory of the gateways exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithTraces(createTraces, metadata.TracesStability),
		exporter.WithMetrics(createMetrics, metadata.MetricsStability),
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	client := otlpexporter.NewFactory().CreateDefaultConfig().(*otlpexporter.Config).ClientConfig
	retry := configretry.NewDefaultBackOffConfig()
	retry.InitialInterval, retry.MaxInterval, retry.MaxElapsedTime = time.Second, 10*time.Second, 0
	config := &Config{
		MaxRequestBytes: 1 << 20,
		Queue:           configoptional.Some(exporterhelper.NewDefaultQueueConfig()),
		Retry:           retry,
		Client:          client,
	}
	config.Timeout = 10 * time.Second
	return config
}

type tracesRouter struct{ *router[ptrace.Traces] }

// ConsumeTraces queues spans.
func (r tracesRouter) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	return r.send(ctx, td)
}

type metricsRouter struct{ *router[pmetric.Metrics] }

// ConsumeMetrics queues metrics.
func (r metricsRouter) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	return r.send(ctx, md)
}

type logsRouter struct{ *router[plog.Logs] }

// ConsumeLogs queues log records.
func (r logsRouter) ConsumeLogs(ctx context.Context, ld plog.Logs) error { return r.send(ctx, ld) }

func createTraces(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
	r, err := newRouter(ctx, &traces, set, config)
	return tracesRouter{r}, err
}

func createMetrics(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Metrics, error) {
	r, err := newRouter(ctx, &metrics, set, config)
	return metricsRouter{r}, err
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	r, err := newRouter(ctx, &logs, set, config)
	return logsRouter{r}, err
}
