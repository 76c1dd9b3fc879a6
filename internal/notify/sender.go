// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"net/http"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/config/configretry"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Channel is one way to tell people, as its exporter describes it.
type Channel struct {
	// Filter chooses the alerts that are told.
	Filter Filter
	// Apart says that each alert is told, and tried again, by itself. Otherwise
	// those that were raised together are told together.
	Apart bool
	// HTTP, Retry and Queue are the user's settings.
	HTTP  confighttp.ClientConfig
	Retry configretry.BackOffConfig
	Queue configoptional.Optional[exporterhelper.QueueBatchConfig]
	// Send tells of alerts, one or several that were raised together, by a
	// client made of HTTP. Its error says by its kind whether to try again.
	Send func(ctx context.Context, client *http.Client, alerts []alertevent.Alert) error
	// Outcomes counts, and Close releases what it counts on.
	Outcomes Outcomes
	Close    func()
}

// NewExporter puts a channel behind a queue, retry and filter.
func NewExporter(ctx context.Context, set exporter.Settings, cfg component.Config, channel Channel) (exporter.Logs, error) {
	s := &sender{channel: channel, set: set.TelemetrySettings}
	next, err := exporterhelper.NewLogs(ctx, set, cfg, s.send,
		exporterhelper.WithStart(s.start),
		exporterhelper.WithShutdown(s.shutdown),
		exporterhelper.WithCapabilities(consumer.Capabilities{MutatesData: false}),
		// The HTTP client has the time limit.
		exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{Timeout: 0}),
		exporterhelper.WithRetry(channel.Retry),
		exporterhelper.WithQueue(channel.Queue),
	)
	if err != nil {
		return nil, err
	}
	return &selecting{Logs: next, filter: channel.Filter, apart: channel.Apart, outcomes: channel.Outcomes}, nil
}

type sender struct {
	channel Channel
	set     component.TelemetrySettings
	client  *http.Client
}

func (s *sender) start(ctx context.Context, host component.Host) error {
	client, err := s.channel.HTTP.ToClient(ctx, host.GetExtensions(), s.set)
	s.client = client
	return err
}

func (s *sender) shutdown(context.Context) error {
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	s.channel.Close()
	return nil
}

func (s *sender) send(ctx context.Context, ld plog.Logs) error {
	var alerts []alertevent.Alert
	for record := range alertevent.Records(ld) {
		// What cannot be read was left out before the queue.
		if alert, err := alertevent.Read(record); err == nil {
			alerts = append(alerts, alert)
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	err := s.channel.Send(ctx, s.client, alerts)
	s.channel.Outcomes.Sent(ctx, len(alerts), err)
	return err
}
