// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-arc/otelcol-arc/exporter/slackexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// NewFactory makes the factory of the slack exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		SendResolved: true,
		HTTP:         notify.NewClientConfig(),
		Retry:        notify.NewRetryConfig(),
		Queue:        notify.NewQueueConfig(),
	}
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if cfg.WebhookURL == "" {
		return notify.Off(set.Logger, "webhook_url"), nil
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return notify.NewExporter(ctx, set, cfg, notify.Channel{
		Filter:  cfg.filter(),
		Secrets: notify.URLSecrets(string(cfg.WebhookURL)),
		HTTP:    cfg.HTTP,
		Retry:   cfg.Retry,
		Queue:   cfg.Queue,
		Send: func(ctx context.Context, client *http.Client, alerts []alertevent.Alert) error {
			return send(ctx, client, cfg.WebhookURL, alerts)
		},
		Outcomes: notify.NewOutcomes(telemetry.SlackExporterAlerts),
		Close:    telemetry.Shutdown,
	})
}
