// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

// secret is a part of the address of every webhook here.
const secret = "/services/"

func start(t *testing.T, inbox *double.Inbox, change func(*Config)) notifier.Running {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.WebhookURL = configopaque.String(inbox.URL)
	notifier.Impatient(&cfg.Retry)
	if change != nil {
		change(cfg)
	}
	return notifier.Start(t, newFactory(time.Microsecond), cfg)
}

// attachment is the first of a message.
func attachment(t *testing.T, inbox *double.Inbox, message int) map[string]any {
	t.Helper()
	attachments, _ := inbox.Bodies()[message]["attachments"].([]any)
	require.NotEmpty(t, attachments)
	first, _ := attachments[0].(map[string]any)
	return first
}

func TestAlertArrives(t *testing.T) {
	inbox := double.NewSlack(t)
	e := start(t, inbox, nil)
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, inbox, 2, secret)
	assert.Equal(t, "[CRITICAL] HighErrorRate: High error rate detected", attachment(t, inbox, 0)["fallback"])
	assert.Equal(t, "#ff0000", attachment(t, inbox, 0)["color"])
	for key, want := range map[string]any{"parse": "none", "unfurl_links": false, "unfurl_media": false} {
		assert.Equal(t, want, inbox.Bodies()[0][key], key)
	}
	assert.Contains(t, fmt.Sprint(attachment(t, inbox, 0)["blocks"]), fmt.Sprintf("Arc Monitoring  |  <!date^%d^", alerts.Start.Unix()))
	assert.Equal(t, "[RESOLVED] HighErrorRate: High error rate detected", attachment(t, inbox, 1)["fallback"])
	assert.Equal(t, int64(2), e.Count(t, "sent"))
}

// Alerts that were raised together are one message, also when there are many.
func TestStormIsOneMessage(t *testing.T) {
	inbox := double.NewSlack(t)
	e := start(t, inbox, nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Cases()["storm"]...)))
	e.Finish(t, inbox, 1, secret)
	attachments, _ := inbox.Bodies()[0]["attachments"].([]any)
	require.Len(t, attachments, maxAlerts+1)
	assert.Equal(t, "… 30 more", attachments[maxAlerts].(map[string]any)["fallback"])
}

func TestOtherLogsAreIgnored(t *testing.T) {
	inbox := double.NewSlack(t)
	e := start(t, inbox, nil)
	ld := plog.NewLogs()
	ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty().SetEventName(alertevent.EventName)
	ld.MarkReadOnly()
	require.NoError(t, e.ConsumeLogs(t.Context(), ld))
	e.Finish(t, inbox, 0, secret)
}

func TestFilter(t *testing.T) {
	inbox := double.NewSlack(t)
	e := start(t, inbox, func(cfg *Config) {
		cfg.Severities = []string{"critical"}
		cfg.SendResolved = false
	})
	e.Deliver(t, alerts.Firing())
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Cases()["several"][1:]...)))
	e.Finish(t, inbox, 1, secret)
	assert.Len(t, inbox.Bodies()[0]["attachments"], 1)
	assert.Equal(t, int64(2), e.Count(t, "filtered"))
	assert.Equal(t, int64(1), e.Count(t, "sent"))
}

// Slack throttles, or fails: the message is tried again.
func TestRetry(t *testing.T) {
	inbox := double.NewSlack(t)
	inbox.Refuse(
		double.Response{Status: 429, RetryAfter: "0", Body: "rate_limited"},
		double.Response{Status: 500, Body: "rollup_error"},
		double.Response{Status: 503},
		double.Response{Status: 408},
		double.Response{Status: 200, Body: "service_unavailable"},
	)
	e := start(t, inbox, nil)
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, inbox, 2, secret)
	assert.Contains(t, attachment(t, inbox, 0)["fallback"], "CRITICAL")
	assert.Contains(t, attachment(t, inbox, 1)["fallback"], "RESOLVED")
	assert.Equal(t, int64(0), e.Count(t, "failed"))
}

// A message that Slack will never take is given up, and the next is sent.
func TestMessageIsRejected(t *testing.T) {
	for _, response := range []double.Response{
		{Status: 400, Body: "invalid_payload"},
		{Status: 400, Body: "too_many_attachments"},
	} {
		t.Run(fmt.Sprint(response.Status, " ", response.Body), func(t *testing.T) {
			inbox := double.NewSlack(t)
			inbox.Refuse(response)
			e := start(t, inbox, nil)
			e.Deliver(t, alerts.Firing())
			e.Deliver(t, alerts.Resolved())
			e.Finish(t, inbox, 1, secret)
			assert.Contains(t, attachment(t, inbox, 0)["fallback"], "RESOLVED")
			assert.Equal(t, int64(1), e.Count(t, "failed"))
			assert.Equal(t, 1, e.Log.FilterMessageSnippet("rejected").Len())
		})
	}
}

// Slack rejects the webhook, or it is not Slack that responds: what waits is kept, and one attempt was made.
func TestWebhookIsRejected(t *testing.T) {
	for _, response := range []double.Response{
		{Status: 403, Body: "action_prohibited"},
		{Status: 404, Body: "no_service"},
		{Status: 410, Body: "channel_is_archived"},
		{Status: 200, Body: "invalid_token"},
		{Status: 403, Body: "invalid_token"},
		{Status: 200, Body: "no_service"},
		{Status: 200, Body: "channel_is_archived"},
		{Status: 404, Body: "channel_not_found"},
		{Status: 200, Body: "<html>Welcome to the guest network</html>"},
		{Status: 200},
		{Status: 302, Body: "<html>Sign in</html>"},
	} {
		t.Run(fmt.Sprint(response.Status, " ", response.Body), func(t *testing.T) {
			inbox := double.NewSlack(t)
			inbox.Refuse(response)
			e := start(t, inbox, nil)
			require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
			require.Eventually(t, func() bool { return e.Log.FilterMessage("Sending notifications fails").Len() == 1 }, 10*time.Second, time.Millisecond)
			assert.Equal(t, int64(1), e.Count(t, "failed"))
			assert.Equal(t, 1, e.Logs.(*notify.Exporter).Waiting())
			e.Finish(t, inbox, 0, secret)
		})
	}
}

// A server with webhooks like Slack's accepts a message in its own way, and it is not sent again.
func TestCompatibleServer(t *testing.T) {
	inbox := double.NewSlack(t)
	inbox.Refuse(double.Response{Status: 200, Body: `{"success":true}`})
	e := start(t, inbox, nil)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return e.Count(t, "sent") == 1 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, 0, e.Logs.(*notify.Exporter).Waiting())
	e.Finish(t, inbox, 0, secret)
}

// An address at which nobody listens is a secret too.
func TestSecretStaysOutOfLogs(t *testing.T) {
	inbox := double.NewSlack(t)
	e := start(t, inbox, func(cfg *Config) { cfg.WebhookURL = "http://127.0.0.1:1/services/T0/B0/SECRET" })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return e.Log.FilterMessageSnippet("tried again").Len() > 0 }, 10*time.Second, time.Millisecond)
	e.Finish(t, inbox, 0, secret)
}

func TestOff(t *testing.T) {
	inbox := double.NewSlack(t)
	e := start(t, inbox, func(cfg *Config) { cfg.WebhookURL = "" })
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox, 0, secret)
	require.Equal(t, 1, e.Log.Len())
	assert.Equal(t, "Switched off: webhook_url is empty", e.Log.All()[0].Message)
}
