// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// lifetimes is how many resend intervals a firing alert outlives the last
// time that it was sent, as with Prometheus.
const lifetimes = 4

// newPayload is what is posted at now; firing alerts end lifetime later.
func newPayload(alerts []alertevent.Alert, now time.Time, lifetime time.Duration) models.PostableAlerts {
	payload := make(models.PostableAlerts, len(alerts))
	for i, alert := range alerts {
		end := now.Add(lifetime)
		if alert.State == alertevent.Resolved {
			end = alert.EndsAt
		}
		payload[i] = &models.PostableAlert{
			Alert:       models.Alert{Labels: labelSet(alert.Labels), GeneratorURL: uri(alert.GeneratorURL)},
			Annotations: labelSet(alert.Annotations),
			StartsAt:    strfmt.DateTime(alert.StartsAt),
			EndsAt:      strfmt.DateTime(end),
		}
	}
	return payload
}

// labelSet leaves out empty values, which mean the same as no label.
func labelSet(from map[string]string) models.LabelSet {
	set := make(models.LabelSet, len(from))
	for name, value := range from {
		if value != "" {
			set[name] = value
		}
	}
	return set
}

// uri leaves out what is not one, because Alertmanager would refuse the alert.
func uri(text string) strfmt.URI {
	if !strfmt.Default.Validates("uri", text) {
		return ""
	}
	return strfmt.URI(text)
}
