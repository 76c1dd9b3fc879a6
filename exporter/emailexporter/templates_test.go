// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package emailexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
)

func TestTemplates(t *testing.T) {
	e, server := start(t, func(cfg *Config) {
		cfg.TemplateFiles = []string{"testdata/*.tmpl"}
		cfg.Subject = `{{ template "team.subject" . }}`
		cfg.HTML = `{{ template "team.html" . }}`
		cfg.Text = "{{ range .Alerts }}{{ .Labels.alertname }} at {{ .Labels.instance }}\n{{ end }}"
	})
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, server.Inbox, 1, secret)
	m := read(t, server.Emails()[0].Message)
	assert.Equal(t, "[FIRING:1] HighErrorRate High error rate detected", m.subject)
	assert.Equal(t, `<ul><li><a href="https://runbooks.example/high-error-rate">HighErrorRate</a> High error rate detected</li></ul>`, m.html)
	assert.Equal(t, "HighErrorRate at arc-7\n", m.text)
}

func TestHostileTemplates(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Subject = "{{ .CommonLabels.alertname }}\r\nBcc: thief@evil.example"
	cfg.HTML = `<a href="{{ .CommonAnnotations.runbook_url }}">{{ .CommonAnnotations.summary }}</a>`
	d, err := newRenderer(cfg, "email")
	require.NoError(t, err)
	a := alerts.Firing()
	a.Labels["alertname"] = "x\r\nBcc: thief@evil.example"
	a.Annotations = map[string]string{"summary": "<script>alert(1)</script>", "runbook_url": "javascript:alert(1)"}
	rendered, err := d.render([]alertevent.Alert{a})
	require.NoError(t, err)
	assert.NotContains(t, rendered.subject, "\n")
	assert.NotContains(t, rendered.subject, "\r")
	assert.NotContains(t, rendered.html, "<script")
	assert.NotContains(t, rendered.html, "javascript:")
}

// The notification is sent even if a template fails.
func TestFailingTemplateIsLeftOut(t *testing.T) {
	e, server := start(t, func(cfg *Config) {
		cfg.Subject = `{{ if eq .CommonLabels.instance "arc-7" }}{{ index .Alerts 7 }}{{ end }}fine`
	})
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, server.Inbox, 1, secret)
	assert.Equal(t, "[CRITICAL] HighErrorRate: High error rate detected", read(t, server.Emails()[0].Message).subject)
	assert.Equal(t, 1, e.Log.FilterMessage("Rendering a template failed, the notification is sent without it").Len())
}

func TestTemplateMistakesFailValidation(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Subject, cfg.Text, cfg.HTML = "{{", "{{ .Nothing }}", `{{ template "nowhere" . }}`
	err := cfg.Validate()
	for _, key := range []string{"subject: ", "text: ", "html: "} {
		assert.ErrorContains(t, err, key)
	}
	cfg = createDefaultConfig().(*Config)
	cfg.TemplateFiles = []string{"testdata/none-*.tmpl"}
	assert.ErrorContains(t, cfg.Validate(), "template_files::0")
}
