// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package pagerdutyexporter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

func start(t *testing.T, inbox *double.PagerDuty, change func(*Config)) notifier.Running {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.RoutingKey = routingKey
	cfg.Endpoint = inbox.URL + "/"
	notifier.Impatient(&cfg.Retry)
	if change != nil {
		change(cfg)
	}
	return notifier.Start(t, NewFactory(), cfg)
}

func TestTriggerAndResolve(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, nil)
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, inbox.Inbox, 2, routingKey)
	trigger, resolve := inbox.Bodies()[0], inbox.Bodies()[1]
	assert.Equal(t, "trigger", trigger["event_action"])
	assert.Equal(t, "resolve", resolve["event_action"])
	assert.Equal(t, trigger["dedup_key"], resolve["dedup_key"])
	assert.Equal(t, int64(2), e.Count(t, "sent"))
}

// Critical alone is the default, as in the Arc guide; alerts that fire together are
// events of their own.
func TestCriticalAlone(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Cases()["several"][:2]...)))
	e.Finish(t, inbox.Inbox, 1, routingKey)
	assert.Equal(t, int64(1), e.Count(t, "filtered"))
}

// Alerts of a group are events of their own too.
func TestGroupIsOneEventAnAlert(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, nil)
	raised := alerts.Cases()["storm"][:3]
	for i := range raised {
		raised[i].Group = &alertevent.Group{Key: "all"}
	}
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(raised...)))
	e.Finish(t, inbox.Inbox, 3, routingKey)
	assert.Len(t, inbox.Alerts(), 3)
}

func TestEverySeverity(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) { cfg.Severities = nil })
	for _, severity := range []string{"info", "warning", "error", "critical", "", "page", "blue"} {
		a := alerts.Firing()
		a.Labels["severity"] = severity
		e.Deliver(t, a)
	}
	e.Finish(t, inbox.Inbox, 7, routingKey)
	var sent []any
	for _, body := range inbox.Bodies() {
		sent = append(sent, body["payload"].(map[string]any)["severity"])
	}
	assert.Equal(t, []any{"info", "warning", "error", "critical", "error", "critical", "error"}, sent)
}

// PagerDuty throttles, or fails: the event is sent again.
func TestRetry(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	inbox.Refuse(double.Response{Status: 429, RetryAfter: "0"}, double.Response{Status: 500}, double.Response{Status: 502})
	e := start(t, inbox, nil)
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, inbox.Inbox, 2, routingKey)
	assert.Equal(t, "trigger", inbox.Bodies()[0]["event_action"])
	assert.Equal(t, "resolve", inbox.Bodies()[1]["event_action"])
}

func TestPermanentRejection(t *testing.T) {
	for name, response := range map[string]double.Response{
		"invalid":   {Status: 400, Body: `{"status":"invalid event","message":"Event object is invalid"}`},
		"a summary": {Status: 400, Body: `{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing or blank"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			inbox := double.NewPagerDuty(t, routingKey)
			inbox.Refuse(response)
			e := start(t, inbox, nil)
			e.Deliver(t, alerts.Firing())
			e.Deliver(t, alerts.Resolved())
			e.Finish(t, inbox.Inbox, 1, routingKey)
			assert.Equal(t, "resolve", inbox.Bodies()[0]["event_action"])
			assert.Equal(t, int64(1), e.Count(t, "failed"))
		})
	}
}

// PagerDuty rejects the key, or it is not PagerDuty that responds: what waits is kept.
func TestChannelIsRejected(t *testing.T) {
	for name, response := range map[string]double.Response{
		"key":           {Status: 400, Body: `{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}`},
		"not the API":   {Status: 200, Body: "<html>Welcome to the guest network</html>"},
		"not a success": {Status: 202, Body: `{"status":"throttled"}`},
		"a redirect":    {Status: 307},
	} {
		t.Run(name, func(t *testing.T) {
			inbox := double.NewPagerDuty(t, routingKey)
			inbox.Refuse(response)
			e := start(t, inbox, nil)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
			require.Eventually(t, func() bool { return e.Log.FilterMessage("Sending notifications fails").Len() == 1 }, 10*time.Second, time.Millisecond)
			assert.Equal(t, 1, e.Logs.(*notify.Exporter).Waiting())
			e.Finish(t, inbox.Inbox, 0, routingKey)
		})
	}
}

// A routing key that is rejected does not keep the alerts of others waiting.
func TestKeyOfOneRouteIsRejected(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) {
		cfg.Routes = []Route{{Matchers: []string{`instance="arc-8"`}, RoutingKey: "wrong"}}
	})
	other := alerts.Firing()
	other.Labels["instance"] = "arc-8"
	e.Deliver(t, other)
	e.Deliver(t, alerts.Firing())
	e.Finish(t, inbox.Inbox, 1, routingKey)
	assert.Equal(t, int64(1), e.Count(t, "failed"))
}

func TestSecretStaysOutOfLogs(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) { cfg.Endpoint = "http://127.0.0.1:1" })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return e.Log.FilterMessageSnippet("tried again").Len() > 0 }, 10*time.Second, time.Millisecond)
	e.Finish(t, inbox.Inbox, 0, routingKey)
}

func TestOff(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) { cfg.RoutingKey = "" })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox.Inbox, 0, routingKey)
	require.Equal(t, 1, e.Log.Len())
	assert.Equal(t, "Switched off: routing_key is empty", e.Log.All()[0].Message)
}

func TestLabelsFilter(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	e := start(t, inbox, func(cfg *Config) { cfg.Filter.Matchers = []string{`instance=~"arc-[89]"`} })
	other := alerts.Firing()
	other.Labels["instance"] = "arc-8"
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing(), other)))
	e.Finish(t, inbox.Inbox, 1, routingKey)
	assert.Equal(t, other.Fingerprint(), inbox.Bodies()[0]["dedup_key"])
	assert.Equal(t, int64(1), e.Count(t, "filtered"))
}
