// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/exporter/alertmanagerexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// NewFactory makes the factory of the alertmanager exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		HTTP:           notify.NewClientConfig(),
		ResendInterval: time.Minute,
		MaxFiring:      50_000,
		DeliveryConfig: notify.NewDeliveryConfig(),
	}
}

// maxTogether bounds the alerts of one request.
const maxTogether = 256

func createLogs(_ context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if len(cfg.Endpoints) == 0 {
		return notify.Off[any](set, "endpoints", nil), nil
	}
	servers, err := newServers(cfg.Endpoints)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	p := &poster{requests: telemetry.AlertmanagerExporterRequests, logger: set.Logger}
	settings := notify.Settings{
		Delivery: &cfg.DeliveryConfig,
		Outcomes: notify.NewOutcomes(telemetry.AlertmanagerExporterAlerts),
		Close:    telemetry.Shutdown,
		ReadLegacy: func(ctx context.Context, host component.Host, storage component.ID) ([]plog.Logs, func() error, error) {
			return readLegacyFiring(ctx, host, storage, set.ID)
		},
	}
	for _, to := range servers {
		settings.Channels = append(settings.Channels, newChannel(cfg, p, to))
	}
	e, err := notify.NewExporter(set, settings)
	if err != nil {
		return nil, err
	}
	return e, errors.Join(
		telemetry.RegisterAlertmanagerExporterFiringCallback(func(_ context.Context, o metric.Int64Observer) error {
			firing, _ := e.Resent()
			o.Observe(int64(firing))
			return nil
		}),
		telemetry.RegisterAlertmanagerExporterOverflowCallback(func(_ context.Context, o metric.Int64Observer) error {
			_, overflow := e.Resent()
			o.Observe(int64(overflow))
			return nil
		}),
	)
}

// newChannel is one Alertmanager, which is sent every alert whatever becomes of the
// others.
func newChannel(cfg *Config, p *poster, to *server) notify.Channel {
	return notify.Channel{
		Name:       to.name,
		Together:   true,
		MaxAlerts:  maxTogether,
		MaxSettled: cfg.MaxFiring,
		Resend:     cfg.ResendInterval,
		HTTP:       cfg.HTTP,
		Send: func(ctx context.Context, client *http.Client, m notify.Message) error {
			return p.post(ctx, client, to, newPayload(m.Alerts, time.Now(), lifetimes*cfg.ResendInterval))
		},
	}
}
