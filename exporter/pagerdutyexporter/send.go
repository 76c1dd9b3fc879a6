// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// send enqueues the event of one alert.
func send(ctx context.Context, client *http.Client, cfg *Config, alert alertevent.Alert) error {
	body, err := encode(newEvent(alert, string(cfg.RoutingKey), cfg.Source))
	if err != nil {
		return consumererror.NewPermanent(fmt.Errorf("encode event: %w", err))
	}
	answer, err := notify.Post(ctx, client, strings.TrimSuffix(cfg.Endpoint, "/")+"/v2/enqueue", body)
	if err != nil {
		return err
	}
	var said struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil || said.Status != "success" {
		// What answered is not the Events API: a proxy's page, or another API.
		return consumererror.NewPermanent(fmt.Errorf("%w: status 2xx, but the answer does not say success: %s",
			notify.ErrRefused, notify.Truncate(answer, 200)))
	}
	return nil
}
