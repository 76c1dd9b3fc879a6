// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// A Collector whose ledger is full, and one of whose channels rejects notifications,
// reports both by its own metrics, its own rules and a channel that works.
func TestCollectorReportsOnItself(t *testing.T) {
	slack, pagerduty := double.NewSlack(t), double.NewPagerDuty(t, routingKey)
	for range 20 {
		slack.Refuse(double.Response{Status: 400, Body: "invalid_payload"})
	}
	self := collector.FreeAddress(t)
	_, port, err := net.SplitHostPort(self)
	require.NoError(t, err)
	p, options := adding(t, []string{"sources/self.yaml"}, "ARC_SELF_METRICS="+self,
		"SLACK_WEBHOOK_URL="+slack.URL, "PAGERDUTY_API_KEY="+routingKey)
	options.Set = append(options.Set,
		"processors::alert::rule_files=[config/rules/collector.yml]",
		"processors::llm_cost::max_rows=1",
		"receivers::prometheus/self::config::scrape_configs=[{job_name: otelcol-arc, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{targets: ['"+self+"']}]}]",
		"exporters::pagerduty::endpoint="+pagerduty.URL,
		"service::telemetry::metrics::level=normal",
		"service::telemetry::metrics::readers=[{pull: {exporter: {prometheus: {host: 127.0.0.1, port: "+port+", without_type_suffix: false, without_units: false, without_scope_info: false}}}}]",
	)
	process := collector.Start(t, options)
	time.Sleep(time.Second) // until a signal is heard
	postEvents(t, "http://"+p.arc, security{}, lines(
		llmEvent(call{model: "gpt-4o", input: 1, output: 1}, 1), llmEvent(call{model: "gpt-4-turbo", input: 1, output: 1}, 1)))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.NotEmpty(c, process.Lines("LedgerOverflow"), "on the terminal")
		var summaries []string
		for _, body := range pagerduty.Bodies() {
			summaries = append(summaries, fmt.Sprint(body))
		}
		assert.Contains(c, strings.Join(summaries, "\n"), "slack permanently rejected", "PagerDuty is notified that Slack rejects")
	}, time.Minute, 200*time.Millisecond)
	found := scrape(t, "http://"+self+"/metrics")
	process.Terminate(t, 20*time.Second)

	// The binary has the metrics that the metadata describes.
	known := selfMetrics(t)
	for series := range found {
		name := regexp.MustCompile(`__name__="(otelcol_\w+)"`).FindStringSubmatch(series)
		if name != nil {
			assert.Contains(t, known, name[1])
		}
	}
}

// selfMetrics are the names under which Prometheus sees the collector's own
// metrics, from the metadata of our components and of the Collector.
func selfMetrics(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(collector.Root(), "*", "*", "metadata.yaml"))
	require.NoError(t, err)
	for module, paths := range map[string][]string{
		"go.opentelemetry.io/collector/receiver/receiverhelper":          {"metadata.yaml"},
		"go.opentelemetry.io/collector/exporter/exporterhelper":          {"metadata.yaml", "internal/queuebatch/metadata.yaml"},
		"go.opentelemetry.io/collector/processor/processorhelper":        {"metadata.yaml"},
		"go.opentelemetry.io/collector/processor/memorylimiterprocessor": {"metadata.yaml"},
		"go.opentelemetry.io/collector/service":                          {"metadata.yaml"},

		"github.com/open-telemetry/opentelemetry-collector-contrib/processor/filterprocessor": {"metadata.yaml"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module)
		cmd.Dir = collector.Root()
		directory, err := cmd.Output()
		require.NoError(t, err, module)
		for _, path := range paths {
			files = append(files, filepath.Join(strings.TrimSpace(string(directory)), path))
		}
	}
	var names []string
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var metadata struct {
			Telemetry struct {
				Metrics map[string]struct {
					Unit      string
					Sum       *struct{ Monotonic bool }
					Histogram *struct{}
				}
			}
		}
		require.NoError(t, yaml.Unmarshal(raw, &metadata), file)
		for name, metric := range metadata.Telemetry.Metrics {
			name = "otelcol_" + strings.ReplaceAll(name, ".", "_")
			if unit := map[string]string{"s": "_seconds", "By": "_bytes"}[metric.Unit]; unit != "" && !strings.HasSuffix(name, unit) {
				name += unit
			}
			switch {
			case metric.Sum != nil && metric.Sum.Monotonic:
				names = append(names, name+"_total")
			case metric.Histogram != nil:
				names = append(names, name+"_bucket", name+"_sum", name+"_count")
			default:
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// metricsOf are the names of the metrics that an expression asks for.
func metricsOf(t *testing.T, expr string) []string {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	require.NoError(t, err, expr)
	var names []string
	for _, selectors := range parser.ExtractSelectors(parsed) {
		for _, matcher := range selectors {
			if matcher.Name == model.MetricNameLabel {
				require.Equal(t, labels.MatchEqual, matcher.Type, expr)
				names = append(names, matcher.Value)
			}
		}
	}
	require.NotEmpty(t, names, expr)
	return names
}

// The rules for the collector ask for metrics that the collector has.
func TestCollectorRulesAskForWhatIsThere(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(collector.Root(), "config", "rules", "collector.yml"))
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &file))
	known := append(selfMetrics(t), "up") // which the one who scrapes makes
	for _, rule := range file.Groups[0].Rules {
		for _, name := range metricsOf(t, rule.Expr) {
			assert.Contains(t, known, name, rule.Alert)
		}
	}
}

// Documents name the collector's own metrics as Prometheus shows them.
func TestDocumentsNameMetricsAsShown(t *testing.T) {
	known := map[string]bool{}
	for _, name := range selfMetrics(t) {
		known[name] = true
		known[strings.TrimSuffix(name, "_bucket")] = true // a histogram by its own name
	}
	found := 0
	for _, pattern := range []string{"*.md", "docs/*.md", "config/*.md", "receiver/*/README.md", "processor/*/README.md", "exporter/*/README.md", "extension/*/README.md"} {
		pages, err := filepath.Glob(filepath.Join(collector.Root(), pattern))
		require.NoError(t, err)
		for _, page := range pages {
			if filepath.Base(page) == "CHANGELOG.md" { // has names of versions before
				continue
			}
			raw, err := os.ReadFile(page)
			require.NoError(t, err)
			for _, name := range regexp.MustCompile("`((?:otelcol_)?(?:processor|exporter|receiver|extension)_[a-z0-9_]*[a-z0-9]|otelcol_[a-z0-9_]*[a-z0-9])[`{]").FindAllStringSubmatch(string(raw), -1) {
				assert.True(t, known[name[1]], "%s: %s", filepath.Base(filepath.Dir(page))+"/"+filepath.Base(page), name[1])
				found++
			}
		}
	}
	assert.Greater(t, found, 100)
}
