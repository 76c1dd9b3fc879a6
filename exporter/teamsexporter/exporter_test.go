// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package teamsexporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

const secret = "SECRET-SIGNATURE"

// check applies what is documented of a workflow's webhook.
func check(r double.WebhookRequest) error {
	var body payload
	decoder := json.NewDecoder(strings.NewReader(string(r.Body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		return err
	}
	if len(r.Body) > 28*1024 {
		return fmt.Errorf("%d bytes are too many", len(r.Body))
	}
	if body.Type != "message" || len(body.Attachments) != 1 || body.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" {
		return errors.New("not a message with a card")
	}
	card := body.Attachments[0].Content
	if card.Type != "AdaptiveCard" || card.Version != "1.4" || len(card.Body) == 0 || len(card.Actions) > 6 {
		return errors.New("not a card")
	}
	for _, e := range card.Body {
		if e.Type == "TextBlock" && e.Text == "" || e.Type == "RichTextBlock" && len(e.Inlines) == 0 {
			return errors.New("an element is empty")
		}
	}
	return nil
}

func start(t *testing.T, server *double.Webhook, change func(*Config)) notifier.Running {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = configopaque.String(server.URL + "/workflows/1/triggers/manual/paths/invoke?sig=" + secret)
	notifier.Impatient(&cfg.Retry)
	if change != nil {
		change(cfg)
	}
	return notifier.Start(t, NewFactory(), cfg)
}

func TestAlertArrives(t *testing.T) {
	server := double.NewWebhook(t, check)
	server.Refuse(double.Response{Status: 200, Body: "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"}, double.Response{Status: 502})
	e := start(t, server, func(cfg *Config) { cfg.PageURL = "https://arc.example" })
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, server.Inbox, 2, secret)
	first, second := string(server.Requests()[0].Body), string(server.Requests()[1].Body)
	assert.Contains(t, first, "[CRITICAL] HighErrorRate: High error rate detected")
	assert.Contains(t, first, colorAttention)
	assert.Contains(t, first, "https://arc.example/alerts")
	assert.Contains(t, first, "https://runbooks.example/high-error-rate")
	assert.Contains(t, second, "[RESOLVED] HighErrorRate")
	assert.Contains(t, second, colorGood)
	assert.Equal(t, int64(2), e.Count(t, "sent"))
	assert.Equal(t, int64(0), e.Count(t, "failed"))
}

// A connector reports with status 200 that a message is too large: it is not tried again for ever.
func TestTooLarge(t *testing.T) {
	server := double.NewWebhook(t, check)
	server.Refuse(double.Response{Status: 200, Body: "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 413 with ContextId 1"})
	e := start(t, server, nil)
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, server.Inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "failed"))
}

// It is not Teams that responds: what waits is kept.
func TestStranger(t *testing.T) {
	server := double.NewWebhook(t, check)
	server.Refuse(double.Response{Status: 200, Body: "\ufeff<html>Welcome to the guest network</html>"})
	e := start(t, server, nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return e.Log.FilterMessage("Sending notifications fails").Len() == 1 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, 1, e.Logs.(*notify.Exporter).Waiting())
	e.Finish(t, server.Inbox, 0, secret)
}

// Every alert is a card that Teams takes.
func TestCards(t *testing.T) {
	for name, raised := range alerts.Cases() {
		t.Run(name, func(t *testing.T) {
			content, err := renderer{}.render(raised)
			require.NoError(t, err)
			body, err := encode(content)
			require.NoError(t, err)
			require.NoError(t, check(double.WebhookRequest{Body: body}))
			alerts.CompareJSON(t, name, content)
		})
	}
	storm, err := renderer{}.render(alerts.Cases()["storm"])
	require.NoError(t, err)
	assert.Contains(t, fmt.Sprint(storm), "… 30 more")
}

