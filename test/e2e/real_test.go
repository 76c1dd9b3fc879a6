//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The Python SDK's spans are priced, and a real Prometheus that scrapes the metrics
// has what they cost.
func TestRealPythonToPrometheus(t *testing.T) {
	p, set := quick(t)
	collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	runPython(t, "app.py", "grpc", p.grpc, "40")
	runPython(t, "app.py", "http/protobuf", p.http, "60")

	prometheus := startPrometheus(t, p.page)
	want := map[string]float64{
		// 100 calls of 1000 and 200 tokens, at $0.25 and $1.25 per million.
		`sum by (model) (arc_llm_cost_dollars)`:                                               100 * (0.00025 + 0.00025),
		`sum(arc_llm_calls_total{status="success"})`:                                          100,
		`sum(arc_llm_tokens_total{type="completion"})`:                                        20_000,
		`sum(arc_llm_duration_seconds_bucket{le="+Inf"})`:                                     100,
		`histogram_quantile(0.99, sum by (le) (arc_llm_duration_seconds_bucket)) <= bool 0.1`: 1,
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for expr, value := range want {
			assert.InDelta(c, value, query(c, prometheus, expr), 1e-12, expr)
		}
	}, 30*time.Second, 200*time.Millisecond)
}

// promtool takes the shipped rules, and agrees with their unit tests.
func TestRealPromtool(t *testing.T) {
	for _, arguments := range [][]string{
		{"check", "rules", "config/rules/arc.yml"},
		{"test", "rules", "config/rules/arc_test.yml"},
	} {
		cmd := exec.CommandContext(t.Context(), "promtool", arguments...)
		cmd.Dir = collector.Root()
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%v: %s", arguments, output)
	}
}

// startPrometheus runs a server that scrapes the given targets, until the test ends.
func startPrometheus(t *testing.T, pages ...string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
global: {scrape_interval: 500ms}
scrape_configs:
  - {job_name: otelcol-arc, honor_labels: true, static_configs: [{targets: [%s]}]}
`, strings.Join(pages, ", ")), 0o600))
	address := collector.FreeAddress(t)
	cmd := exec.CommandContext(t.Context(), "prometheus",
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		assert.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait()
		assert.NoError(t, log.Close())
	})
	return "http://" + address
}

// query asks for the value of an expression with one series.
func query(t require.TestingT, prometheus, expr string) float64 {
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Get(prometheus + "/api/v1/query?query=" + url.QueryEscape(expr))
	require.NoError(t, err)
	defer response.Body.Close()
	var result struct {
		Data struct {
			Result []struct {
				Value [2]any
			}
		}
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&result))
	require.Len(t, result.Data.Result, 1, expr)
	var value float64
	_, err = fmt.Sscan(result.Data.Result[0].Value[1].(string), &value)
	require.NoError(t, err)
	return value
}
