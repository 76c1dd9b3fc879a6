// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/exporter/pagerdutyexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

const (
	// endpoint is the Events API's address outside the EU.
	// https://developer.pagerduty.com/docs/events-api-v2-overview
	endpoint = "https://events.pagerduty.com"
	// source is the affected system in the Arc guide.
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
	cfg := &Config{
		Endpoint:       endpoint,
		Source:         source,
		HTTP:           notify.NewClientConfig(),
		DeliveryConfig: notify.NewDeliveryConfig(),
	}
	cfg.Severities = []string{alertevent.SeverityCritical}
	return cfg
}

// perMinute and burst keep below 120 PagerDuty events in any minute, of which an
// integration takes no more.
// https://developer.pagerduty.com/docs/events-api-v2-overview
const (
	perMinute = 110
	burst     = 10
)

func createLogs(_ context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if cfg.RoutingKey == "" {
		return notify.Off(set, "routing_key", cfg.Receivers), nil
	}
	renderer, err := newRenderer(cfg, set.ID.String())
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	channels, err := notify.ChannelsOf(newChannel(cfg, renderer, set.Logger), cfg.Receivers, func(_ string, r ReceiverConfig) (notify.Channel, error) {
		channel := newChannel(cfg.ofReceiver(r), renderer, set.Logger)
		channel.SendResolved = r.SendResolved
		return channel, nil
	})
	if err != nil {
		return nil, err
	}
	return notify.NewExporter(set, notify.Settings{
		Delivery: &cfg.DeliveryConfig,
		Channels: channels,
		Outcomes: notify.NewOutcomes(telemetry.PagerdutyExporterAlerts),
		Close:    telemetry.Shutdown,
	})
}

func newChannel(cfg *Config, renderer renderer, logger *zap.Logger) notify.Channel {
	routing := newRouting(cfg)
	return notify.Channel{
		Individually: true, // the API takes one PagerDuty event a request
		Limit:        rate.NewLimiter(rate.Every(time.Minute/perMinute), burst),
		Secrets:      routing.secrets(),
		HTTP:         cfg.HTTP,
		Send: func(ctx context.Context, client *http.Client, m notify.Message) error {
			alert := m.Alerts[0]
			event := newEvent(alert, routing.key(alert), cfg.Source)
			if err := renderer.apply(event, alert); err != nil {
				logger.Error("Rendering a template failed, the notification is sent without it", zap.Error(err))
			}
			return send(ctx, client, cfg.Endpoint, event, len(routing.routes) == 0)
		},
	}
}
