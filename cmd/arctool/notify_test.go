// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

const (
	routingKey = "0123456789abcdef0123456789abcdef"
	otherKey   = "fedcba9876543210fedcba9876543210"
	password   = "0123" // digits, to see that it stays a text
)

// defaultConfig is the configuration that users begin with.
var defaultConfig = filepath.Join(collector.Root(), "config", "default.yaml")

// notifyTestOf runs `arctool notify test` and returns what it prints, and its error.
func notifyTestOf(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	for _, name := range []string{"SLACK_WEBHOOK_URL", "PAGERDUTY_API_KEY", "SMTP_SERVER", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_FROM", "SMTP_TO"} {
		if _, set := os.LookupEnv(name); !set {
			t.Setenv(name, "")
		}
	}
	command := newCommand()
	var out, errs bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&errs)
	command.SetArgs(append([]string{"notify", "test"}, arguments...))
	err := command.ExecuteContext(t.Context())
	for _, secret := range []string{routingKey, otherKey, password + "\n", "XXXXXXXX"} {
		assert.NotContains(t, out.String()+errs.String(), secret)
	}
	return out.String(), err
}

func TestNotifyEverythingOff(t *testing.T) {
	out, err := notifyTestOf(t, "--config", defaultConfig)
	require.NoError(t, err)
	for _, line := range []string{"email: off: server is empty", "pagerduty: off: routing_key is empty", "slack: off: webhook_url is empty"} {
		assert.Contains(t, out, line)
	}
}

// The channels that the Arc guide's environment variables switch on are sent a
// critical alert and its resolution.
func TestNotifyArcGuideEnvironment(t *testing.T) {
	slack, pagerduty := double.NewSlack(t), double.NewPagerDuty(t, routingKey)
	smtp := double.NewSMTP(t, double.SMTPSettings{Mechanisms: []string{"PLAIN"}, Username: "arc@arc.example", Password: password})
	t.Setenv("SLACK_WEBHOOK_URL", slack.URL)
	t.Setenv("PAGERDUTY_API_KEY", routingKey)
	t.Setenv("SMTP_SERVER", "127.0.0.1")
	t.Setenv("SMTP_PORT", strconv.Itoa(smtp.Port))
	t.Setenv("SMTP_USER", "arc@arc.example")
	t.Setenv("SMTP_PASSWORD", password)
	out, err := notifyTestOf(t, "--config", defaultConfig,
		"--config", "yaml:exporters::pagerduty::endpoint: "+pagerduty.URL, "--config", "yaml:exporters::email::tls_mode: none")
	require.NoError(t, err, out)
	for _, name := range []string{"email", "pagerduty", "slack"} {
		assert.Contains(t, out, name+": firing: ok, in ")
		assert.Contains(t, out, name+": resolved: ok, in ")
	}
	assert.Len(t, slack.Bodies(), 2)
	assert.Len(t, smtp.Emails(), 2)
	require.Len(t, pagerduty.Alerts(), 1)
	for _, alert := range pagerduty.Alerts() {
		assert.Equal(t, double.PagerDutyAlert{Status: "resolved", Pages: 1}, alert)
	}
}

