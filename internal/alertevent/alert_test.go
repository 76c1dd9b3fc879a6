// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertevent

import (
	"testing"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/plog"
)

func TestLine(t *testing.T) {
	tests := map[string]struct {
		labels, annotations map[string]string
		state               State
		want                string
	}{
		"firing":         {map[string]string{"alertname": "A", "severity": "Critical"}, map[string]string{"summary": "s", "description": "d"}, Firing, "[CRITICAL] A: s"},
		"resolved":       {map[string]string{"alertname": "A", "severity": "critical"}, map[string]string{"summary": "s"}, Resolved, "[RESOLVED] A: s"},
		"no summary":     {map[string]string{"alertname": "A", "severity": "info"}, map[string]string{"description": "d"}, Firing, "[INFO] A: d"},
		"no severity":    {map[string]string{"alertname": "A"}, map[string]string{"summary": "s"}, Firing, "A: s"},
		"nothing at all": {map[string]string{"alertname": "A"}, nil, Firing, "A"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, Alert{Labels: test.labels, Annotations: test.annotations, State: test.state}.Line())
		})
	}
}

func TestSeverity(t *testing.T) {
	want := map[string]plog.SeverityNumber{
		"":         plog.SeverityNumberUnspecified,
		"page":     plog.SeverityNumberUnspecified,
		"info":     plog.SeverityNumberInfo,
		"Warning":  plog.SeverityNumberWarn,
		"error":    plog.SeverityNumberError,
		"CRITICAL": plog.SeverityNumberError2,
		"fatal":    plog.SeverityNumberUnspecified,
	}
	for label, number := range want {
		assert.Equal(t, number, severityNumber(Alert{Labels: map[string]string{"severity": label}}.Severity()), "%q", label)
	}
}

func TestFingerprint(t *testing.T) {
	alert := Alert{Labels: map[string]string{"alertname": "A", "severity": "info"}, Annotations: map[string]string{"summary": "s"}, State: Firing}
	// What Prometheus' own client library computes, so that Alertmanager's page shows the same.
	assert.Equal(t, model.LabelSet{"alertname": "A", "severity": "info"}.Fingerprint().String(), alert.Fingerprint())
	assert.Len(t, alert.Fingerprint(), 16)

	same := alert
	same.State, same.Annotations = Resolved, nil
	assert.Equal(t, alert.Fingerprint(), same.Fingerprint(), "only the labels count")
	other := Alert{Labels: map[string]string{"alertname": "A", "severity": "warning"}}
	assert.NotEqual(t, alert.Fingerprint(), other.Fingerprint())
}
