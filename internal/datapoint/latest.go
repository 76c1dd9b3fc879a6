// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package datapoint

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Latest is the latest time of the data points of a metric; 0 without any.
func Latest(m pmetric.Metric) (latest pcommon.Timestamp) {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			latest = max(latest, p.Timestamp())
		}
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			latest = max(latest, p.Timestamp())
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			latest = max(latest, p.Timestamp())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			latest = max(latest, p.Timestamp())
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			latest = max(latest, p.Timestamp())
		}
	case pmetric.MetricTypeEmpty:
	}
	return latest
}
