// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"strings"
	"unicode/utf8"

	"github.com/prometheus/otlptranslator"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// pageName is the name that the metric has on the Prometheus exposition of the shipped
// configurations (UnderscoreEscapingWithoutSuffixes).
func pageName(m pmetric.Metric) (string, bool) {
	if !utf8.ValidString(m.Name()) {
		return "", false
	}
	namer := otlptranslator.MetricNamer{}
	name, err := namer.Build(otlptranslator.Metric{Name: m.Name(), Unit: m.Unit()})
	return name, err == nil && name != ""
}

// isReserved reports whether only the Collector may use the name: what llm_cost
// counts, and the series of Prometheus' rule engine. The Collector's own metrics
// come from a scrape of a Collector; anybody else would falsify them.
func isReserved(name string, from Source) bool {
	switch {
	case strings.HasPrefix(name, "arc_llm_billed_"):
		return !from.Billing
	case strings.HasPrefix(name, "arc_llm_"), name == "ALERTS", name == "ALERTS_FOR_STATE":
		return true
	case strings.HasPrefix(name, "otelcol_"):
		return !from.Collector
	}
	return false
}

// guideTypes are the types of the metrics that the Arc guide names and the arc
// receiver makes. An exposition has one type for a name: without this, an application
// that sends one of them as another type first would remove the right ones.
var guideTypes = map[string]pmetric.MetricType{
	"arc_requests_total":           pmetric.MetricTypeSum,
	"arc_request_duration_seconds": pmetric.MetricTypeHistogram,
	"arc_active_requests":          pmetric.MetricTypeGauge,
	"arc_agent_executions_total":   pmetric.MetricTypeSum,
	"arc_agent_duration_seconds":   pmetric.MetricTypeHistogram,
	"arc_cache_hits_total":         pmetric.MetricTypeSum,
	"arc_cache_misses_total":       pmetric.MetricTypeSum,
	"arc_cache_size_bytes":         pmetric.MetricTypeGauge,
	"arc_active_agents":            pmetric.MetricTypeGauge,
	"arc_memory_usage_bytes":       pmetric.MetricTypeGauge,
	"arc_app_info":                 pmetric.MetricTypeGauge,
}

// wrongType reports whether the metric has another type than the Arc guide gives its name.
// A sum that is not monotonic is a gauge in the exposition.
func wrongType(name string, m pmetric.Metric) bool {
	want, ok := guideTypes[name]
	if !ok {
		return false
	}
	kind := m.Type()
	if kind == pmetric.MetricTypeSum && !m.Sum().IsMonotonic() {
		kind = pmetric.MetricTypeGauge
	}
	return kind != want
}
