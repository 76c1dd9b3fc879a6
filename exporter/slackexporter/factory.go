// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/exporter/slackexporter/internal/metadata"
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

// newFactory makes exporters that send at most one message per interval.
func newFactory(interval time.Duration) exporter.Factory {
	create := func(_ context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
		return createLogs(set, config.(*Config), interval) //nolint:contextcheck // what is made sends later, with contexts of its own
	}
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(create, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{Endpoint: endpoint, HTTP: notify.NewClientConfig(), DeliveryConfig: notify.NewDeliveryConfig()}
}

func createLogs(set exporter.Settings, cfg *Config, interval time.Duration) (exporter.Logs, error) {
	if cfg.WebhookURL == "" && cfg.Channel == "" {
		return notify.Off(set, "webhook_url", cfg.Receivers), nil
	}
	renderer, err := newRenderer(cfg, set.ID.String())
	if err != nil {
		return nil, err
	}
	var all []*threads
	newChannel := func(name string, cfg *Config) (notify.Channel, error) {
		channel := notify.Channel{
			Limit:   rate.NewLimiter(rate.Every(interval), 1),
			Secrets: cfg.secrets(),
			HTTP:    cfg.HTTP,
		}
		if cfg.Channel == "" {
			sendByWebhook(&channel, set.Logger, cfg, renderer)
			return channel, nil
		}
		threads, err := sendByBot(&channel, set, name, cfg, renderer)
		all = append(all, threads)
		return channel, err
	}
	own, err := newChannel("", cfg)
	if err != nil {
		return nil, err
	}
	channels, err := notify.ChannelsOf(own, cfg.Receivers, func(name string, r ReceiverConfig) (notify.Channel, error) {
		channel, err := newChannel(name, cfg.ofReceiver(r))
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
		Outcomes: notify.NewOutcomes(telemetry.SlackExporterAlerts),
		Close: func() {
			telemetry.Shutdown()
			closeThreads(set.Logger, all)
		},
	})
}

func closeThreads(logger *zap.Logger, all []*threads) {
	for _, threads := range all {
		if err := threads.close(context.Background()); err != nil {
			logger.Error("Closing the storage of the threads failed", zap.Error(err))
		}
	}
}

func sendByWebhook(channel *notify.Channel, logger *zap.Logger, cfg *Config, renderer renderer) {
	channel.Send = func(ctx context.Context, client *http.Client, m notify.Message) error {
		text, err := renderer.render(m.Alerts)
		if err != nil {
			logger.Error("Rendering a template failed, the notification is sent without it", zap.Error(err))
		}
		return post(ctx, client, cfg.WebhookURL, text.mentioning(cfg.Mentions, m.Alerts))
	}
}

func sendByBot(channel *notify.Channel, set exporter.Settings, name string, cfg *Config, renderer renderer) (*threads, error) {
	threads, err := newThreads(set.Logger)
	if err != nil {
		return nil, err
	}
	b := &bot{cfg: cfg, renderer: renderer, threads: threads, logger: set.Logger, wait: channel.Limit.Wait}
	channel.Send = b.send
	channel.Place = b.place
	if storage := cfg.StorageID(); storage != nil {
		channel.Start = func(ctx context.Context, host component.Host) error {
			return threads.open(ctx, host, *storage, set.ID, name)
		}
	}
	return threads, nil
}
