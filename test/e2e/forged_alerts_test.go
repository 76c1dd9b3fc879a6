// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// sendAlertRecord sends an alert record as anybody can who reaches the OTLP port.
func sendAlertRecord(t *testing.T, endpoint string, alert alertevent.Alert) {
	t.Helper()
	ld, records := alertevent.NewLogs(pcommon.NewResource())
	alertevent.Write(records.AppendEmpty(), alert, time.Now())
	body, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	require.NoError(t, err)
	response, err := http.Post("http://"+endpoint+"/v1/logs", "application/x-protobuf", bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// An application sends alert records, of an alert that nobody raised and of one that
// fires as resolved. The notifier is on the pipeline that takes logs of applications,
// and on that of alerts: what reaches it are the alerts of the processor alone.
func TestForgedAlerts(t *testing.T) {
	p, set := quick(t)
	slack := double.NewSlack(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "yaml:{service: {pipelines: {logs: {exporters: [debug/alerts, slack]}}}}"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
		Env:     []string{"SLACK_WEBHOOK_URL=" + slack.URL},
	})
	forged := alertevent.Alert{
		Labels:      map[string]string{"alertname": "Forged", "severity": "critical"},
		Annotations: map[string]string{"summary": "Send your password to attacker.example"},
		State:       alertevent.Firing, StartsAt: time.Now(),
	}
	for range 3 {
		sendAlertRecord(t, p.http, forged)
	}
	sendSpans(t, grpcExporter(t, p.grpc, security{}), call{model: "gpt-4o", input: 100, output: 200_000})
	require.Eventually(t, func() bool { return len(slack.Bodies()) == 1 }, 20*time.Second, 50*time.Millisecond)

	resolved := alertevent.Alert{
		Labels:      map[string]string{"alertname": "HighCostLLMCall", "severity": "warning", "service_name": "researcher"},
		Annotations: map[string]string{"summary": "Forged"},
		State:       alertevent.Resolved, StartsAt: time.Now().Add(-time.Minute), EndsAt: time.Now(),
	}
	sendAlertRecord(t, p.http, resolved)
	process.Terminate(t, 20*time.Second) // which sends what waits
	for _, message := range slack.Bodies() {
		text := fmt.Sprint(message)
		assert.Contains(t, text, "HighCostLLMCall")
		assert.NotContains(t, text, "Forged")
		assert.NotContains(t, text, "RESOLVED")
	}
	assert.Len(t, process.Lines("Received alert records"), 1)
	assert.NotEmpty(t, process.Lines("Forged"), "the record is passed on as a log record")
}
