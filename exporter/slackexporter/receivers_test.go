// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// A receiver has a channel of its own, and threads of its own there: the same alert
// is a message in each.
func TestReceivers(t *testing.T) {
	api := double.NewSlackAPI(t, token, channel)
	e := startBot(t, api, func(cfg *Config) {
		cfg.Channel = "#other"
		cfg.Receivers = map[string]ReceiverConfig{"payments": {Channel: channel}, "again": {Channel: channel}}
	})
	firing, resolved := alerts.Firing(), alerts.Resolved()
	for _, receiver := range []string{"payments", "again"} {
		firing.Receiver, resolved.Receiver = receiver, receiver
		e.Deliver(t, firing)
		e.Deliver(t, resolved)
	}
	e.Finish(t, api.Inbox, 6, token)
	messages := api.Messages()
	assert.Len(t, messages, 4)
	assert.Empty(t, messages[0].ThreadTS)
	assert.Equal(t, messages[0].TS, messages[1].ThreadTS)
	assert.Empty(t, messages[2].ThreadTS)
	assert.Equal(t, messages[2].TS, messages[3].ThreadTS)
	assert.Equal(t, int64(4), e.Count(t, "sent"))
}

func TestInvalidReceivers(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a webhook of a bot": {func(c *Config) {
			c.Channel, c.BotToken = "#a", "t"
			c.Receivers = map[string]ReceiverConfig{"a": {WebhookURL: "https://x.example"}}
		}, "receivers::a::webhook_url: must be empty, the exporter posts by a bot"},
		"a channel without a bot": {func(c *Config) {
			c.WebhookURL = "https://x.example"
			c.Receivers = map[string]ReceiverConfig{"a": {Channel: "#a"}}
		}, "receivers::a::channel: must be empty, the exporter posts by a webhook"},
		"no target": {func(c *Config) {
			c.WebhookURL = "https://x.example"
			c.Receivers = map[string]ReceiverConfig{"a": {}}
		}, "receivers::a::webhook_url: must not be empty"},
		"not an address": {func(c *Config) {
			c.WebhookURL = "https://x.example"
			c.Receivers = map[string]ReceiverConfig{"a": {WebhookURL: configopaque.String("nowhere")}}
		}, "receivers::a::webhook_url: must be an http or https URL"},
		"without the exporter's own": {func(c *Config) {
			c.Receivers = map[string]ReceiverConfig{"a": {Channel: "#a"}}
		}, "channel: must not be empty when receivers::a has one"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			test.change(cfg)
			assert.ErrorContains(t, cfg.Validate(), test.want)
		})
	}
}
