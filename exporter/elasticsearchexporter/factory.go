// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package elasticsearchexporter

import (
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
		exporter.WithTraces(wrapped.CreateTraces, wrapped.TracesStability()),
		exporter.WithMetrics(wrapped.CreateMetrics, wrapped.MetricsStability()),
		exporter.WithLogs(wrapped.CreateLogs, wrapped.LogsStability()),
	)
}

// withPartition fills in what the default batch leaves out.
func withPartition(config component.Config) component.Config {
	queue := config.(*contrib.Config).QueueBatchConfig.Get()
	if queue != nil && queue.Batch.HasValue() {
		queue.Batch.Get().Partition = exporterhelper.NewDefaultPartitionConfig()
	}
	return config
}
