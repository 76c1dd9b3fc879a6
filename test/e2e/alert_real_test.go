//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The same samples and the same rule file, in a real Prometheus and in the
// Collector, which hands the samples on to it: in the end both have the same
// ALERTS, recorded series, and alerts with their values and annotations.
func TestRealPrometheusAlerts(t *testing.T) {
	const ruleFile = "test/e2e/testdata/alert_rules.yml"
	prometheus := startPrometheusWithRules(t, filepath.Join(collector.Root(), ruleFile))
	p, _ := quick(t)
	collector.Start(t, collector.Options{Configs: []string{"yaml:" + fmt.Sprintf(`
receivers:
  otlp: {protocols: {http: {endpoint: %q}}}
processors:
  alert: {rule_files: [%q]}
exporters:
  prometheus: {endpoint: %q, translation_strategy: UnderscoreEscapingWithoutSuffixes, without_scope_info: true}
  prometheusremotewrite: {endpoint: %q, add_metric_suffixes: false, target_info: {enabled: true}, remote_write_queue: {num_consumers: 1}}
extensions:
  health_check:
  dashboard: {endpoint: %q}
service:
  extensions: [health_check, dashboard]
  telemetry: {metrics: {level: none}}
  pipelines:
    metrics: {receivers: [otlp], processors: [alert], exporters: [prometheus]}
    metrics/samples: {receivers: [otlp], exporters: [prometheusremotewrite]}
`, p.http, ruleFile, p.page, prometheus+"/api/v1/write", p.dashboard)}})

	// Ten minutes that are past, and then five seconds in which a queue is long
	// that is short in the end.
	now := time.Now()
	at := now.Add(-10 * time.Minute)
	for ; at.Before(now); at = at.Add(10 * time.Second) {
		sendShop(t, p.http, at, at.Sub(now)+10*time.Minute, map[string]float64{"invoices": 3, "jobs": 80, "ads": 5})
	}
	for step := range 20 {
		lengths := map[string]float64{"invoices": 40, "jobs": 80, "ads": 5}
		if step >= 10 {
			lengths["invoices"] = 4
		}
		sendShop(t, p.http, time.Now(), time.Since(now)+10*time.Minute, lengths)
		time.Sleep(500 * time.Millisecond)
	}

	want := []string{
		`ALERTS{alertname="ManyErrors", alertstate="firing"}`,
		`ALERTS{alertname="NoHeartbeat", alertstate="firing"}`,
		`ALERTS{alertname="OldVersion", alertstate="firing", version="1.4"}`,
		`ALERTS{alertname="QueueIsLong", alertstate="firing", queue="jobs", severity="critical"}`,
		`ALERTS{alertname="QueueIsLongAndStays", alertstate="firing", queue="jobs"}`,
		`ALERTS{alertname="QueueIsLongAndStays", alertstate="firing", queue="invoices"}`,
		`ALERTS{alertname="QueueIsLongForAnHour", alertstate="pending", queue="jobs"}`,
		`ALERTS{alertname="QueueWasLong", alertstate="firing"}`,
		`ALERTS{alertname="Slow", alertstate="firing"}`,
	}
	recorded := []string{"job:queue_length:max", "job:request_seconds:p90"}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		// Neither sees anything new: the last samples stay for five minutes.
		theirs := ruleSeries(c, prometheus, "ALERTS")
		ours := page{}
		all := scrape(c, "http://"+p.page+"/metrics")
		for series, value := range all {
			if strings.HasPrefix(series, `{__name__="ALERTS"`) {
				ours[strings.Replace(series, `{__name__="ALERTS", `, "ALERTS{", 1)] = value
			}
		}
		assert.ElementsMatch(c, want, slices.Collect(maps.Keys(theirs)), "Prometheus")
		assert.Equal(c, theirs, ours)
		for _, name := range recorded {
			value, ok := all[fmt.Sprintf("{__name__=%q}", name)]
			assert.True(c, ok, name)
			assert.InDelta(c, query(c, prometheus, name), value, 1e-9, name)
		}
		assert.Equal(c, activeAlerts(c, prometheus+"/api/v1/alerts"), activeAlerts(c, "http://"+p.dashboard+"/api/alerts"))
	}, time.Minute, 500*time.Millisecond)
}

