//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
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

// A real Prometheus that scrapes what the demo sends answers every query of
// the dashboard of applications, and those queries of the collector's dashboard
// that are not about what should not happen.
func TestRealGrafanaQueries(t *testing.T) {
	self := collector.FreeAddress(t)
	_, port, err := net.SplitHostPort(self)
	require.NoError(t, err)
	p, set := quick(t)
	collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set: append(set, "exporters::prometheus::endpoint="+p.page, "service::telemetry::metrics::level=normal",
			"service::telemetry::metrics::readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: "+port+", without_type_suffix: false, without_units: false, without_scope_info: false}}}}]"),
	})
	prometheus := startPrometheus(t, p.page, self)
	demo := filepath.Join(t.TempDir(), "demo")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", demo, "../../examples/demo").CombinedOutput()
	require.NoError(t, err, "%s", output)

	open := map[string]string{}
	for _, name := range []string{"arc.json", "usage.json", "collector.json"} {
		for _, panel := range readDashboard(t, name).Panels {
			for _, target := range panel.Targets {
				open[target.Expr] = panel.Title
			}
		}
	}
	for name, expr := range shippedRules(t, "arc.yml") {
		if name != "LLMBillDiffers" { // needs a provider's bill
			open[expr] = "rule " + name
		}
	}
	for expr := range open {
		for _, rests := range []string{"queue", "rejected", "exporter_alerts", "send_failed", "sent_spans"} { // nothing of these is in default.yaml's life, which sends spans nowhere
			if strings.Contains(expr, rests) {
				_ = hasSeries(t, prometheus, queryOf(expr)) // which fails when Prometheus does not understand it
				delete(open, expr)
			}
		}
	}
	require.NotEmpty(t, open)
	sent := time.Time{}
	assert.Eventually(t, func() bool {
		if time.Since(sent) > 2*time.Second { // rates need counters that move
			output, err := exec.CommandContext(t.Context(), demo, "-collector=", "-otlp="+p.grpc, "-arc="+p.arc).CombinedOutput()
			require.NoError(t, err, "%s", output)
			sent = time.Now()
		}
		for expr := range open {
			if hasSeries(t, prometheus, queryOf(expr)) {
				delete(open, expr)
			}
		}
		return len(open) == 0
	}, time.Minute, 500*time.Millisecond)
	for expr, title := range open {
		t.Errorf("%s: no series for %s", title, expr)
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
