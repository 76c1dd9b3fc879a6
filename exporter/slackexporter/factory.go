// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/exporter/slackexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

const (
	// endpoint is the Web API's address.
	endpoint = "https://slack.com/api"
	// interval is the time between two messages to a channel that Slack asks for.
	// https://docs.slack.dev/apis/web-api/rate-limits
	interval = time.Second
)

// NewFactory makes the factory of the slack exporter.
func NewFactory() exporter.Factory { return newFactory(interval) }

// newFactory makes exporters that let the time pass between two messages.
func newFactory(interval time.Duration) exporter.Factory {
	create := func(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
		return createLogs(ctx, set, config.(*Config), interval)
	}
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(create, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{
		Endpoint:     endpoint,
		SendResolved: true,
		HTTP:         notify.NewClientConfig(),
		Retry:        notify.NewRetryConfig(),
		Queue:        notify.NewQueueConfig(),
	}
}

func createLogs(ctx context.Context, set exporter.Settings, cfg *Config, interval time.Duration) (exporter.Logs, error) {
	if cfg.WebhookURL == "" && cfg.Channel == "" {
		return notify.Off(set.Logger, "webhook_url"), nil
	}
	renderer, err := newRenderer(cfg, set.ID.String())
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	turns := rate.NewLimiter(rate.Every(interval), 1)
	wait := func(ctx context.Context) error {
		if err := turns.Wait(ctx); err != nil {
			return fmt.Errorf("wait for the turn, one message in %s: %w", interval, err)
		}
		return nil
	}
	channel := notify.Channel{
		Filter:   cfg.filter(),
		Secrets:  cfg.secrets(),
		HTTP:     cfg.HTTP,
		Retry:    cfg.Retry,
		Queue:    cfg.Queue,
		Outcomes: notify.NewOutcomes(telemetry.SlackExporterAlerts),
		Close:    telemetry.Shutdown,
	}
	if cfg.Channel != "" {
		err = byBot(ctx, &channel, set, cfg, renderer, wait)
	} else {
		byWebhook(&channel, set.Logger, cfg, renderer, wait)
	}
	var next exporter.Logs
	if err == nil {
		next, err = notify.NewExporter(ctx, set, cfg, channel)
	}
	if err != nil {
		telemetry.Shutdown()
	}
	return next, err
}

func byWebhook(channel *notify.Channel, logger *zap.Logger, cfg *Config, renderer renderer, wait func(context.Context) error) {
	channel.Send = func(ctx context.Context, client *http.Client, alerts []alertevent.Alert) error {
		said, err := renderer.render(alerts)
		if err != nil {
			logger.Error("A template failed; the alerts are told without it", zap.Error(err))
		}
		if err := wait(ctx); err != nil {
			return err
		}
		return post(ctx, client, cfg.WebhookURL, said.mentioning(cfg.Mentions, alerts))
	}
}

func byBot(ctx context.Context, channel *notify.Channel, set exporter.Settings, cfg *Config, renderer renderer, wait func(context.Context) error) error {
	threads, err := newThreads(set.Logger)
	if err != nil {
		return err
	}
	b := &bot{cfg: cfg, renderer: renderer, threads: threads, logger: set.Logger, wait: wait}
	channel.Send = b.tell
	channel.Place = b.place
	if cfg.Queue.HasValue() && cfg.Queue.Get().StorageID != nil {
		storage := *cfg.Queue.Get().StorageID
		channel.Start = func(ctx context.Context, host component.Host) error {
			return threads.open(ctx, host, storage, set.ID)
		}
	}
	release, ctx := channel.Close, context.WithoutCancel(ctx)
	channel.Close = func() {
		release()
		if err := threads.close(ctx); err != nil {
			set.Logger.Error("The storage of the threads could not be closed", zap.Error(err))
		}
	}
	return nil
}
