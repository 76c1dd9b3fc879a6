// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/slack-go/slack"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// accepted is what a webhook answers, with status 200, when it took the message.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
const accepted = "ok"

// parseNone keeps Slack from finding links and names in a text by itself.
const parseNone = "none"

// post sends a message to an incoming webhook.
func post(ctx context.Context, client *http.Client, webhook configopaque.String, m message) error {
	no := false
	body, err := json.Marshal(&slack.WebhookMessage{
		Text: m.text, Attachments: m.attachments, Parse: parseNone, UnfurlLinks: &no, UnfurlMedia: &no,
	})
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode message: %w", err))
	}
	response, err := notify.Post(ctx, client, string(webhook), body)
	if err != nil {
		return err
	}
	if response != accepted {
		// It names what is wrong, as invalid_token, or what answered is not a
		// webhook: a proxy's page, or another API.
		return refused("webhook", response)
	}
	return nil
}
