// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package alerts has the alerts that every notifier is tested with, and compares
// rendered results with golden files.
package alerts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Start is when the alerts fired first.
var Start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// Firing is an ordinary critical alert.
func Firing() alertevent.Alert {
	value := 0.0725
	return alertevent.Alert{
		Labels: map[string]string{"alertname": "HighErrorRate", "severity": "critical", "endpoint": "/chat", "instance": "arc-7"},
		Annotations: map[string]string{
			"summary":       "High error rate detected",
			"description":   "Error rate is 7.25%",
			"runbook_url":   "https://runbooks.example/high-error-rate",
			"dashboard_url": "https://grafana.example/d/arc?var=a|b",
		},
		State:        alertevent.Firing,
		StartsAt:     Start,
		Value:        &value,
		GeneratorURL: "https://prometheus.example/graph?g0.expr=up&g0.tab=1",
		TraceID:      pcommon.TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36},
	}
}

// Resolved is [Firing] when it is resolved.
func Resolved() alertevent.Alert {
	a := Firing()
	a.State = alertevent.Resolved
	a.EndsAt = Start.Add(10 * time.Minute)
	return a
}

// Cases are what every notifier renders, by name of the golden file.
func Cases() map[string][]alertevent.Alert {
	bare := alertevent.Alert{Labels: map[string]string{"alertname": "Bare"}, State: alertevent.Firing, StartsAt: Start}

	warning := Firing()
	warning.Labels = map[string]string{"alertname": "HighLatency", "severity": "warning"}
	warning.Annotations = map[string]string{"description": "P99 latency is 12s"}

	hostile := Firing()
	hostile.Labels = map[string]string{
		"alertname": "Hostile", "severity": "critical",
		"mention": "<!channel> <@U123> @here", "markup": "*bold* `code` <https://evil.example|click>",
		"control": "\x00\x1b[31m\u202egnp.exe", "invalid": "\xff\xfe", "html": "<script>alert(1)</script> & \"quoted\"",
	}
	hostile.Annotations = map[string]string{
		"summary":     "<!everyone> please </payload>",
		"description": "line one\nline two\t<!subteam^S1>",
		"runbook_url": "javascript:alert(1)",
	}
	hostile.GeneratorURL = "https://evil.example/|<!here>"

	foreign := Firing()
	foreign.Labels["team"] = "研究チーム"
	foreign.Annotations = map[string]string{"summary": "Fehlerquote über 5 % — 错误率过高 🔥", "description": "معدل الخطأ"}

	long := Firing()
	long.Annotations["summary"] = strings.Repeat("long ", 2000)
	long.Annotations["description"] = strings.Repeat("d", 1<<20)
	for i := range 40 {
		long.Labels[fmt.Sprintf("label_%02d", i)] = strings.Repeat("v", 2000)
	}

	var storm []alertevent.Alert
	for i := range 50 {
		a := Firing()
		a.Labels["instance"] = fmt.Sprintf("arc-%02d", i)
		storm = append(storm, a)
	}
	return map[string][]alertevent.Alert{
		"single": {Firing()}, "resolved": {Resolved()}, "bare": {bare}, "hostile": {hostile},
		"non-ascii": {foreign}, "long": {long}, "several": {Firing(), warning, Resolved()}, "storm": storm,
	}
}

// Logs are alert records, as the alert processor emits them. They are read-only.
func Logs(alerts ...alertevent.Alert) plog.Logs {
	resource := pcommon.NewResource()
	resource.Attributes().PutStr("service.name", "otelcol-arc")
	ld, records := alertevent.NewLogs(resource)
	for _, a := range alerts {
		at := a.StartsAt
		if a.State == alertevent.Resolved {
			at = a.EndsAt
		}
		alertevent.Write(records.AppendEmpty(), a, at)
	}
	ld.MarkReadOnly()
	return ld
}

// CompareJSON compares a value, as indented JSON, with testdata/golden/NAME.json.
// With UPDATE_GOLDEN=1 in the environment it writes the file instead.
func CompareJSON(t *testing.T, name string, value any) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(value))
	path := filepath.Join("testdata", "golden", name+".json")
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}