// A card that would be too large, since its runes are of several bytes, is shortened.
func TestLargeCards(t *testing.T) {
	for _, r := range []string{"a", "<", "\u0001", "\u2028", "語", "🔥"} {
		long := strings.Repeat(r, 4000)
		var all []alertevent.Alert
		for i := range 30 {
			a := alerts.Firing()
			a.Annotations = map[string]string{
				"summary": long, "description": long, "runbook_url": "https://runbooks.example/" + strings.Repeat("x", 1900),
				"dashboard_url": "https://dashboards.example/" + strings.Repeat("x", 1900),
			}
			for n := range 20 {
				a.Labels[fmt.Sprint("label_", i, "_", n)] = long
			}
			all = append(all, a)
		}
		for _, raised := range [][]alertevent.Alert{all[:1], all} {
			content, err := renderer{pageURL: "https://arc.example"}.render(raised)
			require.NoError(t, err)
			body, err := encode(content)
			require.NoError(t, err)
			require.NoError(t, check(double.WebhookRequest{Body: body}))
			assert.Contains(t, string(body), "HighErrorRate")
			assert.Contains(t, string(body), notify.Footer)
		}
	}
}

// What a label has is not markup in the text of a template, and a template that
// fails is left out.
func TestTemplates(t *testing.T) {
	server := double.NewWebhook(t, check)
	e := start(t, server, func(cfg *Config) {
		cfg.Title = "{{ .Status | toUpper }} {{ .CommonLabels.alertname }}"
		cfg.Text = `{{ if eq .CommonLabels.instance "arc-9" }}{{ index .Alerts 7 }}{{ end }}**{{ .CommonLabels.mention }}**`
	})
	a := alerts.Firing()
	a.Labels["mention"] = "[click](https://evil.example)<at>all</at>"
	e.Deliver(t, a)
	a = alerts.Firing()
	a.Labels["instance"] = "arc-9"
	e.Deliver(t, a)
	e.Finish(t, server.Inbox, 2, secret)
	var body payload
	require.NoError(t, json.Unmarshal(server.Requests()[0].Body, &body))
	assert.Equal(t, "FIRING HighErrorRate", body.Attachments[0].Content.Body[0].Inlines[0].Text)
	assert.Equal(t, `**\[click\](https://evil.example)&lt;at&gt;all&lt;/at&gt;**`, body.Attachments[0].Content.Body[1].Text)
	assert.Equal(t, 1, e.Log.FilterMessageSnippet("Rendering a template failed").Len())
}

func FuzzCard(f *testing.F) {
	f.Add("a", "b", "c")
	f.Fuzz(func(t *testing.T, name, value, summary string) {
		a := alerts.Firing()
		a.Labels[name] = value
		a.Annotations = map[string]string{"summary": summary, "description": value, "runbook_url": value}
		for _, raised := range [][]alertevent.Alert{{a}, {a, alerts.Resolved()}} {
			content, err := renderer{}.render(raised)
			require.NoError(t, err)
			body, err := encode(content)
			require.NoError(t, err)
			require.NoError(t, check(double.WebhookRequest{Body: body}))
		}
	})
}

func TestSecretsAreKept(t *testing.T) {
	notifier.KeepsSecrets(t, NewFactory(), notifier.HTTPVendors(), func(cfg component.Config, address string) {
		cfg.(*Config).WebhookURL = configopaque.String("http://" + address + "/workflows?sig=" + secret)
	}, secret)
}

func TestEveryMistakeIsNamed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL, cfg.PageURL, cfg.Title, cfg.Text = "nowhere/"+secret, "nowhere", "{{", "{{ .Nothing }}"
	cfg.Severities, cfg.HTTP.Endpoint = []string{"x"}, "x"
	err := cfg.Validate()
	for _, key := range []string{"webhook_url: ", "page_url: ", "title: ", "text: ", "severities::0", "http::endpoint"} {
		require.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), secret)
}

func TestOff(t *testing.T) {
	e := start(t, double.NewWebhook(t, check), func(cfg *Config) { cfg.WebhookURL = "" })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.Shutdown(t.Context()))
	assert.Equal(t, "Switched off: webhook_url is empty", e.Log.All()[0].Message)
}

func TestReadmeExamples(t *testing.T) {
	assert.Len(t, notifier.ReadmeExamples(t, NewFactory()), 2)
}
