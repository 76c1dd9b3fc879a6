// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/lifecycle/parallelstop"
)

// Channels are the notifiers of a collector that are switched on, by ID.
func Channels(host component.Host) []*Exporter {
	var all []*Exporter
	exporters, _ := logsExporters(host)
	for _, c := range exporters {
		if e, ok := c.(*Exporter); ok {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *Exporter) int { return cmp.Compare(a.ID().String(), b.ID().String()) })
	return all
}

// SwitchedOff are the IDs of the notifiers of a collector that have no address.
func SwitchedOff(host component.Host) []string {
	var all []string
	exporters, _ := logsExporters(host)
	for id, c := range exporters {
		if _, ok := c.(off); ok {
			all = append(all, id.String())
		}
	}
	slices.Sort(all)
	return all
}

// logsExporters are those of a collector. They are not known of every host.
func logsExporters(host component.Host) (all map[component.ID]component.Component, known bool) {
	holder, ok := host.(interface {
		GetExporters() map[pipeline.Signal]map[component.ID]component.Component
	})
	if !ok {
		return nil, false
	}
	exporters := holder.GetExporters()
	all = map[component.ID]component.Component{}
	for id, c := range exporters[pipeline.SignalLogs] {
		all[id] = parallelstop.Unwrap(c)
	}
	return all, exporters != nil
}

// ID is the exporter's.
func (e *Exporter) ID() component.ID { return e.set.ID }

// reportUnaccepted counts and logs an alert that this channel filters when all others do,
// too.
func (e *Exporter) reportUnaccepted(ctx context.Context, alert alertevent.Alert) {
	if alert.State != alertevent.Firing || len(e.peers) == 0 || e.peers[0] != e {
		return
	}
	if slices.ContainsFunc(e.peers, func(peer *Exporter) bool { return peer.pass(alert) }) {
		return
	}
	e.telemetry.NotifierAlertsUntaken.Add(ctx, 1, metric.WithAttributes(attribute.String("exporter", e.set.ID.String())))
	e.unacceptedLogged.Do(func() {
		e.set.Logger.Warn("No channel accepts an alert", zap.String("alert", alert.Name()), zap.String("severity", alert.Labels[alertevent.LabelSeverity]), zap.String("receiver", alert.Receiver))
	})
}

// newUnacceptedLog bounds the log lines about alerts that no channel accepts.
func newUnacceptedLog() *rate.Sometimes {
	return &rate.Sometimes{First: maxErrors, Interval: time.Minute}
}
