// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

// network stands between the client and the API, as a middleware of the
// Collector's HTTP client. It is the API too: time in a test's bubble stands
// still while something waits for a real connection.
type network struct {
	component.StartFunc
	component.ShutdownFunc

	mu    sync.Mutex
	down  error
	tries int
	took  []string // action and key, in order
}

// GetHTTPRoundTripper takes the place of the connection.
func (n *network) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(context.Context, http.RoundTripper) (http.RoundTripper, error) { return n, nil }, nil
}

// RoundTrip fails or accepts.
func (n *network) RoundTrip(r *http.Request) (*http.Response, error) {
	var event struct {
		Action string `json:"event_action"`
		Key    string `json:"dedup_key"`
	}
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tries++
	if n.down != nil {
		return nil, n.down
	}
	n.took = append(n.took, event.Action+" "+event.Key)
	return &http.Response{StatusCode: http.StatusAccepted, Body: io.NopCloser(strings.NewReader(`{"status":"success"}`)), Request: r}, nil
}

// repair ends the outage, and returns how often it was met.
func (n *network) repair() (tries int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = nil
	return n.tries
}

// told is what was accepted.
func (n *network) told() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.took)
}

// host has the network as the extension "network".
// PagerDuty is away for an hour, in which alerts begin and end: all of it is
// told after that, in order, and it was not called more than every 15 seconds.
func TestOutageOfAnHour(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		id := component.MustNewID("network")
		away := &network{down: errors.New("connection refused")}
		cfg := createDefaultConfig().(*Config)
		cfg.RoutingKey = routingKey
		cfg.HTTP.Middlewares = []configmiddleware.Config{{ID: id}}
		e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(NewFactory().Type()), cfg)
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), notifier.Host{id: away}))

		var want []string
		for _, alert := range alerts.Cases()["storm"][:30] {
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alert)))
			want = append(want, "trigger "+alert.Fingerprint())
			time.Sleep(time.Minute)
			alert.State, alert.EndsAt = alertevent.Resolved, alert.StartsAt.Add(time.Minute)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alert)))
			want = append(want, "resolve "+alert.Fingerprint())
			time.Sleep(time.Minute)
		}
		tries := away.repair()
		assert.Greater(t, tries, 60, "it is tried all the time")
		assert.Less(t, tries, 260, "and with backoff")
		time.Sleep(time.Minute)
		assert.Equal(t, want, away.told())
		require.NoError(t, e.Shutdown(t.Context()))
	})
}
