// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestEveryMistakeIsNamed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = "hooks.slack.example/services/SECRET"
	cfg.Severities = []string{"catastrophic"}
	cfg.HTTP.Endpoint = "https://hooks.slack.example"
	cfg.Channel = "#alerts"
	cfg.Endpoint = "slack.com/api"
	cfg.PageURL = "javascript:alert(1)"
	cfg.Mentions = map[string][]string{"critical": {"here", "@somebody"}, "catastrophic": {"U012AB3CD"}}
	cfg.Title, cfg.Text = "{{ .Nothing }}", "{{"
	cfg.Filter.Matchers = []string{"="}
	err := confmap.Validate(cfg)
	for _, key := range []string{
		"webhook_url", "severities::0", "http::endpoint", "bot_token", "endpoint: must", "page_url",
		"mentions::critical::1", "mentions::catastrophic:", "title: ", "text: ", "filter::matchers::0",
	} {
		assert.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), "SECRET")
}

// A bot posts when there is a channel; a token alone, which may be there for
// another program, switches nothing on.
func TestWhatSwitchesOn(t *testing.T) {
	inbox, api := double.NewSlack(t), double.NewSlackAPI(t, token, channel)
	for name, test := range map[string]struct {
		webhook, channel      string
		byWebhook, byBot, off int
	}{
		"nothing": {off: 1},
		"webhook": {webhook: inbox.URL, byWebhook: 1},
		"channel": {channel: channel, byBot: 1},
		"both":    {webhook: inbox.URL, channel: channel, byBot: 1},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			cfg.WebhookURL, cfg.Channel, cfg.BotToken, cfg.Endpoint = configopaque.String(test.webhook), test.channel, token, api.URL
			webhooks, calls := len(inbox.Bodies()), len(api.Bodies())
			e := notifier.Start(t, newFactory(time.Microsecond), cfg)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
			require.NoError(t, e.Shutdown(t.Context()))
			assert.Len(t, inbox.Bodies(), webhooks+test.byWebhook)
			assert.Len(t, api.Bodies(), calls+test.byBot)
			assert.Equal(t, test.off, e.Log.FilterMessageSnippet("Switched off").Len())
		})
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = "https://hooks.slack.example/services/SECRET"
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg.WebhookURL), "SECRET")
}

func TestReadmeExamples(t *testing.T) {
	configs := notifier.ReadmeExamples(t, NewFactory())
	require.Len(t, configs, 4)
	full := configs[2].(*Config)
	assert.Equal(t, []string{"warning", "error", "critical"}, full.Severities)
	assert.Equal(t, map[string][]string{"critical": {"here", "U012AB3CD"}, "error": {"S0614TZR7"}}, full.Mentions)
	d, err := newRenderer(configs[3].(*Config), "slack")
	require.NoError(t, err)
	_, texts := body(t, d, alerts.Cases()["several"])
	assert.Equal(t, "FIRING: 3 alerts", texts["text"])
	assert.Contains(t, texts["attachments.0.blocks.0.text"], "*HighErrorRate* on arc-7, <https://runbooks.example/high-error-rate|what to do>\n")
}
