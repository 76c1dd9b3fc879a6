// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-arc/otelcol-arc/exporter/emailexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

const (
	// defaultPort is that of message submission.
	// https://www.rfc-editor.org/rfc/rfc6409#section-3.1
	defaultPort = 587
	// implicitPort is that of message submission with TLS from the first byte on.
	// https://www.rfc-editor.org/rfc/rfc8314#section-7.3
	implicitPort = 465
)

// NewFactory makes the factory of the email exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		Port:           defaultPort,
		Auth:           authAuto,
		TLSMode:        tlsAuto,
		TLS:            configtls.NewDefaultClientConfig(),
		Timeout:        30 * time.Second,
		DeliveryConfig: notify.NewDeliveryConfig(),
	}
}

func createLogs(_ context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if cfg.Server == "" {
		return notify.Off(set, "server", cfg.Receivers), nil
	}
	newChannel := func(cfg *Config) (notify.Channel, error) {
		mailer, err := newMailer(cfg, set.ID.String(), set.Logger)
		if err != nil {
			return notify.Channel{}, err
		}
		return notify.Channel{Secrets: cfg.secrets(), Start: mailer.start, Deliver: mailer.send}, nil
	}
	own, err := newChannel(cfg)
	if err != nil {
		return nil, err
	}
	channels, err := notify.ChannelsOf(own, cfg.Receivers, func(_ string, r ReceiverConfig) (notify.Channel, error) {
		channel, err := newChannel(cfg.ofReceiver(r))
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
		Outcomes: notify.NewOutcomes(telemetry.EmailExporterAlerts),
		Close:    telemetry.Shutdown,
	})
}
