// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

// The routing key must not follow a redirect to another host.
func TestRedirectTakesNoKey(t *testing.T) {
	bodies := make(chan string, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies <- string(b)
		fmt.Fprint(w, `{"status":"success"}`)
	}))
	defer elsewhere.Close()
	hook := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer hook.Close()
	cfg := createDefaultConfig().(*Config)
	cfg.RoutingKey, cfg.Endpoint = routingKey, hook.URL
	e := notifier.Start(t, NewFactory(), cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.Shutdown(t.Context()))
	close(bodies)
	for b := range bodies {
		assert.NotContains(t, b, routingKey)
	}
}

// An answer that repeats the key must not carry it into the log.
func TestEchoedKey(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.Copy(w, r.Body)
	}))
	defer echo.Close()
	cfg := createDefaultConfig().(*Config)
	cfg.RoutingKey, cfg.Endpoint = routingKey, echo.URL
	e := notifier.Start(t, NewFactory(), cfg)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.Shutdown(t.Context()))
	for _, entry := range e.Log.All() {
		assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), routingKey)
	}
}

// A pipeline with several exporters, one of which refuses, offers the same
// records to all of them again: they are told once.
func TestOfferedAgain(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	inbox.Refuse(double.Answer{Status: 202, Body: `{"status":"success"}`}, double.Answer{Status: 500}) // fails midway
	cfg := createDefaultConfig().(*Config)
	cfg.RoutingKey, cfg.Endpoint = routingKey, inbox.URL
	notifier.Impatient(&cfg.Retry)
	e := notifier.Start(t, NewFactory(), cfg)
	batch := alerts.Logs(alerts.Cases()["storm"][:5]...)
	for range 3 {
		require.NoError(t, e.ConsumeLogs(t.Context(), batch))
	}
	e.Finish(t, inbox, 4, routingKey) // and the one that the first answer took
	seen := map[any]bool{}
	for _, body := range inbox.Bodies() {
		assert.False(t, seen[body["dedup_key"]])
		seen[body["dedup_key"]] = true
	}
	assert.Equal(t, int64(5), e.Count(t, "sent"))
	assert.Equal(t, int64(10), e.Count(t, "known"))
}

func TestEventIsWithinLimit(t *testing.T) {
	a := alerts.Firing()
	a.Labels["alertname"] = strings.Repeat("\x01<", 1<<20)
	a.Labels["instance"] = strings.Repeat("<", 1<<20)
	body, err := encode(newEvent(a, routingKey, "s"))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(body), maxBody)
}
