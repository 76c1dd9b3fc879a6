//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// withoutFault are the panels and rules that have no series while nothing is wrong, or nothing is set
// up beyond config/default.yaml, with the reason. They are about counters that begin with what they
// count; TestShippedMetricNamesExist provokes it, and finds their selectors on a collector's page.
var withoutFault = map[string]string{
	"collector.json: Queues":                   "no exporter of default.yaml has a queue until a channel or a destination is configured",
	"collector.json: Notifications by outcome": "no channel is configured",

	"LLMBillDiffers":          "needs a provider's bill: sources/llm-billing.yaml",
	"LLMBillingStale":         "needs a provider's bill: sources/llm-billing.yaml",
	"LLMPriceSourceStale":     "needs prices::sources",
	"LLMPriceFilesWrong":      "a price file that was rejected",
	"MemoryLimiterRefuses":    "refused data",
	"ExporterDropsData":       "dropped data",
	"GatewayRejectsData":      "the exporter gateways, of an agent",
	"ExporterQueueNearLimit":  "a queue",
	"ExporterQueueFull":       "a queue",
	"ArcEventsRejected":       "a rejected event",
	"ArcSeriesOverflow":       "more series than max_series",
	"LedgerOverflow":          "more rows than max_rows",
	"LedgerNotSaved":          "storage that cannot be written",
	"AlertEvaluationsMissed":  "evaluations slower than their interval",
	"AlertEvaluationFailures": "an expression that fails",
	"AlertEventRuleFailures":  "a condition that fails",
	"AlertSamplesDropped":     "dropped samples",
	"AlertNoticesRefused":     "a channel that rejects alerts",
	"AlertNoticesDropped":     "alerts that no channel accepted in time",
	"NotifierUnavailable":     "a channel",
	"NotifierFails":           "a channel that rejects alerts",
	"AlertmanagerUnreachable": "destinations/alertmanager.yaml",
}

// After make run and the calls of the demo, a real Prometheus that scrapes the collector has series
// for every panel of the dashboards, and for every rule that is not about a fault.
func TestRealGrafanaQueries(t *testing.T) {
	p, set := quick(t)
	options, self := withShippedReader(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	collector.Start(t, options)
	prometheus := startPrometheus(t, p.page, strings.TrimSuffix(strings.TrimPrefix(self, "http://"), "/metrics"))
	demo := filepath.Join(t.TempDir(), "demo")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", demo, "../../examples/demo").CombinedOutput()
	require.NoError(t, err, "%s", output)

	open, panels := map[string][]string{}, map[string]bool{}
	for _, name := range []string{"arc.json", "usage.json", "collector.json"} {
		for _, panel := range readDashboard(t, name).Panels {
			for _, target := range panel.Targets {
				title := name + ": " + panel.Title
				panels[title] = true
				open[target.Expr] = append(open[target.Expr], title)
			}
		}
	}
	for _, file := range []string{"arc.yml", "collector.yml"} {
		for name, expr := range shippedRules(t, file) {
			open[expr] = append(open[expr], name)
		}
	}
	has := map[string]bool{}
	// A panel of the collector with several queries, such as spans and points, has data with one of them.
	lacks := func(title string) bool {
		return withoutFault[title] == "" && (!has[title] || !strings.HasPrefix(title, "collector.json"))
	}
	sent := time.Time{}
	assert.Eventually(t, func() bool {
		if time.Since(sent) > 2*time.Second { // rates need counters that move
			output, err := exec.CommandContext(t.Context(), demo, "-collector=", "-otlp="+p.grpc, "-arc="+p.arc).CombinedOutput()
			require.NoError(t, err, "%s", output)
			sent = time.Now()
		}
		missing := false
		for expr, titles := range open {
			if hasSeries(t, prometheus, queryOf(expr)) { // which fails when Prometheus does not understand it
				delete(open, expr)
				for _, title := range titles {
					has[title] = true
				}
				continue
			}
			missing = missing || slices.ContainsFunc(titles, lacks)
		}
		return !missing
	}, 2*time.Minute, 500*time.Millisecond)
	for expr, titles := range open {
		for _, title := range titles {
			if lacks(title) {
				t.Errorf("%s: no series for %s", title, expr)
			}
		}
	}
	names := shippedRules(t, "collector.yml")
	maps.Copy(names, shippedRules(t, "arc.yml"))
	for title, reason := range withoutFault {
		assert.True(t, panels[title] || names[title] != "", "%s is neither a panel nor a rule", title)
		assert.False(t, has[title], "%s has series, although it is excepted: %s", title, reason)
	}
}

// shippedRules are the alerting rules of a file in config/rules, each without the
// comparison that makes it fire.
func shippedRules(t *testing.T, file string) map[string]string {
	t.Helper()
	promQL := parser.NewParser(parser.Options{})
	groups, errs := rulefmt.ParseFile(filepath.Join(collector.Root(), "config", "rules", file), false, model.UTF8Validation, promQL, slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	rules := map[string]string{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			expr, err := promQL.ParseExpr(rule.Expr)
			require.NoError(t, err)
			for {
				compared, ok := expr.(*parser.BinaryExpr)
				if !ok || !compared.Op.IsComparisonOperator() && !compared.Op.IsSetOperator() {
					break
				}
				expr = compared.LHS
			}
			rules[rule.Alert] = expr.String()
		}
	}
	require.NotEmpty(t, rules)
	return rules
}

// hasSeries reports whether an expression has a series with a number.
func hasSeries(t *testing.T, prometheus, expr string) bool {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(prometheus + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return false
	}
	defer response.Body.Close()
	var result struct {
		Status, Error string
		Data          struct{ Result []struct{ Value [2]any } }
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&result))
	require.Equal(t, "success", result.Status, "%s: %s", expr, result.Error)
	for _, series := range result.Data.Result {
		if value := series.Value[1]; value != "NaN" {
			return true
		}
	}
	assert.NotNil(t, result.Data.Result)
	return false
}
