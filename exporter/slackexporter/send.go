// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// accepted is what a webhook answers, with status 200, when it took the message.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
const accepted = "ok"

// send posts alerts as one message.
func send(ctx context.Context, client *http.Client, webhook configopaque.String, alerts []alertevent.Alert) error {
	body, err := json.Marshal(newMessage(alerts))
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode message: %w", err))
	}
	answer, err := notify.Post(ctx, client, string(webhook), body)
	if err != nil {
		return err
	}
	if answer != accepted {
		// What answered is not a webhook: a proxy's page, or another API.
		return consumererror.NewPermanent(fmt.Errorf("%w: status 200, but the answer is not %q: %s",
			notify.ErrRefused, accepted, notify.Truncate(answer, 200)))
	}
	return nil
}
