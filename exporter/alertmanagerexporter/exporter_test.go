// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Resolved())))
	e.Finish(t, inbox, 2, secret)
	assert.Equal(t, int64(2), e.Count(t, "sent"))
}

// One that accepts is enough.
func TestOneOfSeveralIsDown(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	e := start(t, "http://127.0.0.1:1", inbox.URL)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "sent"))
}

func TestTriedAgain(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	inbox.Refuse(double.Answer{Status: 429, RetryAfter: "0"}, double.Answer{Status: 503}, double.Answer{Status: 408})
	e := start(t, inbox.URL)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	e.Finish(t, inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "sent"))
}

func TestRefusedForGood(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	inbox.Refuse(double.Answer{Status: 400, Body: "bad"})
	e := start(t, inbox.URL)
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Firing())))
	require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alerts.Resolved())))
	e.Finish(t, inbox, 1, secret)
	assert.Equal(t, int64(1), e.Count(t, "failed"))
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
