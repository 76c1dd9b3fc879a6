// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/PagerDuty/go-pagerduty"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// send enqueues the event of one alert. isOnlyKey is set when all alerts of the channel have the
// routing key of this one: then a key that is rejected keeps them all waiting.
func send(ctx context.Context, client *http.Client, endpoint string, event *pagerduty.V2Event, isOnlyKey bool) error {
	body, err := encode(event)
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode event: %w", err))
	}
	response, err := notify.Post(ctx, client, strings.TrimSuffix(endpoint, "/")+"/v2/enqueue", body)
	var result pagerduty.V2EventResponse
	unread := json.Unmarshal([]byte(response), &result)
	switch {
	case isOnlyKey && consumererror.IsPermanent(err) && slices.ContainsFunc(result.Errors, isOfKey):
		return consumererror.NewPermanent(fmt.Errorf("%w: %w", notify.ErrChannel, errors.Unwrap(err)))
	case err != nil:
		return err
	case unread != nil || result.Status != "success":
		return notify.StrangerError(response)
	default:
		return nil
	}
}

// isOfKey reports whether an error with status 400 is about the routing key, and not the event.
// https://developer.pagerduty.com/docs/send-alert-event
func isOfKey(detail string) bool {
	return strings.Contains(detail, "routing_key") || strings.Contains(detail, "routing key")
}
