// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package teamsexporter

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/exporter/teamsexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// interval is the time between two messages: Teams takes four in a second.
// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
const interval = 300 * time.Millisecond

// NewFactory makes the factory of the teams exporter.
func NewFactory() exporter.Factory {
	return exporter.NewFactory(
		metadata.Type,
		createDefaultConfig,
		exporter.WithLogs(createLogs, metadata.LogsStability),
	)
}

func createDefaultConfig() component.Config {
	return &Config{HTTP: notify.NewClientConfig(), DeliveryConfig: notify.NewDeliveryConfig()}
}

func createLogs(_ context.Context, set exporter.Settings, config component.Config) (exporter.Logs, error) {
	cfg := config.(*Config)
	if cfg.WebhookURL == "" {
		return notify.Off(set, "webhook_url", cfg.Receivers), nil
	}
	renderer, err := newRenderer(cfg, set.ID.String())
	if err != nil {
		return nil, err
	}
	telemetry, err := metadata.NewTelemetryBuilder(set.TelemetrySettings)
	if err != nil {
		return nil, err
	}
	newChannel := func(address string) notify.Channel {
		return notify.Channel{
			Limit:   rate.NewLimiter(rate.Every(interval), 1),
			Secrets: notify.URLSecrets(address),
			HTTP:    cfg.HTTP,
			Send: func(ctx context.Context, client *http.Client, m notify.Message) error {
				content, err := renderer.render(m.Alerts)
				if err != nil {
					set.Logger.Error("Rendering a template failed, the notification is sent without it", zap.Error(err))
				}
				return post(ctx, client, address, content)
			},
		}
	}
	channels, err := notify.ChannelsOf(newChannel(string(cfg.WebhookURL)), cfg.Receivers, func(_ string, r ReceiverConfig) (notify.Channel, error) {
		channel := newChannel(string(r.WebhookURL))
		channel.SendResolved = r.SendResolved
		return channel, nil
	})
	if err != nil {
		return nil, err
	}
	return notify.NewExporter(set, notify.Settings{
		Delivery: &cfg.DeliveryConfig,
		Channels: channels,
		Outcomes: notify.NewOutcomes(telemetry.TeamsExporterAlerts),
		Close:    telemetry.Shutdown,
	})
}

// failed begins the response with status 200 by which a connector reports an error,
// such as too many messages.
const failed = "Webhook message delivery failed"

// tooLarge is in such a response when the same message will not be accepted.
const tooLarge = "HTTP error 413"

func post(ctx context.Context, client *http.Client, address string, content payload) error {
	body, err := encode(content)
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode card: %w", err))
	}
	response, err := notify.PostToAPI(ctx, client, address, body)
	if err == nil && strings.HasPrefix(response, failed) {
		err = fmt.Errorf("%w: status 200: %s", notify.ErrRefused, notify.Truncate(notify.Clean(response), 200))
		if strings.Contains(response, tooLarge) {
			err = consumererror.NewPermanent(err)
		}
	}
	return err
}
