// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/otel/attribute"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

const secret = "SECRET"

func start(t *testing.T, endpoints ...string) notifier.Running {
	t.Helper()
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoints = endpoints
	cfg.HTTP.Headers.Set("X-Key", secret)
	notifier.Impatient(&cfg.Retry)
	return notifier.Start(t, NewFactory(), cfg)
}

func TestAlertArrives(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	e := start(t, inbox.URL)
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, inbox, 2, secret)
	assert.Equal(t, int64(2), e.Count(t, "sent"))
}

// A clock that was ahead when the alert fired, and has been set back.
func TestFiresInTheFuture(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	e := start(t, inbox.URL)
	alert := alerts.Firing()
	alert.StartsAt = time.Now().Add(time.Hour)
	e.Deliver(t, alert)
	alert.State, alert.EndsAt = alertevent.Resolved, time.Now()
	e.Deliver(t, alert)
	e.Finish(t, inbox, 2, secret)
}

// The others do not matter to one that accepts.
func TestOneOfSeveralIsDown(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	e := start(t, "http://127.0.0.1:1", inbox.URL)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "sent"))
}

func TestTriedAgain(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	inbox.Refuse(double.Response{Status: 429, RetryAfter: "0"}, double.Response{Status: 503}, double.Response{Status: 408})
	e := start(t, inbox.URL)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "sent"))
}

func TestRefusedForGood(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	inbox.Refuse(double.Response{Status: 400, Body: "bad"})
	e := start(t, inbox.URL)
	e.Deliver(t, alerts.Firing())
	e.Deliver(t, alerts.Resolved())
	e.Finish(t, inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "failed"))
}

// It is not Alertmanager that responds: what waits is kept.
func TestStranger(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	inbox.Refuse(double.Response{Status: 200, Body: "<html>Welcome to the guest network</html>"})
	e := start(t, inbox.URL)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.Eventually(t, func() bool { return e.Log.FilterMessage("Sending notifications fails").Len() == 1 }, 10*time.Second, time.Millisecond)
	assert.Equal(t, 1, e.Logs.(*notify.Exporter).Waiting())
	e.Finish(t, inbox, 0, secret)
}

func TestOff(t *testing.T) {
	e := start(t)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, &double.Inbox{}, 0, secret)
	require.Equal(t, 1, e.Log.Len())
	assert.Equal(t, "Switched off: endpoints is empty", e.Log.All()[0].Message)
}

func TestEveryMistakeIsNamed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoints = []string{"SECRET", "http://u:SECRET@am:9093", "http://am:9093?k=SECRET"}
	cfg.Severities = []string{"catastrophic"}
	cfg.HTTP.Endpoint = "http://am:9093"
	cfg.ResendInterval, cfg.MaxFiring = 0, 0
	err := cfg.Validate()
	for _, key := range []string{"endpoints::0", "endpoints::1", "endpoints::2", "severities::0", "http::endpoint", "resend_interval", "max_firing"} {
		assert.ErrorContains(t, err, key)
	}
	assert.NotContains(t, err.Error(), secret)
}

func TestReadmeExamples(t *testing.T) {
	configs := notifier.ReadmeExamples(t, NewFactory())
	require.Len(t, configs, 2)
	assert.Len(t, configs[1].(*Config).Endpoints, 2)
}

// An Alertmanager without UTF-8 label names is sent names with underscores after it
// has rejected one request; others are sent the names unchanged.
func TestUTF8Names(t *testing.T) {
	classic, current := double.NewClassicAlertmanager(t), double.NewAlertmanager(t)
	e := start(t, classic.URL, current.URL)
	firing, resolved := alerts.Firing(), alerts.Resolved()
	firing.Labels["service.name"], resolved.Labels["service.name"] = "arc", "arc"
	e.Deliver(t, firing)
	e.Deliver(t, resolved)
	e.Finish(t, current, 2, secret)
	require.Len(t, classic.Bodies(), 2)
	for i := range 2 {
		assert.Equal(t, "arc", current.Bodies()[i]["labels"].(map[string]any)["service.name"])
		assert.Equal(t, "arc", classic.Bodies()[i]["labels"].(map[string]any)["service_name"])
	}
	assert.Equal(t, 1, e.Log.FilterMessageSnippet("no UTF-8 label names").Len())
	assert.Equal(t, int64(1), e.Metric(t, "requests", serverOf(classic), attribute.String("result", "refused")))
	assert.Equal(t, int64(2), e.Metric(t, "requests", serverOf(classic), attribute.String("result", "accepted")))
	assert.Equal(t, int64(2), e.Metric(t, "requests", serverOf(current), attribute.String("result", "accepted")))
}

// serverOf is the attribute that names a server.
func serverOf(inbox *double.Inbox) attribute.KeyValue {
	return attribute.String("server", strings.TrimPrefix(inbox.URL, "http://"))
}

func TestMetrics(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoints = []string{inbox.URL}
	cfg.MaxFiring = 3
	notifier.Impatient(&cfg.Retry)
	e := notifier.Start(t, NewFactory(), cfg)
	storm := alerts.Cases()["storm"][:5]
	e.Deliver(t, storm...)
	resolved := storm[0]
	resolved.State, resolved.EndsAt = alertevent.Resolved, resolved.StartsAt.Add(time.Minute)
	e.Deliver(t, resolved)
	assert.Equal(t, int64(2), e.Metric(t, "overflow"))
	assert.Equal(t, int64(3), e.Metric(t, "firing"))
	e.Finish(t, inbox, 6, secret)
	assert.Equal(t, int64(2), e.Metric(t, "requests", serverOf(inbox), attribute.String("result", "accepted")))
}

// An exporter whose setup fails reports that at start, and can be shut down like any
// other.
func TestShutdownWhenSetupFailed(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoints = []string{"https://am:9093"}
	cfg.HTTP.TLS.CAFile = "testdata/none.pem"
	e, err := NewFactory().CreateLogs(t.Context(), exportertest.NewNopSettings(NewFactory().Type()), cfg)
	require.NoError(t, err)
	require.ErrorContains(t, e.Start(t.Context(), componenttest.NewNopHost()), "testdata/none.pem")
	require.NoError(t, e.Shutdown(t.Context()))
	require.NoError(t, e.Shutdown(t.Context()), "twice")
}

func TestLabelsFilter(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	cfg := createDefaultConfig().(*Config)
	cfg.Endpoints = []string{inbox.URL}
	cfg.Filter.Matchers = []string{`instance="arc-8"`}
	e := notifier.Start(t, NewFactory(), cfg)
	other := alerts.Firing()
	other.Labels["instance"] = "arc-8"
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing(), other)))
	e.Finish(t, inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "filtered"))
}
