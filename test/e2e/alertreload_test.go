// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// The configuration is applied again and again while alerts fire and are resolved, with a rule that
// has other annotations each time, and a neighbor that comes and goes. PagerDuty is notified of each
// change once.
func TestReloadWhileAlertsChange(t *testing.T) {
	slack, pagerduty := double.NewSlack(t), double.NewPagerDuty(t, routingKey)
	p, set := quick(t)
	file := filepath.Join(t.TempDir(), "alerts.yaml")
	write := func(round int) {
		t.Helper()
		rules := fmt.Sprintf(`{name: Flag, expr: flag > 0, severity: critical, summary: "round %d"}`, round)
		if round%2 == 1 {
			rules = `{name: Other, expr: flag > 5, severity: critical}, ` + rules
		}
		require.NoError(t, os.WriteFile(file, []byte(fmt.Sprintf(`processors: {alert: {cooldown: 0s, rules: [%s]}}`, rules)), 0o600))
	}
	write(0)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "config/policies/state.yaml", file},
		Set: append(set, "exporters::prometheus::endpoint="+p.page, "exporters::pagerduty::endpoint="+pagerduty.URL,
			"processors::alert::rule_files=[]"),
		Env: []string{"OTELCOL_ARC_STATE=" + t.TempDir(), "SLACK_WEBHOOK_URL=" + slack.URL, "PAGERDUTY_API_KEY=" + routingKey},
	})
	const hosts = 8
	values := [hosts]int{}
	send := func() {
		var metrics []string
		for host, value := range values {
			metrics = append(metrics, point("flag", "gauge", fmt.Sprintf(`"asDouble":%d`, value), stringAttribute("host", fmt.Sprint("h", host))))
		}
		body := fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[%s]},"scopeMetrics":[{"metrics":[%s]}]}]}`,
			stringAttribute("service.name", "app"), strings.Join(metrics, ","))
		assert.Equal(t, http.StatusOK, postOTLP(t, "http://"+p.http+"/v1/metrics", body))
	}
	random := rand.New(rand.NewPCG(1, 2))
	const rounds = 5
	for round := range rounds {
		for host := range values {
			values[host] = random.IntN(2)
		}
		if round == rounds-1 {
			values = [hosts]int{1}
		}
		send()
		write(round + 1)
		process.Reload(t)
		send()
	}
	open := func() int {
		n := 0
		for _, alert := range pagerduty.Alerts() {
			if alert.Status == "triggered" {
				n++
			}
		}
		return n
	}
	require.Eventually(t, func() bool { send(); return open() == 1 }, 60*time.Second, 500*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	last := map[any]any{}
	for _, body := range pagerduty.Bodies() {
		assert.NotEqual(t, last[body["dedup_key"]], body["event_action"], "twice")
		last[body["dedup_key"]] = body["event_action"]
	}
	assert.Contains(t, fmt.Sprint(slack.Bodies()), "[CRITICAL] Flag")
}
