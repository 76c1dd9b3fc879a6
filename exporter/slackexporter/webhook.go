// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"

	"github.com/slack-go/slack"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// accepted is the body of a webhook's response, with status 200, when it accepted the
// message.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
const accepted = "ok"

// isCode matches an error code.
var isCode = regexp.MustCompile(`^[a-z][a-z_]*$`)

// parseNone keeps Slack from making links of URLs and names in a text.
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
	switch {
	case response == accepted || isCompatible(response):
		return nil
	case isCode.MatchString(response): // such as invalid_token
		return refusalError("webhook", response)
	default:
		return notify.StrangerError(response)
	}
}

// isCompatible reports whether a response is that of another server that has accepted a message.
// Rocket.Chat, whose webhooks take messages for Slack, responds {"success":true}.
// https://github.com/RocketChat/Rocket.Chat, apps/meteor/app/integrations/server/api/api.ts
func isCompatible(response string) bool {
	var result struct {
		Success bool `json:"success"`
	}
	return json.Unmarshal([]byte(response), &result) == nil && result.Success
}
