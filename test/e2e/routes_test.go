// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

const paymentsKey = "fedcba9876543210fedcba9876543210"

// teamRules fire at once: an alert for each team and severity that routes differ by.
const teamRules = `yaml:
processors:
  alert:
    rules:
      - {name: PaymentsDown, expr: "%[1]s", severity: critical, labels: {team: payments}}
      - {name: PaymentsSlow, expr: "%[1]s", severity: warning, labels: {team: payments}}
      - {name: SearchDown, expr: "%[1]s", severity: page, labels: {team: search}}
      - {name: DiskFull, expr: "%[1]s", severity: warning}
`

// With config/policies/routes.yaml alerts go to the Slack channel and the PagerDuty
// service of their team, and so do their resolutions, also when the rules change
// while the collector is down.
func TestRoutesByTeam(t *testing.T) {
	all, payments := double.NewSlack(t), double.NewSlack(t)
	pagerduty := double.NewPagerDuty(t, routingKey, paymentsKey)
	_, options := adding(t, []string{"policies/state.yaml", "policies/routes.yaml"},
		"SLACK_WEBHOOK_URL="+all.URL, "SLACK_PAYMENTS_WEBHOOK_URL="+payments.URL,
		"PAGERDUTY_API_KEY="+routingKey, "PAGERDUTY_PAYMENTS_KEY="+paymentsKey,
		"OTELCOL_ARC_STATE="+t.TempDir(),
	)
	options.Set = append(options.Set, "exporters::pagerduty::endpoint="+pagerduty.URL,
		"processors::alert::route::group_wait=0s", "processors::alert::route::group_interval=1s")
	rules := len(options.Configs)
	options.Configs = append(options.Configs, fmt.Sprintf(teamRules, "vector(1)"))
	process := collector.Start(t, options)
	text := func(inbox *double.Inbox) string { return fmt.Sprint(inbox.Bodies()) }
	keys := func() []string {
		var keys []string
		for _, body := range pagerduty.Bodies() {
			summary := ""
			if payload, ok := body["payload"].(map[string]any); ok {
				summary = fmt.Sprint(payload["summary"])
			}
			keys = append(keys, fmt.Sprint(body["event_action"], " ", summary, " ", body["routing_key"] == paymentsKey))
		}
		slices.Sort(keys)
		return keys
	}
	require.Eventually(t, func() bool {
		return strings.Contains(text(all), "SearchDown") && strings.Contains(text(all), "DiskFull") &&
			strings.Contains(text(payments), "PaymentsDown") && strings.Contains(text(payments), "PaymentsSlow") && len(keys()) == 2
	}, 30*time.Second, 50*time.Millisecond, "%s\n%s\n%s", text(all), text(payments), keys())
	assert.Equal(t, []string{"trigger PaymentsDown true", "trigger SearchDown false"}, keys())
	process.Terminate(t, 20*time.Second)

	options.Configs[rules] = fmt.Sprintf(teamRules, "vector(1) > 1")
	process = collector.Start(t, options)
	require.Eventually(t, func() bool {
		return strings.Count(text(all), "[RESOLVED]") >= 2 && strings.Count(text(payments), "[RESOLVED]") >= 2 && len(keys()) == 4
	}, 30*time.Second, 50*time.Millisecond, "%s\n%s\n%s", text(all), text(payments), keys())
	process.Terminate(t, 20*time.Second)
	assert.NotContains(t, text(all), "Payments")
	assert.NotContains(t, text(payments), "SearchDown")
	assert.NotContains(t, text(payments), "DiskFull")
	for _, alert := range pagerduty.Alerts() {
		assert.Equal(t, double.PagerDutyAlert{Status: "resolved", Pages: 1}, alert)
	}
}

// A receiver that no notifier has is an error at the start, not an alert that
// nobody is notified of.
func TestRouteToUnknownReceiver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	output, err := collector.Command(ctx, t, "--config", `yaml:
receivers: {nop: }
processors: {alert: {route: {receiver: slack, routes: [{receiver: paymnets}]}}}
exporters: {slack: , debug: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {logs: {receivers: [nop], processors: [alert], exporters: [slack, debug]}}
`).CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(output), `route: no notifier has the receiver "paymnets"`)
}
