// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"maps"
	"time"

	"github.com/prometheus/alertmanager/template"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// maxValue bounds a label or annotation that a template is given, in runes.
const maxValue = 16 << 10

// TemplateData is the data that Alertmanager passes to a template for the alerts of
// one notification: receiver is the exporter's ID, unless a route chose another, and
// externalURL the address of the dashboard. Labels and annotations are cleaned and truncated, and then passed
// through escape, which makes them safe in the vendor's markup; nil leaves them as
// they are.
func TemplateData(receiver, externalURL string, alerts []alertevent.Alert, escape func(string) string) *template.Data {
	safe := func(text string) string {
		text = Truncate(Clean(text), maxValue)
		if escape != nil {
			text = escape(text)
		}
		return text
	}
	data := &template.Data{
		Receiver:          receiver,
		Status:            string(alertevent.Resolved),
		Alerts:            make(template.Alerts, 0, len(alerts)),
		GroupLabels:       template.KV{},
		RouteLabels:       template.KV{},
		CommonLabels:      template.KV{},
		CommonAnnotations: template.KV{},
		ExternalURL:       externalURL,
	}
	for i, alert := range alerts {
		one := template.Alert{
			Status:       string(alert.State),
			Labels:       safeKV(alert.Labels, safe),
			Annotations:  safeKV(alert.Annotations, safe),
			StartsAt:     alert.StartsAt,
			EndsAt:       alert.EndsAt,
			GeneratorURL: safe(alert.GeneratorURL),
			Fingerprint:  alert.Fingerprint(),
		}
		data.Alerts = append(data.Alerts, one)
		if alert.State == alertevent.Firing {
			data.Status = string(alertevent.Firing)
		}
		if i == 0 {
			data.CommonLabels, data.CommonAnnotations = maps.Clone(one.Labels), maps.Clone(one.Annotations)
			continue
		}
		keepCommon(data.CommonLabels, one.Labels)
		keepCommon(data.CommonAnnotations, one.Annotations)
	}
	if len(alerts) > 0 && alerts[0].Receiver != "" {
		data.Receiver = alerts[0].Receiver
	}
	// Those of one message share their group.
	if len(alerts) > 0 && alerts[0].Group != nil {
		data.GroupLabels = safeKV(alerts[0].Group.Labels, safe)
	}
	return data
}

func safeKV(from map[string]string, safe func(string) string) template.KV {
	to := make(template.KV, len(from))
	for name, value := range from {
		to[safe(name)] = safe(value)
	}
	return to
}

// keepCommon removes from common what other does not have too.
func keepCommon(common, other template.KV) {
	maps.DeleteFunc(common, func(name, value string) bool {
		same, ok := other[name]
		return !ok || same != value
	})
}

// samples are the data that templates are tried with.
func samples() []*template.Data {
	began := time.Date(2026, time.January, 2, 15, 4, 5, 0, time.UTC)
	firing := alertevent.Alert{
		Labels: map[string]string{
			alertevent.LabelName: "SampleAlert", alertevent.LabelSeverity: alertevent.SeverityWarning,
			"instance": "localhost:8888", "job": "sample",
		},
		Annotations: map[string]string{
			alertevent.AnnotationSummary:     "A sample",
			alertevent.AnnotationDescription: "An alert that templates are tried with",
			alertevent.AnnotationRunbook:     "https://example.com/runbook",
			alertevent.AnnotationDashboard:   "https://example.com/dashboard",
		},
		State:        alertevent.Firing,
		StartsAt:     began,
		GeneratorURL: "https://example.com/graph",
		Group:        &alertevent.Group{Key: "{}:{job=\"sample\"}", Labels: map[string]string{"job": "sample"}},
	}
	resolved := firing
	resolved.State, resolved.EndsAt = alertevent.Resolved, began.Add(time.Hour)
	bare := alertevent.Alert{Labels: map[string]string{alertevent.LabelName: "Bare"}, State: alertevent.Firing, StartsAt: began}
	var all []*template.Data
	for _, alerts := range [][]alertevent.Alert{{firing}, {resolved}, {firing, resolved}, {bare}} {
		all = append(all, TemplateData("sample", "https://example.com", alerts, nil))
	}
	return all
}
