// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboard

import "strings"

// reserved are the labels that mean something else in the metrics by dimension, in
// those of budgets, or on a Prometheus server.
var reserved = map[string]bool{
	"provider": true, "model": true, "kind": true, "unit": true, "budget": true, "window": true, "threshold": true,
	"time_zone": true, "job": true, "instance": true, "le": true, "alertname": true, "severity": true, "otel_metric_overflow": true,
}

// MetricLabel is the label of a dimension in metrics: its name as Prometheus writes it. A
// label that is reserved gets the prefix that Prometheus gives one in such a case.
func MetricLabel(name string) string {
	var label strings.Builder
	for i, r := range name {
		switch {
		case r == '_', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9' && i > 0:
			label.WriteRune(r)
		case '0' <= r && r <= '9':
			label.WriteString("_")
			label.WriteRune(r)
		default:
			label.WriteByte('_')
		}
	}
	if reserved[label.String()] || strings.HasPrefix(label.String(), "__") {
		return "exported_" + label.String()
	}
	return label.String()
}
