// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package notifiers lists the exporters that act on alert records alone.
package notifiers

import (
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter"

	"github.com/otelcol-arc/otelcol-arc/exporter/alertmanagerexporter"
	"github.com/otelcol-arc/otelcol-arc/exporter/emailexporter"
	"github.com/otelcol-arc/otelcol-arc/exporter/pagerdutyexporter"
	"github.com/otelcol-arc/otelcol-arc/exporter/slackexporter"
	"github.com/otelcol-arc/otelcol-arc/exporter/teamsexporter"
	"github.com/otelcol-arc/otelcol-arc/exporter/webhookexporter"
)

// Factories returns the factories of the notifiers, by type.
func Factories() map[component.Type]exporter.Factory {
	all := map[component.Type]exporter.Factory{}
	for _, f := range []exporter.Factory{
		alertmanagerexporter.NewFactory(),
		emailexporter.NewFactory(),
		pagerdutyexporter.NewFactory(),
		slackexporter.NewFactory(),
		teamsexporter.NewFactory(),
		webhookexporter.NewFactory(),
	} {
		all[f.Type()] = f
	}
	return all
}

// Types are the types of the notifiers, sorted.
func Types() []string {
	var all []string
	for t := range Factories() {
		all = append(all, t.String())
	}
	slices.Sort(all)
	return all
}
