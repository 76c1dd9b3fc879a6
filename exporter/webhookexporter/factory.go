// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package webhookexporter

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-arc/otelcol-arc/exporter/webhookexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// NewFactory makes the factory of the webhook exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		MaxAlerts:       1000,
		SignatureHeader: "X-Hub-Signature-256",
		HTTP:            notify.NewClientConfig(),
		DeliveryConfig:  notify.NewDeliveryConfig(),
	}
}

func createLogs(_ context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if cfg.URL == "" {
		return notify.Off(set, "url", cfg.Receivers), nil
	}
	own, err := newChannel(cfg, set.ID.String())
	if err != nil {
		return nil, err
	}
	channels, err := notify.ChannelsOf(own, cfg.Receivers, func(_ string, r ReceiverConfig) (notify.Channel, error) {
		channel, err := newChannel(cfg.ofReceiver(r), set.ID.String())
		channel.SendResolved = r.SendResolved
		return channel, err
	})
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	return notify.NewExporter(set, notify.Settings{
		Delivery: &cfg.DeliveryConfig,
		Channels: channels,
		Outcomes: notify.NewOutcomes(telemetry.WebhookExporterAlerts),
		Close:    telemetry.Shutdown,
	})
}

func newChannel(cfg *Config, receiver string) (notify.Channel, error) {
	renderer, err := newRenderer(cfg, receiver)
	if err != nil {
		return notify.Channel{}, err
	}
	return notify.Channel{
		Individually: cfg.Individually,
		MaxAlerts:    cfg.MaxAlerts,
		Secrets:      cfg.secrets(),
		HTTP:         cfg.HTTP,
		Send: func(ctx context.Context, client *http.Client, m notify.Message) error {
			request, err := renderer.request(ctx, m)
			if err != nil {
				return consumererror.NewPermanent(err)
			}
			_, err = notify.Do(client, request)
			return err
		},
	}, nil
}
