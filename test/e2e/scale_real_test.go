//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// Three gateways have each spent a third of what is too much for a day: none of
// them knows, and a real Prometheus that scrapes them and evaluates the shipped
// rules, unchanged, does.
func TestRealPrometheusSumsGateways(t *testing.T) {
	gateways := startGateways(t, 3, nil)
	var pages []string
	for _, g := range gateways {
		g.process.Terminate(t, 20*time.Second)
		g.options.Set = append(g.options.Set, "processors::llm_cost::budgets=[{name: day, window: day, limit: 5}]")
		g.process = collector.Start(t, g.options)
		pages = append(pages, g.ports.page)
	}
	agent := newAgent(t, "config/scale/agent.yaml", sendsTo(addressesOf(gateways)...)).ports

	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
global: {scrape_interval: 500ms, evaluation_interval: 500ms}
rule_files: [%q, %q, %q]
scrape_configs:
  - {job_name: otelcol-arc, honor_labels: true, static_configs: [{targets: [%s]}]}
`, filepath.Join(collector.Root(), "config/rules/arc.yml"), filepath.Join(collector.Root(), "config/scale/rules/usage.yml"), filepath.Join(collector.Root(), "config/rules/usage/usage.yml"), strings.Join(pages, ",")), 0o600))
	address := collector.FreeAddress(t)
	startServer(t, address, "prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	prometheus := "http://" + address

	sendCalls(t, "http://"+agent.http+"/v1/traces", func(int) {})
	const spent = scaleBatches * scaleCalls * callDollars
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.InDelta(c, spent, query(c, prometheus, "sum(arc_llm_cost_dollars)"), 1e-9)
		assert.InDelta(c, spent, query(c, prometheus, `sum(arc_llm_usage_cost_dollars)`), 1e-9)
		assert.EqualValues(c, scaleBatches*scaleCalls, query(c, prometheus, "sum(service_name:arc_llm_usage_calls:sum)"))
		assert.Less(c, query(c, prometheus, `max(arc_llm_budget_used_ratio)`), 0.8)
		assert.InDelta(c, spent/5, query(c, prometheus, `budget:arc_llm_budget_used_ratio:sum`), 1e-9)
		var firing []string
		for _, alert := range activeAlerts(c, prometheus+"/api/v1/alerts") {
			if alert.State == "firing" {
				firing = append(firing, alert.Labels["alertname"]+": "+alert.Annotations["description"])
			}
		}
		const threshold = "LLMBudget: 90% of the budget day is used." // 50 and 80 %
		assert.ElementsMatch(c, []string{"DailyBudget: 90% of the LLM budget of the day is spent.", threshold, threshold}, firing)
	}, 60*time.Second, 200*time.Millisecond)
}
