// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/PagerDuty/go-pagerduty"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// send enqueues the event of one alert.
func send(ctx context.Context, client *http.Client, endpoint string, event *pagerduty.V2Event) error {
	body, err := encode(event)
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode event: %w", err))
	}
	response, err := notify.Post(ctx, client, strings.TrimSuffix(endpoint, "/")+"/v2/enqueue", body)
	if err != nil {
		return err
	}
	var result pagerduty.V2EventResponse
	if err := json.Unmarshal([]byte(response), &result); err != nil || result.Status != "success" {
		// The response is not from the Events API, but from a proxy or another API.
		return consumererror.NewPermanent(fmt.Errorf("%w: status 2xx, but the response does not report success: %s",
			notify.ErrRefused, notify.Truncate(response, 200)))
	}
	return nil
}
