// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// unprovoked are metrics that appear only after a fault that this test does not
// cause. Their names are compared with the metadata instead.
var unprovoked = map[string]string{
	"arc_llm_billing_difference_ratio":                    "needs sources/llm-billing.yaml, and two days of counting",
	"otelcol_receiver_llm_billing_age_seconds":            "needs sources/llm-billing.yaml: TestBillingIsComparedWithWhatWasCounted",
	"otelcol_exporter_gateways_rejected_items_total":      "an agent's, whose gateway rejects something",
	"otelcol_processor_alert_delivery_dropped_total":      "alerts that no channel accepted in time",
	"otelcol_processor_alert_delivery_failures_total":     "a channel that rejects alerts",
	"otelcol_processor_alert_evaluation_failures_total":   "an expression that fails",
	"otelcol_processor_alert_evaluations_missed_total":    "evaluations slower than their interval",
	"otelcol_processor_alert_event_failures_total":        "a condition that fails on a record",
	"otelcol_processor_alert_storage_degraded":            "a state directory that cannot be written",
	"otelcol_processor_llm_cost_journal_failures_total":   "a state directory that cannot be written",
	"otelcol_processor_llm_cost_snapshot_failures_total":  "a state directory that cannot be written",
	"otelcol_processor_llm_cost_price_reloads_total":      "a price file that changes",
	"otelcol_processor_llm_cost_price_source_age_seconds": "prices::sources, which no shipped configuration has",
	"otelcol_teams_exporter_alerts_total":                 "an exporter that no shipped configuration has",
	"otelcol_webhook_exporter_alerts_total":               "an exporter that no shipped configuration has",
}

// shippedReader is the reader of the collector's own metrics of a shipped file.
func shippedReader(t *testing.T, file string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(collector.Root(), "config", file))
	require.NoError(t, err)
	var config struct {
		Service struct {
			Telemetry struct {
				Metrics struct {
					Readers []struct {
						Pull struct {
							Exporter struct{ Prometheus map[string]any }
						}
					}
				}
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &config))
	require.Len(t, config.Service.Telemetry.Metrics.Readers, 1, file)
	return config.Service.Telemetry.Metrics.Readers[0].Pull.Exporter.Prometheus
}

// withShippedReader is measured, with the reader of config/default.yaml.
func withShippedReader(t *testing.T, o collector.Options) (collector.Options, string) {
	t.Helper()
	reader := shippedReader(t, "default.yaml")
	o, url := measured(t, o)
	host, port, err := net.SplitHostPort(strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics"))
	require.NoError(t, err)
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(reader)) {
		if key != "host" && key != "port" {
			keys = append(keys, fmt.Sprintf("%s: %v", key, reader[key]))
		}
	}
	keys = append(keys, "host: "+host, "port: "+port)
	o.Set = append(o.Set, "service::telemetry::metrics::readers=[{pull: {exporter: {prometheus: {"+strings.Join(keys, ", ")+"}}}}]")
	return o, url
}

// unprovokedLabels are selectors of metrics that are there, with values of labels that need a fault
// which this test does not cause. The labels are described in the metadata or the documents.
var unprovokedLabels = map[string]string{
	`[job="otelcol-arc" outcome="failed" __name__="otelcol_email_exporter_alerts_total"]`: "a mail server that rejects; the outcomes of notifiers are alike",
}

// selector is a metric with matchers of its labels, as an expression asks for it.
type selector struct {
	text, file string
	matchers   []*labels.Matcher
}

func (s selector) name() string {
	for _, matcher := range s.matchers {
		if matcher.Name == model.MetricNameLabel {
			return matcher.Value
		}
	}
	return ""
}

// matches ignores the labels of the one who scrapes.
func (s selector) matches(series labels.Labels) bool {
	return !slices.ContainsFunc(s.matchers, func(matcher *labels.Matcher) bool {
		return matcher.Name != model.JobLabel && matcher.Name != model.InstanceLabel && !matcher.Matches(series.Get(matcher.Name))
	})
}