// Secrets can come from files with a trailing line break.
func TestNotifySecretsInFiles(t *testing.T) {
	const user, token = "arc@arc.example", "xoxb-0000-a-token-of-a-bot"
	slack, bot := double.NewSlack(t), double.NewSlackAPI(t, token, "#alerts")
	pagerduty, payments := double.NewPagerDuty(t, routingKey), double.NewPagerDuty(t, otherKey)
	smtp := double.NewSMTP(t, double.SMTPSettings{Mechanisms: []string{"PLAIN"}, Username: user, Password: password})
	in := func(secret string) string { return "'${file:" + write(t, secret+"\n") + "}'" }
	file := write(t, `
exporters:
  slack: {webhook_url: `+in(slack.URL)+`}
  slack/bot: {endpoint: '`+bot.URL+`', channel: '#alerts', bot_token: `+in(token)+`}
  pagerduty: {endpoint: '`+pagerduty.URL+`', routing_key: `+in(routingKey)+`}
  pagerduty/payments:
    endpoint: `+payments.URL+`
    routing_key: unused
    routes: [{matchers: [severity="critical"], routing_key: `+in(otherKey)+`}]
  email: {server: 127.0.0.1, port: `+strconv.Itoa(smtp.Port)+`, tls_mode: none, username: `+user+`, password: `+in(password)+`}
`+fmt.Sprintf(pipelines, "slack, slack/bot, pagerduty, pagerduty/payments, email"))
	out, err := notifyTestOf(t, "--config", file, "--resolve=false")
	require.NoError(t, err, out)
	for _, inbox := range []*double.Inbox{slack, bot.Inbox, pagerduty.Inbox, payments.Inbox, smtp.Inbox} {
		assert.NotEmpty(t, inbox.Bodies())
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

const pipelines = `
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [%s]}
    traces: {receivers: [otlp], exporters: [slack/unused]}
`

// A channel that fails is reported with the reason, and the others are still tried.
func TestNotifyFailures(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		<-r.Context().Done()
	}))
	defer silent.Close()
	file := write(t, `
exporters:
  pagerduty/good: {routing_key: '`+routingKey+`', endpoint: '`+inbox.URL+`'}
  pagerduty/unknown: {routing_key: '`+otherKey+`', endpoint: '`+inbox.URL+`'}
  pagerduty/down: {routing_key: '`+routingKey+`', endpoint: 'http://127.0.0.1:1'}
  pagerduty/silent: {routing_key: '`+routingKey+`', endpoint: '`+silent.URL+`'}
  pagerduty/invalid: {routing_key: '`+routingKey+`', endpoint: nowhere, severities: [catastrophic]}
  pagerduty/typo: {routing_key: '`+routingKey+`', end_point: nowhere}
  slack/unused: {webhook_url: 'https://127.0.0.1:1/XXXXXXXX'}
`+fmt.Sprintf(pipelines, "pagerduty/good, pagerduty/unknown, pagerduty/down, pagerduty/silent, pagerduty/invalid, pagerduty/typo, nop"))
	began := time.Now()
	out, err := notifyTestOf(t, "--config", file, "--resolve=false", "--timeout", "200ms")
	require.EqualError(t, err, "5 of 6 channels failed")
	assert.Less(t, time.Since(began), 10*time.Second)
	for _, line := range []string{
		"pagerduty/good: firing: ok",
		`pagerduty/unknown: firing: failed: Permanent error: the channel is rejected: refused: status 400: `, "routing_key is unknown",
		"pagerduty/down: firing: failed: retryable: ", "connection refused",
		"pagerduty/silent: firing: failed: retryable: ", "context deadline exceeded",
		"pagerduty/invalid: configuration: failed: ", "endpoint: must be an http or https URL", "severities::0",
		"pagerduty/typo: configuration: failed: ", "end_point",
	} {
		assert.Contains(t, out, line)
	}
	assert.NotContains(t, out, "slack")
	assert.Len(t, inbox.Bodies(), 1)
}

// Labels choose the route, and an alert that is filtered is reported as such.
func TestNotifyLabelsAndSeverity(t *testing.T) {
	inbox := double.NewPagerDuty(t, routingKey, otherKey)
	file := write(t, `
exporters:
  pagerduty:
    routing_key: '`+routingKey+`'
    endpoint: '`+inbox.URL+`'
    routes: [{matchers: [team="payments"], routing_key: '`+otherKey+`'}]
`+fmt.Sprintf(pipelines, "pagerduty"))
	out, err := notifyTestOf(t, "--config", file, "--label", "team=payments")
	require.NoError(t, err, out)
	require.Len(t, inbox.Bodies(), 2)
	assert.Equal(t, otherKey, inbox.Bodies()[0]["routing_key"])
	out, err = notifyTestOf(t, "--config", file, "--severity", "warning")
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(out, "not for this channel, by its filters"))
	assert.Len(t, inbox.Bodies(), 2)
}

// The outcome is reported for each Alertmanager, and the configuration's
// authenticators are used.
func TestNotifyAlertmanagers(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	authorised := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != "arc" || pass != password {
			http.Error(w, "who are you", http.StatusUnauthorized)
		}
	}))
	defer authorised.Close()
	file := write(t, `
extensions:
  basicauth: {client_auth: {username: arc, password: '${env:AM_PASSWORD}'}}
exporters:
  alertmanager: {endpoints: ['`+inbox.URL+`', 'http://127.0.0.1:1', '`+authorised.URL+`'], http: {auth: {authenticator: basicauth}}}
`+strings.Replace(fmt.Sprintf(pipelines, "alertmanager"), "service:", "service:\n  extensions: [basicauth]", 1))
	t.Setenv("AM_PASSWORD", password)
	out, err := notifyTestOf(t, "--config", file)
	require.EqualError(t, err, "1 of 3 channels failed")
	assert.Contains(t, out, "alertmanager "+strings.TrimPrefix(inbox.URL, "http://")+": resolved: ok")
	assert.Contains(t, out, "alertmanager 127.0.0.1:1: firing: failed")
	assert.Contains(t, out, "alertmanager "+strings.TrimPrefix(authorised.URL, "http://")+": firing: ok")
	assert.Len(t, inbox.Bodies(), 2)
}

