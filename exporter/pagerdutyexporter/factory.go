// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/exporter/pagerdutyexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

const (
	// endpoint is the Events API's address outside the EU.
	// https://developer.pagerduty.com/docs/events-api-v2-overview
	endpoint = "https://events.pagerduty.com"
	// source is what the reference says is affected.
	source = "arc-production"
)

// NewFactory makes the factory of the pagerduty exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		Endpoint:     endpoint,
		Severities:   []string{alertevent.SeverityCritical},
		SendResolved: true,
		Source:       source,
		HTTP:         notify.NewClientConfig(),
		Retry:        notify.NewRetryConfig(),
		Queue:        notify.NewQueueConfig(),
	}
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if cfg.RoutingKey == "" {
		return notify.Off(set.Logger, "routing_key"), nil
	}
	renderer, err := newRenderer(cfg, set.ID.String())
	if err != nil {
		return nil, err
	}
	routing := newRouting(cfg)
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	next, err := notify.NewExporter(ctx, set, cfg, notify.Channel{
		Filter:  cfg.filter(),
		Secrets: routing.secrets(),
		Apart:   true, // the API takes one event a request
		HTTP:    cfg.HTTP,
		Retry:   cfg.Retry,
		Queue:   cfg.Queue,
		Send: func(ctx context.Context, client *http.Client, alerts []alertevent.Alert) error {
			event := newEvent(alerts[0], routing.key(alerts[0]), cfg.Source)
			if err := renderer.apply(event, alerts[0]); err != nil {
				set.Logger.Error("A template failed; the alert is told without it", zap.Error(err))
			}
			return send(ctx, client, cfg.Endpoint, event)
		},
		Outcomes: notify.NewOutcomes(telemetry.PagerdutyExporterAlerts),
		Close:    telemetry.Shutdown,
	})
	if err != nil {
		telemetry.Shutdown()
	}
	return next, err
}