// shippedSelectors are those of the shipped rules and dashboards, each with a file that has it,
// without those of metrics that rules record and Prometheus makes.
func shippedSelectors(t *testing.T) []selector {
	t.Helper()
	byText, recorded := map[string]selector{}, map[string]bool{"up": true, "ALERTS": true}
	ask := func(file, expr string) {
		parsed, err := parser.NewParser(parser.Options{}).ParseExpr(queryOf(expr))
		require.NoError(t, err, expr)
		for _, matchers := range parser.ExtractSelectors(parsed) {
			text := fmt.Sprint(matchers)
			byText[text] = selector{text: text, file: file, matchers: matchers}
		}
	}
	for _, pattern := range []string{"rules/*.yml", "rules/usage/*.yml", "scale/rules/*.yml"} {
		files, err := filepath.Glob(filepath.Join(collector.Root(), "config", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, path := range files {
			if strings.HasSuffix(path, "_test.yml") {
				continue
			}
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			var file struct {
				Groups []struct {
					Rules []struct{ Record, Expr string }
				}
			}
			require.NoError(t, yaml.Unmarshal(raw, &file))
			for _, group := range file.Groups {
				for _, rule := range group.Rules {
					recorded[rule.Record] = true
					ask(filepath.Base(path), rule.Expr)
				}
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(collector.Root(), "config", "grafana", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		for _, panel := range readDashboard(t, filepath.Base(path)).Panels {
			for _, target := range panel.Targets {
				ask(filepath.Base(path), target.Expr)
			}
		}
	}
	maps.DeleteFunc(byText, func(_ string, s selector) bool { return recorded[s.name()] })
	return slices.Collect(maps.Values(byText))
}

// addSeries adds the series at an address by their names, if it responds.
func addSeries(t require.TestingT, all map[string][]labels.Labels, url string) {
	promQL := parser.NewParser(parser.Options{})
	for text := range scrape(t, url) {
		series, err := promQL.ParseMetric(text)
		require.NoError(t, err)
		name := series.Get(model.MetricNameLabel)
		all[name] = append(all[name], series)
	}
}

// Every selector of the shipped rules and dashboards, its labels included, finds series that a
// running collector exposes, with the telemetry section that is shipped.
func TestShippedMetricNamesExist(t *testing.T) {
	slack, pagerduty, alertmanager := double.NewSlack(t), double.NewPagerDuty(t, routingKey), double.NewAlertmanager(t)
	email := double.NewSMTP(t, double.SMTPSettings{})
	healthy, healthySet := adding(t, []string{"destinations/alertmanager.yaml"}, "ALERTMANAGER_URL="+alertmanager.URL,
		"SLACK_WEBHOOK_URL="+slack.URL, "PAGERDUTY_API_KEY="+routingKey, "SMTP_SERVER=127.0.0.1", "SMTP_FROM=a@example.com")
	healthySet.Set = append(healthySet.Set,
		"exporters::pagerduty::endpoint="+pagerduty.URL,
		"exporters::email::port="+strconv.Itoa(email.Port),
		"exporters::email::tls_mode=none",
		"receivers::arc::max_series=1",
		"processors::llm_cost::max_rows=1",
		"processors::llm_cost::max_series=1",
		"processors::llm_cost::budgets=[{name: day, window: day, limit: 0.000001}]", // a threshold is reached
	)
	healthySet, healthyMetrics := withShippedReader(t, healthySet)

	refusing, refusingSet := adding(t, nil)
	refusingSet.Set = append(refusingSet.Set, "processors::memory_limiter::limit_mib=2", "processors::memory_limiter::spike_limit_mib=1", "processors::memory_limiter::check_interval=100ms")
	refusingSet, refusingMetrics := withShippedReader(t, refusingSet)

	silent := newInjector()
	silent.set(unavailable)
	o := double.NewOTLP(t, "", "", "")
	rejects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer rejects.Close()
	failing, failingSet := adding(t, []string{"destinations/alertmanager.yaml"},
		"ALERTMANAGER_URL="+rejects.URL, "SLACK_WEBHOOK_URL="+rejects.URL, "PAGERDUTY_API_KEY="+routingKey)
	failingSet.Configs = append(failingSet.Configs, fmt.Sprintf(`yaml:
exporters:
  otlp_http/silent: {endpoint: %q, compression: none, sending_queue: {queue_size: 1, num_consumers: 1, block_on_overflow: false}}
  otlp_http/broken: {endpoint: "http://127.0.0.1:1", retry_on_failure: {enabled: false}}
service:
  pipelines:
    traces/failing: {receivers: [otlp], exporters: [otlp_http/broken, otlp_http/silent]}
    metrics/failing: {receivers: [otlp], exporters: [otlp_http/broken, otlp_http/silent]}
    logs/failing: {receivers: [otlp], exporters: [otlp_http/broken, otlp_http/silent]}
`, silent.proxyHTTP(t, "http://"+o.HTTP)))
	failingSet.Set = append(failingSet.Set, "processors::alert::storage::max_series=1", "exporters::pagerduty::endpoint="+rejects.URL,
		"processors::alert::events=[{name: Failed, context: log, condition: 'body == \"a\"', severity: critical, summary: a}]")
	failingSet, failingMetrics := withShippedReader(t, failingSet)

	for _, options := range []collector.Options{healthySet, refusingSet, failingSet} {
		process := collector.Start(t, options)
		defer process.Terminate(t, 30*time.Second)
	}

	sendSomethingOfAll(t, healthy)
	post(t, "http://"+healthy.arc, security{}, lines(
		`{"kind":"llm_call"}`, llmEvent(call{model: "gpt-4o", input: 1, output: 1}, 1), llmEvent(call{model: "gpt-4-turbo", input: 1, output: 1}, 1),
		llmEvent(call{model: "a-model-without-a-price", input: 1, output: 1}, 1),
		`{"method":"POST","endpoint":"/chat","status":503,"duration":2.1}`, `{"method":"GET","endpoint":"/health","status":200,"duration":0.1}`, `{"cache_type":"llm","hit":false}`, `{"cache_type":"llm","hit":true}`))

	wanted := shippedSelectors(t)
	for name := range unprovoked {
		assert.True(t, slices.ContainsFunc(wanted, func(s selector) bool { return s.name() == name }), "no rule or dashboard asks for %s: remove it from unprovoked", name)
	}
	for text := range unprovokedLabels {
		assert.True(t, slices.ContainsFunc(wanted, func(s selector) bool { return s.text == text }), "no rule or dashboard asks for %s: remove it from unprovokedLabels", text)
	}
	all := map[string][]labels.Labels{}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for _, p := range []ports{refusing, failing} {
			for signal, body := range otlpJSON {
				response, err := http.Post("http://"+p.http+"/v1/"+signal, "application/json", strings.NewReader(body))
				require.NoError(c, err)
				_ = response.Body.Close()
			}
		}
		for _, url := range []string{healthyMetrics, refusingMetrics, failingMetrics, "http://" + healthy.page + "/metrics"} {
			addSeries(c, all, url)
		}
		for _, wanted := range wanted {
			if unprovoked[wanted.name()] == "" && unprovokedLabels[wanted.text] == "" {
				assert.True(c, slices.ContainsFunc(all[wanted.name()], wanted.matches), "%s asks for %s", wanted.file, wanted.text)
			}
		}
	}, 60*time.Second, 500*time.Millisecond)

	known := selfMetrics(t)
	for name := range unprovoked {
		if strings.HasPrefix(name, "otelcol_") { // others are of telemetry, and tested where it is made
			assert.Contains(t, known, name)
		}
	}
}

var otlpJSON = map[string]string{
	"traces":  `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"a","startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}`,
	"metrics": `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a_gauge","gauge":{"dataPoints":[{"asInt":"1","timeUnixNano":"1"}]}},{"name":"b_gauge","gauge":{"dataPoints":[{"asInt":"1","timeUnixNano":"1"}]}}]}]}]}`,
	"logs":    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}`,
}

// The readers of all shipped files are alike, so that what holds for one holds for all.
func TestShippedReadersAreAlike(t *testing.T) {
	want := shippedReader(t, "default.yaml")
	delete(want, "host")
	for _, file := range []string{"production.yaml", "policies/container.yaml", "scale/agent.yaml", "scale/kafka-agent.yaml"} {
		reader := shippedReader(t, file)
		delete(reader, "host")
		assert.Equal(t, want, reader, file)
	}
}