// The channel fails when one recipient is rejected, even if others are accepted.
func TestNotifyRejectedRecipient(t *testing.T) {
	smtp := double.NewSMTP(t, double.SMTPSettings{})
	smtp.RefuseCommand("RCPT TO:<gone@", "550 5.1.1 no such mailbox")
	file := write(t, fmt.Sprintf(`
exporters:
  email: {server: 127.0.0.1, port: %d, tls_mode: none, from: arc@arc.example, to: [gone@arc.example, ops@arc.example]}
`, smtp.Port)+fmt.Sprintf(pipelines, "email"))
	out, err := notifyTestOf(t, "--config", file, "--resolve=false")
	require.EqualError(t, err, "1 of 1 channels failed")
	assert.Contains(t, out, "email: firing: ok")
	assert.Contains(t, out, "gone@arc.example>: 550")
}

func TestNotifyMistakes(t *testing.T) {
	for name, test := range map[string]struct{ config, want string }{
		"no channel": {"yaml:" + fmt.Sprintf(pipelines, "debug"), "no logs pipeline names"},
		"missing":    {"yaml:" + fmt.Sprintf(pipelines, "slack"), `service names "slack", which exporters does not have`},
		"no file":    {filepath.Join(t.TempDir(), "none.yaml"), "none.yaml"},
		"no YAML":    {write(t, "exporters: ["), "cannot"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := notifyTestOf(t, "--config", test.config)
			assert.ErrorContains(t, err, test.want)
		})
	}
	_, err := notifyTestOf(t)
	assert.ErrorContains(t, err, `required flag(s) "config" not set`)
}

// With a routing tree each receiver of a notifier is tried by itself, and reported with
// its name; one that is not notified of resolutions is not sent any.
func TestNotifyReceivers(t *testing.T) {
	own, payments, search := double.NewSlack(t), double.NewSlack(t), double.NewSlack(t)
	pagerduty := double.NewPagerDuty(t, routingKey, otherKey)
	smtp := double.NewSMTP(t, double.SMTPSettings{})
	file := write(t, `
processors:
  alert:
    route: {receiver: slack, routes: [{receiver: payments, matchers: [team="payments"]}, {receiver: search, matchers: [team="search"]}]}
exporters:
  slack:
    webhook_url: '`+own.URL+`'
    severities: [info]
    receivers: {payments: {webhook_url: '`+payments.URL+`'}, search: {webhook_url: '`+search.URL+`', send_resolved: false}}
  pagerduty: {endpoint: '`+pagerduty.URL+`', routing_key: '`+routingKey+`', receivers: {payments: {routing_key: '`+otherKey+`'}}}
  email: {server: 127.0.0.1, port: `+strconv.Itoa(smtp.Port)+`, tls_mode: none, from: arc@arc.example, receivers: {payments: {to: [payments@arc.example]}}}
service:
  pipelines:
    logs: {receivers: [nop], processors: [alert], exporters: [slack, pagerduty, email]}
`)
	out, err := notifyTestOf(t, "--config", file)
	require.NoError(t, err, out)
	for _, line := range []string{
		"slack: firing: not for this channel, by its filters", "slack payments: firing: ok", "slack payments: resolved: ok", "slack search: firing: ok",
		"slack search: resolved: not for this channel", "pagerduty: firing: ok", "pagerduty payments: resolved: ok", "email payments: firing: ok",
	} {
		assert.Contains(t, out, line)
	}
	assert.Empty(t, own.Bodies(), "its severities are for alerts without a route")
	assert.Len(t, payments.Bodies(), 2)
	assert.Len(t, search.Bodies(), 1)
	keys := map[any]int{}
	for _, event := range pagerduty.Bodies() {
		keys[event["routing_key"]]++
	}
	assert.Equal(t, map[any]int{routingKey: 2, otherKey: 2}, keys)
	recipients := map[string]int{}
	for _, email := range smtp.Emails() {
		recipients[email.To[0]]++
	}
	assert.Equal(t, map[string]int{"arc@arc.example": 2, "payments@arc.example": 2}, recipients)

	search.Refuse(double.Response{Status: 404, Body: "no_service"})
	out, err = notifyTestOf(t, "--config", file, "--resolve=false")
	require.EqualError(t, err, "1 of 7 channels failed")
	assert.Contains(t, out, "slack search: firing: failed")
}
