// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package teamsexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

// A receiver has a workflow of its own.
func TestReceivers(t *testing.T) {
	own, payments := double.NewWebhook(t, check), double.NewWebhook(t, check)
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = configopaque.String(own.URL)
	cfg.Receivers = map[string]ReceiverConfig{"payments": {WebhookURL: configopaque.String(payments.URL)}}
	e := notifier.Start(t, NewFactory(), cfg)
	alert := alerts.Firing()
	alert.Receiver = "payments"
	e.Deliver(t, alert)
	e.Finish(t, payments.Inbox, 1, "nothing")
	assert.Empty(t, own.Bodies())
	cfg.Receivers["payments"] = ReceiverConfig{WebhookURL: "nowhere"}
	assert.ErrorContains(t, cfg.Validate(), "receivers::payments::webhook_url: must be an http or https URL")
}
