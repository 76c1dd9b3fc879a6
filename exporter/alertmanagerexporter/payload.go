// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"strings"
	"time"
	"unicode"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// lifetimes is how many resend intervals a firing alert outlives the last
// time that it was sent, as with Prometheus.
const lifetimes = 4

// newPayload is the request body at now; firing alerts expire lifetime later.
func newPayload(alerts []alertevent.Alert, now time.Time, lifetime time.Duration) models.PostableAlerts {
	payload := make(models.PostableAlerts, len(alerts))
	for i, alert := range alerts {
		end := now.Add(lifetime)
		if alert.State == alertevent.Resolved {
			end = alert.EndsAt
		}
		begin := alert.StartsAt
		if limit := earlier(now, end); begin.After(limit) {
			begin = limit // by another clock, or one that was set back; Alertmanager rejects what ends before it starts
		}
		payload[i] = &models.PostableAlert{
			Labels: labelSet(alert.Labels), GeneratorURL: uri(alert.GeneratorURL),
			Annotations: labelSet(alert.Annotations),
			StartsAt:    strfmt.DateTime(begin),
			EndsAt:      strfmt.DateTime(end),
		}
	}
	return payload
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// labelSet leaves out empty values, which mean the same as no label, and replaces
// what is not UTF-8, which Alertmanager would refuse.
func labelSet(from map[string]string) models.LabelSet {
	set := make(models.LabelSet, len(from))
	for name, value := range from {
		if name != "" && value != "" {
			set[toUTF8(name)] = toUTF8(value)
		}
	}
	return set
}

// escape is the payload with names of letters, digits and underscores alone, as
// Prometheus writes them for those that take no others, and whether that makes
// a difference.
func escape(payload models.PostableAlerts) (escaped models.PostableAlerts, differs bool) {
	escaped = make(models.PostableAlerts, len(payload))
	for i, alert := range payload {
		other := *alert
		var labels, annotations bool
		other.Labels, labels = escapeNames(alert.Labels)
		other.Annotations, annotations = escapeNames(alert.Annotations)
		escaped[i] = &other
		differs = differs || labels || annotations
	}
	return escaped, differs
}

// escapeNames lets a name that needs no escape keep its value when another is
// escaped to the same.
func escapeNames(set models.LabelSet) (escaped models.LabelSet, differs bool) {
	escaped = make(models.LabelSet, len(set))
	for name, value := range set {
		if model.LegacyValidation.IsValidLabelName(name) {
			escaped[name] = value
		}
	}
	for name, value := range set {
		if model.LegacyValidation.IsValidLabelName(name) {
			continue
		}
		differs = true
		// The library leaves the colons that names of metrics may have.
		other := strings.ReplaceAll(model.EscapeName(name, model.UnderscoreEscaping), ":", "_")
		if was, taken := escaped[other]; !taken || (set[other] == "" && value < was) {
			escaped[other] = value
		}
	}
	return escaped, differs
}

// uri leaves out what is not one, because Alertmanager would refuse the alert.
func uri(text string) strfmt.URI {
	if !strfmt.Default.Validates("uri", text) {
		return ""
	}
	return strfmt.URI(text)
}

func toUTF8(text string) string { return strings.ToValidUTF8(text, string(unicode.ReplacementChar)) }
