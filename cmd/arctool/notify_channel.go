// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// direct makes sending return what the first try was answered.
var direct = map[string]any{
	"sending_queue":    map[string]any{"enabled": false},
	"retry_on_failure": map[string]any{"enabled": false},
}

// channel is one way to tell people, of which one answer is expected.
type channel struct {
	name     string
	id       component.ID
	settings *confmap.Conf
	only     map[string]any // settings that take the place of others
}

// newChannels is one channel for an exporter. An exporter that tells several
// Alertmanagers is one for each, because it is content when one of them answers.
func newChannels(id component.ID, settings *confmap.Conf) []channel {
	endpoints, _ := settings.Get("endpoints").([]any)
	if id.Type().String() != "alertmanager" || len(endpoints) < 2 {
		return []channel{{name: id.String(), id: id, settings: settings}}
	}
	var list []channel
	for i, endpoint := range endpoints {
		list = append(list, channel{
			name: fmt.Sprintf("%s endpoints::%d", id, i), id: id, settings: settings,
			only: map[string]any{"endpoints": []any{endpoint}},
		})
	}
	return list
}

func (c channel) config(factory exporter.Factory) (component.Config, error) {
	conf := confmap.New()
	for _, part := range []*confmap.Conf{c.settings, confmap.NewFromStringMap(direct), confmap.NewFromStringMap(c.only)} {
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

// try sends the alerts, one after the other, and says what came of each.
func (c channel) try(ctx context.Context, h host, alerts []alertevent.Alert, timeout time.Duration) []line {
	factory := factories()[c.id.Type()]
	cfg, err := c.config(factory)
	if err != nil {
		return []line{failedLine("configuration", err)}
	}
	core, log := observer.New(zap.InfoLevel)
	reader := sdkmetric.NewManualReader()
	set := exportertest.NewNopSettings(factory.Type())
	set.ID = c.id
	set.Logger = zap.New(core)
	set.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	e, err := factory.CreateLogs(ctx, set, cfg)
	if err != nil {
		return []line{failedLine("configuration", err)}
	}
	defer func() {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		_ = e.Shutdown(within) // what was sent has been answered
	}()
	if err := e.Start(ctx, h); err != nil {
		return []line{failedLine("start", err)}
	}
	for _, entry := range log.FilterMessageSnippet("Switched off").All() {
		return []line{{text: fmt.Sprintf("off: %v is empty", entry.ContextMap()["key"])}}
	}
	var lines []line
	for _, alert := range alerts {
		before := filtered(ctx, reader)
		said := send(ctx, e, alert, timeout)
		if filtered(ctx, reader) > before {
			said = line{text: string(alert.State) + ": not for this channel, by its filters"}
		}
		lines = append(lines, said)
	}
	return append(lines, warnings(log)...)
}

// send sends one alert.
func send(ctx context.Context, e exporter.Logs, alert alertevent.Alert, timeout time.Duration) line {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ld, records := alertevent.NewLogs(pcommon.NewResource())
	at := alert.StartsAt
	if alert.State == alertevent.Resolved {
		at = alert.EndsAt
	}
	alertevent.Write(records.AppendEmpty(), alert, at)
	began := time.Now()
	err := e.ConsumeLogs(ctx, ld)
	switch {
	case consumererror.IsPermanent(err):
		return failedLine(string(alert.State), err)
	case err != nil:
		return failedLine(string(alert.State), fmt.Errorf("may pass: %w", err))
	default:
		return line{text: fmt.Sprintf("%s: ok, in %s", alert.State, time.Since(began).Round(time.Millisecond))}
	}
}

// filtered is how many alerts the exporter has counted as not for it.
func filtered(ctx context.Context, reader sdkmetric.Reader) int64 {
	var all metricdata.ResourceMetrics
	if reader.Collect(ctx, &all) != nil {
		return 0
	}
	var n int64
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if !ok {
				continue
			}
			for _, point := range sum.DataPoints {
				if outcome, _ := point.Attributes.Value(attribute.Key("outcome")); outcome.AsString() == "filtered" {
					n += point.Value
				}
			}
		}
	}
	return n
}

// warnings are what the exporter logged besides what sending returned, such as
// recipients that were refused while others were told.
func warnings(log *observer.ObservedLogs) []line {
	var lines []line
	for _, entry := range log.All() {
		if entry.Level < zap.WarnLevel || strings.HasPrefix(entry.Message, "Exporting failed") {
			continue
		}
		text := entry.Message
		if err, ok := entry.ContextMap()["error"]; ok {
			text += fmt.Sprintf(": %v", err)
		}
		lines = append(lines, line{text: text, failed: entry.Level >= zap.ErrorLevel})
	}
	return lines
}
