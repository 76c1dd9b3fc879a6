// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func TestSecretsAreKept(t *testing.T) {
	vendors := notifier.HTTPVendors()
	vendors["200 repeats"] = notifier.RepeatsAs("%s")
	vendors["200 repeats as a code"] = notifier.RepeatsAs(`{"ok":false,"error":%q}`)
	t.Run("webhook", func(t *testing.T) {
		notifier.KeepsSecrets(t, newFactory(time.Microsecond), vendors, func(cfg component.Config, address string) {
			cfg.(*Config).WebhookURL = configopaque.String("http://" + address + "/services/T000/B000/TOPSECRET")
		}, "TOPSECRET", "/services/")
	})
	t.Run("bot", func(t *testing.T) {
		notifier.KeepsSecrets(t, newFactory(time.Microsecond), vendors, func(cfg component.Config, address string) {
			c := cfg.(*Config)
			c.Endpoint, c.BotToken, c.Channel = "http://"+address+"/api", token, channel
		}, token)
	})
}
