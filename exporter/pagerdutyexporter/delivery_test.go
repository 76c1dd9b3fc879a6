// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
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

// A response that repeats the key must not bring it into the log.
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
// records to all of them again: they are sent once.
func TestOfferedAgain(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	inbox.Refuse(double.Response{Status: 202, Body: `{"status":"success"}`}, double.Response{Status: 500}) // fails midway
	cfg := createDefaultConfig().(*Config)
	cfg.RoutingKey, cfg.Endpoint = routingKey, inbox.URL
	notifier.Impatient(&cfg.Retry)
	e := notifier.Start(t, NewFactory(), cfg)
	batch := alerts.Logs(alerts.Cases()["storm"][:5]...)
	for range 3 {
		require.NoError(t, e.ConsumeLogs(t.Context(), batch))
	}
	e.Finish(t, inbox.Inbox, 4, routingKey) // and the one of the first response
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

const otherKey = "fedcba9876543210fedcba9876543210"

// The first route that matches an alert's labels is notified.
func TestRoutes(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey, otherKey)
	e := start(t, inbox, func(cfg *Config) {
		cfg.Routes = []Route{
			{Matchers: []string{`team="payments"`, `model=~"gpt.*"`}, RoutingKey: otherKey},
			{Matchers: []string{`team=~"pay.*"`}, RoutingKey: routingKey},
			{Matchers: []string{`{"service.name"="arc"}`}, RoutingKey: otherKey},
		}
	})
	var want []any
	for _, test := range []struct {
		labels map[string]string
		key    string
	}{
		{map[string]string{"team": "payments", "model": "gpt-5"}, otherKey},
		{map[string]string{"team": "payments"}, routingKey},
		{map[string]string{"service.name": "arc"}, otherKey},
		{nil, routingKey},
	} {
		firing, resolved := alerts.Firing(), alerts.Resolved()
		for name, value := range test.labels {
			firing.Labels[name], resolved.Labels[name] = value, value
		}
		e.Deliver(t, firing)
		e.Deliver(t, resolved)
		want = append(want, test.key, test.key)
	}
	e.Finish(t, inbox.Inbox, 8, routingKey)
	var got []any
	for _, body := range inbox.Bodies() {
		got = append(got, body["routing_key"])
	}
	assert.Equal(t, want, got)
	for _, entry := range e.Log.All() {
		assert.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), otherKey)
	}
}

// An acknowledged alert acknowledges the PagerDuty alert that it opened, and resolves
// it when it is resolved.
func TestAcknowledge(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, nil)
	acknowledged := alerts.Firing()
	acknowledged.Annotations["acknowledged"] = "the runbook's robot restarts it"
	acknowledged.SpanID[0] = 1 // a reminder
	key := acknowledged.Fingerprint()
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, acknowledged)
	assert.Equal(t, map[string]double.PagerDutyAlert{key: {Status: "acknowledged", Pages: 1}}, inbox.Alerts())
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Resolved())))
	e.Finish(t, inbox.Inbox, 3, routingKey)
	assert.Equal(t, map[string]double.PagerDutyAlert{key: {Status: "resolved", Pages: 1}}, inbox.Alerts())
}

// The response to an event is lost: it is sent again, and pages nobody again.
func TestLostResponsePagesOnce(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	target, err := url.Parse(inbox.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	lost := 2
	proxy.ModifyResponse = func(*http.Response) error {
		if lost--; lost >= 0 {
			return errors.New("lost")
		}
		return nil
	}
	between := httptest.NewServer(proxy)
	defer between.Close()
	e := start(t, inbox, func(cfg *Config) { cfg.Endpoint = between.URL })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox.Inbox, 3, routingKey)
	assert.Equal(t, map[string]double.PagerDutyAlert{alerts.Firing().Fingerprint(): {Status: "triggered", Pages: 1}}, inbox.Alerts())
}
