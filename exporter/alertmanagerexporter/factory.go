// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/exporter/alertmanagerexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
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
		SendResolved:   true,
		ResendInterval: time.Minute,
		MaxFiring:      10_000,
		Retry:          notify.NewRetryConfig(),
		Queue:          notify.NewQueueConfig(),
	}
}

func createLogs(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if len(cfg.Endpoints) == 0 {
		return notify.Off(set.Logger, "endpoints"), nil
	}
	servers, err := newServers(cfg.Endpoints)
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	background := context.WithoutCancel(ctx)
	a := newAnnouncer(cfg, &fleet{servers: servers, requests: telemetry.AlertmanagerExporterRequests, logger: set.Logger}, telemetry, set.Logger)
	next, err := notify.NewExporter(ctx, set, cfg, notify.Channel{
		Filter: cfg.filter(),
		// An Alertmanager answers 400 when it refuses some alerts of a request,
		// and does not say which.
		Apart:     true,
		HTTP:      cfg.HTTP,
		Retry:     cfg.Retry,
		Queue:     cfg.Queue,
		Start:     func(ctx context.Context, host component.Host) error { return a.open(ctx, host, set.ID) },
		Connected: func(client *http.Client) { a.client = client },
		Send: func(ctx context.Context, _ *http.Client, alerts []alertevent.Alert) error {
			return a.send(ctx, alerts[0])
		},
		Outcomes: notify.NewOutcomes(telemetry.AlertmanagerExporterAlerts),
		Close: func() {
			telemetry.Shutdown()
			if err := a.firing.close(background); err != nil {
				set.Logger.Error("The storage of the firing alerts could not be closed", zap.Error(err))
			}
		},
	})
	if err != nil {
		telemetry.Shutdown()
		return nil, err
	}
	return &resending{Logs: next, announcer: a}, nil
}
