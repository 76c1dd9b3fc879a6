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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
)

// network is a middleware of the Collector's HTTP client that replaces the connection
// and the API. The clock of a synctest bubble does not advance while a goroutine waits
// for a real connection.
type network struct {
	component.StartFunc
	component.ShutdownFunc

	mu     sync.Mutex
	down   error
	tries  int
	events []string // action and key, in order

	perMinute int // the most requests in any minute; 0: any number
	recent    []time.Time
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
	if n.perMinute > 0 {
		n.recent = slices.DeleteFunc(n.recent, func(at time.Time) bool { return time.Since(at) > time.Minute })
		if len(n.recent) >= n.perMinute {
			return &http.Response{StatusCode: http.StatusTooManyRequests, Body: http.NoBody, Request: r}, nil
		}
		n.recent = append(n.recent, time.Now())
	}
	n.events = append(n.events, event.Action+" "+event.Key)
	return &http.Response{StatusCode: http.StatusAccepted, Body: io.NopCloser(strings.NewReader(`{"status":"success"}`)), Request: r}, nil
}

// repair ends the outage, and returns the number of requests until then.
func (n *network) repair() (tries int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = nil
	return n.tries
}

// accepted is what was accepted.
func (n *network) accepted() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.events)
}

// PagerDuty is unavailable for an hour, in which alerts fire and some are resolved:
// after that it has the latest state of each, in order, and it was not called more
// often than every 15 seconds.
func TestOutageOfAnHour(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		away := &network{down: errors.New("connection refused")}
		e := away.start(t)
		var want []string
		for i, alert := range alerts.Cases()["storm"][:30] {
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alert)))
			time.Sleep(time.Minute)
			if i%2 == 0 {
				want = append(want, "trigger "+alert.Fingerprint())
				continue
			}
			alert.State, alert.EndsAt = alertevent.Resolved, alert.StartsAt.Add(time.Minute)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alert)))
			want = append(want, "resolve "+alert.Fingerprint())
			time.Sleep(3 * time.Minute)
		}
		tries := away.repair()
		assert.Greater(t, tries, 60, "it is tried all the time")
		assert.Less(t, tries, 260, "and with backoff")
		time.Sleep(time.Minute)
		assert.ElementsMatch(t, want, away.accepted())
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// 1,300 warnings and 200 critical alerts of one evaluation, at PagerDuty's limit:
// it accepts every request, the critical alerts first, and then every resolution.
func TestStormAtTheRateLimit(t *testing.T) {
	falseclock.Long(t)
	falseclock.Test(t, func(t *testing.T) {
		limited := &network{perMinute: 120}
		e := limited.start(t)
		var firing, resolved []alertevent.Alert
		for i := range 1500 {
			a := alerts.Firing()
			a.Labels["instance"], a.Labels["severity"] = strconv.Itoa(i), "warning"
			if i%15 < 2 {
				a.Labels["severity"] = "page"
			}
			firing = append(firing, a)
			a.State, a.EndsAt = alertevent.Resolved, a.StartsAt.Add(time.Hour)
			resolved = append(resolved, a)
		}
		require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(firing...)))
		time.Sleep(2 * time.Minute)
		first := limited.accepted()
		require.GreaterOrEqual(t, len(first), 200)
		critical := map[string]bool{}
		for _, a := range firing {
			critical["trigger "+a.Fingerprint()] = a.Labels["severity"] == "page"
		}
		for _, event := range first[:200] {
			assert.True(t, critical[event])
		}
		time.Sleep(15 * time.Minute)
		require.Len(t, limited.accepted(), 1500)
		require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(resolved...)))
		time.Sleep(15 * time.Minute)
		assert.Len(t, limited.accepted(), 3000)
		assert.Equal(t, 3000, limited.repair(), "none was refused")
		require.NoError(t, e.Shutdown(t.Context()))
	})
}

// start starts an exporter behind the network, for all severities.
func (n *network) start(t *testing.T) exporter.Logs {
	t.Helper()
	id := component.MustNewID("network")
	cfg := createDefaultConfig().(*Config)
	cfg.RoutingKey, cfg.Severities = routingKey, nil
	cfg.HTTP.Middlewares = []configmiddleware.Config{{ID: id}}
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(NewFactory().Type()), cfg)
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), testhost.Host{id: n}))
	return e
}
