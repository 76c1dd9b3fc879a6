// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// A key of one's own joins alerts into one, which the end of the last resolves;
// what differs between beginning and end does not get into it.
func TestTemplates(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) {
		cfg.Summary = "{{ .CommonLabels.endpoint }} is {{ .Status }}"
		cfg.DedupKey = "{{ .CommonLabels.alertname }}/{{ .Status }}/{{ .CommonAnnotations.summary }}"
	})
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, inbox.Inbox, 2, routingKey)
	assert.Equal(t, "/chat is firing", inbox.Bodies()[0]["payload"].(map[string]any)["summary"])
	assert.Equal(t, map[string]double.PagerDutyAlert{"HighErrorRate/firing/": {Status: "resolved", Pages: 1}}, inbox.Alerts())
}

func TestLongKeyIsHashed(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) { cfg.DedupKey = "{{ .CommonLabels.instance }}" })
	for _, end := range []string{"", "a", "b"} {
		a := alerts.Firing()
		a.Labels["instance"] = strings.Repeat("é", maxDedupKey) + end
		require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(a)))
	}
	e.Finish(t, inbox.Inbox, 3, routingKey)
	require.Len(t, inbox.Alerts(), 3)
	assert.Contains(t, inbox.Alerts(), strings.Repeat("é", maxDedupKey))
	for key := range inbox.Alerts() {
		assert.Contains(t, []int{64, 2 * maxDedupKey}, len(key))
	}
}

// A template that fails for an alert, or writes nothing, does not keep it from
// being notified.
func TestFailingTemplateIsLeftOut(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) {
		cfg.Summary = `{{ if eq .CommonLabels.instance "arc-7" }}{{ index .Alerts 7 }}{{ end }}fine`
		cfg.DedupKey = "{{ .CommonLabels.absent }}"
	})
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox.Inbox, 1, routingKey)
	assert.Equal(t, "HighErrorRate: High error rate detected", inbox.Bodies()[0]["payload"].(map[string]any)["summary"])
	assert.Equal(t, alerts.Firing().Fingerprint(), inbox.Bodies()[0]["dedup_key"])
	assert.Equal(t, 1, e.Log.FilterMessage("Rendering a template failed, the notification is sent without it").Len())
}

func TestTemplateMistakesFailValidation(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Summary, cfg.DedupKey = "{{", "{{ .Nothing }}"
	err := cfg.Validate()
	assert.ErrorContains(t, err, "summary: ")
	assert.ErrorContains(t, err, "dedup_key: ")
}
