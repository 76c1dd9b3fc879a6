// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// notifyRouteOf runs `arctool notify route` and returns what it prints, and its error.
func notifyRouteOf(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newCommand()
	root.SetArgs(append([]string{"notify", "route"}, arguments...))
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestNotifyRoute(t *testing.T) {
	shipped := filepath.Join(collector.Root(), "config", "policies", "routes.yaml")
	for _, name := range []string{"SLACK_WEBHOOK_URL", "SLACK_PAYMENTS_WEBHOOK_URL"} {
		t.Setenv(name, "https://hooks.slack.example/"+name)
	}
	for _, name := range []string{"PAGERDUTY_API_KEY", "PAGERDUTY_PAYMENTS_KEY"} {
		t.Setenv(name, "")
	}
	for alert, want := range map[string]string{
		"team=payments severity=critical":   "payments-oncall: pagerduty (off)\npayments: slack\n",
		`team="payments" severity=warning`:  "payments: slack\n",
		"SearchDown severity=page":          "pagerduty: pagerduty (off)\nslack: slack\n",
		"alertname=DiskFull severity=error": "slack: slack\n",
	} {
		out, err := notifyRouteOf(t, append([]string{shipped}, strings.Fields(alert)...)...)
		require.NoError(t, err, out)
		assert.Equal(t, want, out, alert)
	}
	out, err := notifyRouteOf(t, shipped)
	require.NoError(t, err)
	assert.Equal(t, `{} slack: slack
  {team="payments"} payments: slack
    {severity=~"critical|page"} payments-oncall: pagerduty (off), continue
    {} payments: slack
  {severity=~"critical|page"} pagerduty: pagerduty (off), continue
  {} slack: slack
`, out)

	_, err = notifyRouteOf(t, shipped, "team=payments", "--verify", "payments")
	require.NoError(t, err)
	_, err = notifyRouteOf(t, shipped, "team=payments", "--verify", "slack,payments")
	require.ErrorContains(t, err, "the receivers are payments, not slack,payments")
	_, err = notifyRouteOf(t, shipped, "=x")
	require.ErrorContains(t, err, `"=x" is not LABEL=VALUE`)
	_, err = notifyRouteOf(t, "nowhere.yaml", "a=b")
	require.Error(t, err)
}

// Labels that the processor adds are matched, too; a receiver that no notifier has
// is an error, and so is a tree that cannot be read. Without a tree it is shown who
// takes the alert.
func TestNotifyRouteOfOwnConfiguration(t *testing.T) {
	const start = `
exporters:
  pagerduty: {routing_key: '` + routingKey + `'}
  slack: {}
service: {pipelines: {logs: {receivers: [nop], processors: [alert], exporters: [pagerduty, slack]}}}
`
	routed := write(t, start+`
processors:
  alert:
    external_labels: {env: prod}
    time_intervals: [{name: always, time_intervals: [{months: ['1:12']}]}]
    route:
      receiver: pagerduty
      routes:
        - {matchers: [env="prod", team="x"], receiver: pagreduty}
        - {matchers: [team="y"], receiver: "null"}
        - {matchers: [team="z"], mute_time_intervals: [always]}
`)
	out, err := notifyRouteOf(t, routed, "team=x")
	require.EqualError(t, err, `no notifier has the receiver "pagreduty"`)
	assert.Contains(t, out, "pagreduty: no notifier\n")
	out, err = notifyRouteOf(t, routed, "team=x", "env=dev")
	require.NoError(t, err)
	assert.Equal(t, "pagerduty: pagerduty\n", out)
	out, err = notifyRouteOf(t, routed, "team=y")
	require.NoError(t, err)
	assert.Equal(t, "null: nobody\n", out)
	out, err = notifyRouteOf(t, routed, "team=z")
	require.NoError(t, err)
	assert.Equal(t, "pagerduty: pagerduty, muted now\n", out)

	_, err = notifyRouteOf(t, write(t, start+"processors: {alert: {route: {receiver: slack, routes: [{matchers: ['=']}]}}}"), "a=b")
	require.ErrorContains(t, err, "route::routes::0::matchers::0")

	flat := write(t, start+"processors: {alert: }")
	out, err = notifyRouteOf(t, flat, "severity=critical", "--verify", "pagerduty")
	require.NoError(t, err)
	assert.Contains(t, out, "there is no route")
	assert.Contains(t, out, "\npagerduty\n")
	_, err = notifyRouteOf(t, flat, "severity=info", "--verify", "pagerduty")
	require.Error(t, err)
}
