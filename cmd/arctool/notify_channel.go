// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notifiers"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// channel is one notifier of a configuration.
type channel struct {
	name     string
	id       component.ID
	settings *confmap.Conf
}

func (c channel) config(factory exporter.Factory) (component.Config, error) {
	conf := confmap.New()
	// The state of the running collector is neither read nor changed.
	for _, part := range []*confmap.Conf{c.settings, confmap.NewFromStringMap(map[string]any{"storage": nil, "sending_queue": nil})} {
		if err := conf.Merge(part); err != nil {
			return nil, err
		}
	}
	cfg := factory.CreateDefaultConfig()
	if err := conf.Unmarshal(cfg); err != nil {
		return nil, err
	}
	return cfg, confmap.Validate(cfg)
}

// try sends the alerts, one after the other, and reports the outcome of each.
func (c channel) try(ctx context.Context, h host, alerts []alertevent.Alert, timeout time.Duration) []line {
	factory := notifiers.Factories()[c.id.Type()]
	cfg, err := c.config(factory)
	if err != nil {
		return []line{failedLine(c.name, "configuration", err)}
	}
	core, log := observer.New(zap.InfoLevel)
	set := exportertest.NewNopSettings(factory.Type())
	set.ID = c.id
	set.Logger = zap.New(core)
	e, err := factory.CreateLogs(ctx, set, cfg)
	if err != nil {
		return []line{failedLine(c.name, "configuration", err)}
	}
	defer func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		_ = e.Shutdown(within) // all responses have been received
	}()
	if err := e.Start(ctx, h); err != nil {
		return []line{failedLine(c.name, "start", err)}
	}
	notifier, ok := e.(*notify.Exporter)
	if !ok {
		for _, entry := range log.FilterMessageSnippet("Switched off").All() {
			return []line{{channel: c.name, text: fmt.Sprintf("off: %v is empty", entry.ContextMap()["key"])}}
		}
		return []line{failedLine(c.name, "configuration", errors.New("not a notifier"))}
	}
	var lines []line
	for _, alert := range alerts {
		lines = append(lines, c.send(ctx, notifier, alert, timeout)...)
	}
	return append(lines, c.warnings(log)...)
}

// send sends one alert, with a line for each channel of the notifier.
func (c channel) send(ctx context.Context, notifier *notify.Exporter, alert alertevent.Alert, timeout time.Duration) []line {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var lines []line
	results := notifier.SendNow(ctx, alert)
	for _, result := range results {
		name := c.name
		if len(results) > 1 && result.Channel != "" {
			name += " " + result.Channel
		}
		var partial *notify.PartialError
		switch {
		case result.Filtered:
			lines = append(lines, line{channel: name, text: string(alert.State) + ": not for this channel, by its filters"})
		case errors.As(result.Err, &partial):
			lines = append(lines, failedLine(name, string(alert.State), fmt.Errorf("some recipients: retryable: %w", result.Err)))
		case consumererror.IsPermanent(result.Err):
			lines = append(lines, failedLine(name, string(alert.State), result.Err))
		case result.Err != nil:
			lines = append(lines, failedLine(name, string(alert.State), fmt.Errorf("retryable: %w", result.Err)))
		default:
			lines = append(lines, line{channel: name, text: fmt.Sprintf("%s: ok, in %s", alert.State, result.Took.Round(time.Millisecond))})
		}
	}
	return lines
}

// warnings are the warnings and errors that the exporter logged, such as recipients
// that were rejected while others were accepted.
func (c channel) warnings(log *observer.ObservedLogs) []line {
	var lines []line
	for _, entry := range log.All() {
		if entry.Level < zap.WarnLevel {
			continue
		}
		text := entry.Message
		if err, ok := entry.ContextMap()["error"]; ok {
			text += fmt.Sprintf(": %v", err)
		}
		lines = append(lines, line{channel: c.name, text: text, failed: entry.Level >= zap.ErrorLevel})
	}
	return lines
}