// sendShop sends the samples of a shop at a time, so long after it began.
func sendShop(t *testing.T, address string, at time.Time, age time.Duration, queues map[string]float64) {
	t.Helper()
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "shop")
	rm.Resource().Attributes().PutStr("service.instance.id", "shop-1")
	rm.Resource().Attributes().PutStr("version", "1.4")
	metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
	timestamp := pcommon.NewTimestampFromTime(at)

	gauge := metrics.AppendEmpty()
	gauge.SetName("queue_length")
	points := gauge.SetEmptyGauge().DataPoints()
	for _, queue := range slices.Sorted(maps.Keys(queues)) {
		point := points.AppendEmpty()
		point.SetTimestamp(timestamp)
		point.SetDoubleValue(queues[queue])
		point.Attributes().PutStr("queue", queue)
	}
	for name, perSecond := range map[string]float64{"requests_total": 10, "errors_total": 4} {
		m := metrics.AppendEmpty()
		m.SetName(name)
		sum := m.SetEmptySum()
		sum.SetIsMonotonic(true)
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		point := sum.DataPoints().AppendEmpty()
		point.SetTimestamp(timestamp)
		point.SetDoubleValue(perSecond * age.Seconds())
	}
	m := metrics.AppendEmpty()
	m.SetName("request_seconds")
	histogram := m.SetEmptyHistogram()
	histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	point := histogram.DataPoints().AppendEmpty()
	point.SetTimestamp(timestamp)
	point.ExplicitBounds().FromRaw([]float64{0.1, 0.5, 2})
	point.BucketCounts().FromRaw([]uint64{60, 20, 15, 5})
	point.SetCount(100)
	point.SetSum(42)

	body, err := pmetricotlp.NewExportRequestFromMetrics(md).MarshalProto()
	require.NoError(t, err)
	client := http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	response, err := client.Post("http://"+address+"/v1/metrics", "application/x-protobuf", bytes.NewReader(body))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// startPrometheusWithRules runs a server that is written to, until the test ends.
func startPrometheusWithRules(t *testing.T, rules string) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "rule_files: [%q]\n", rules), 0o600))
	address := collector.FreeAddress(t)
	startServer(t, address, "prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--web.enable-remote-write-receiver")
	return "http://" + address
}

// ruleSeries are the series of a name, without the labels that scrape leaves out.
func ruleSeries(t require.TestingT, prometheus, name string) page {
	var result struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	getJSON(t, prometheus+"/api/v1/query?query="+url.QueryEscape(name), &result)
	out := page{}
	for _, series := range result.Data.Result {
		var parts []string
		for _, label := range slices.Sorted(maps.Keys(series.Metric)) {
			if !slices.Contains([]string{"__name__", "job", "instance"}, label) {
				parts = append(parts, fmt.Sprintf("%s=%q", label, series.Metric[label]))
			}
		}
		value, err := strconv.ParseFloat(series.Value[1].(string), 64)
		require.NoError(t, err)
		out[name+"{"+strings.Join(parts, ", ")+"}"] = value
	}
	return out
}

// activeAlert is an alert in a response of Prometheus' API, without its start time.
type activeAlert struct {
	Labels, Annotations map[string]string
	State, Value        string
}

// activeAlerts are those that an API reports. Values that depend on when a rule was
// evaluated are rounded.
func activeAlerts(t require.TestingT, address string) []activeAlert {
	var result struct {
		Data struct{ Alerts []activeAlert }
	}
	getJSON(t, address, &result)
	all := result.Data.Alerts
	for i := range all {
		value, err := strconv.ParseFloat(all[i].Value, 64)
		require.NoError(t, err)
		all[i].Value = fmt.Sprintf("%.3f", value)
		if all[i].Annotations == nil {
			all[i].Annotations = map[string]string{}
		}
	}
	slices.SortFunc(all, func(a, b activeAlert) int { return strings.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels)) })
	return all
}
