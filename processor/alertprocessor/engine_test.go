// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/alerttest"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

func TestResourceAttributesBecomeLabels(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.ResourceAttributes = []string{"k8s.pod.name", "deployment.environment.name", "host"}
		}))
		md := alerttest.Gauge("flag", time.Now(), 1, "host", "of the point")
		attributes := md.ResourceMetrics().At(0).Resource().Attributes()
		attributes.PutStr("k8s.pod.name", "p-1")
		attributes.PutStr("host", "of the resource")
		attributes.PutStr("os.type", "linux")
		r.send(md)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		notifications := r.notifications()
		require.Len(t, notifications, 1)
		assert.Equal(t, map[string]string{
			"alertname": "Flag", "severity": "warning", "job": "app", "k8s_pod_name": "p-1", "host": "of the point",
		}, notifications[0].Labels)
	})
}

func TestRecordedHistogramsLeave(t *testing.T) {
	config := rulesOf(t, `
groups:
  - name: g
    rules:
      - {record: total, expr: sum(latency)}
      - {record: fraction, expr: sum(latency) / 3}
`)
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config))
		md, p := alerttest.Exponential("latency", time.Now())
		p.SetScale(1)
		p.Positive().SetOffset(-2)
		p.Positive().BucketCounts().FromRaw([]uint64{1, 0, 0, 0, 0, 0, 0, 2})
		p.Negative().SetOffset(3)
		p.Negative().BucketCounts().FromRaw([]uint64{1})
		p.SetCount(5)
		p.SetZeroThreshold(0.001)
		r.send(md)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		var got []pmetric.ExponentialHistogramDataPoint
		for _, md := range r.seriesOut.AllMetrics()[1:] {
			for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
				assert.Equal(t, "total", m.Name())
				got = append(got, m.ExponentialHistogram().DataPoints().At(0))
			}
		}
		require.Len(t, got, 1)
		assert.Equal(t, p.Scale(), got[0].Scale())
		assert.Equal(t, p.Positive().Offset(), got[0].Positive().Offset())
		assert.Equal(t, p.Positive().BucketCounts().AsRaw(), got[0].Positive().BucketCounts().AsRaw())
		assert.Equal(t, p.Negative().Offset(), got[0].Negative().Offset())
		assert.Equal(t, p.Negative().BucketCounts().AsRaw(), got[0].Negative().BucketCounts().AsRaw())
		assert.EqualValues(t, 5, got[0].Count())
		assert.EqualValues(t, 1, got[0].ZeroCount())
		assert.InDelta(t, 14, got[0].Sum(), 0)
		metadatatest.AssertEqualProcessorAlertDeliveryDropped(t, r.telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("reason", "inexpressible"))},
		}, metricdatatest.IgnoreTimestamp())

		time.Sleep(6 * time.Minute)
		synctest.Wait()
		all := r.seriesOut.AllMetrics()
		last := all[len(all)-1].ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics()
		var ended []string
		for _, m := range last.All() {
			ended = append(ended, m.Name())
			require.Equal(t, pmetric.MetricTypeExponentialHistogram, m.Type(), "as what they were")
			assert.True(t, m.ExponentialHistogram().DataPoints().At(0).Flags().NoRecordedValue())
		}
		assert.ElementsMatch(t, []string{"total", "fraction"}, ended)
	})
}

// rules is the configuration of one rule file with a group.
func rulesOf(t *testing.T, group string) func(c *Config) {
	t.Helper()
	file := ruleFile{t, filepath.Join(t.TempDir(), "rules.yml")}
	file.raw(group)
	return func(c *Config) { c.RuleFiles = []string{file.path} }
}

func TestQueryOffset(t *testing.T) {
	config := rulesOf(t, `
groups:
  - name: late
    query_offset: 1m
    rules:
      - {alert: Late, expr: flag > 0}
      - {record: late, expr: flag}
  - name: now
    rules: [{alert: Now, expr: flag > 0}]
`)
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config))
		r.flag(1, 45*time.Second)
		assert.Equal(t, []string{"firing Now"}, lines(r.notifications()))
		r.flag(1, time.Minute)
		assert.Equal(t, []string{"firing Late"}, lines(r.notifications()))
		for _, p := range r.series("late") {
			assert.GreaterOrEqual(t, time.Since(p.Timestamp().AsTime()), time.Minute, "recorded for the time that was asked about")
		}
		assert.NotEmpty(t, r.series("late"))
	})
}

func TestLimitOfAGroup(t *testing.T) {
	config := rulesOf(t, `
groups:
  - name: g
    limit: 2
    rules:
      - {alert: Limited, expr: flag > 0}
`)
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config))
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1})
		assert.Equal(t, []string{"firing Limited", "firing Limited"}, lines(r.notifications()))
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1, "c": 1})
		notifications := r.notifications()
		assert.Equal(t, []string{"firing RuleCannotBeEvaluated", "resolved Limited", "resolved Limited"}, lines(notifications), "as in Prometheus, none is left")
		assert.Equal(t, "exceeded limit of 2 with 3 alerts", notifications[0].Annotations["description"])
	})
}

func TestKeepFiringFor(t *testing.T) {
	config := rulesOf(t, `
groups:
  - name: g
    rules: [{alert: Kept, expr: flag > 0, keep_firing_for: 5m}]
`)
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(config))
		r.flag(1, 30*time.Second)
		assert.Equal(t, []string{"firing Kept"}, lines(r.notifications()))
		r.flag(0, 4*time.Minute)
		r.flag(1, 15*time.Second)
		r.flag(0, 4*time.Minute)
		assert.Empty(t, r.notifications(), "the for duration starts again")
		r.flag(0, 90*time.Second)
		assert.Equal(t, []string{"resolved Kept"}, lines(r.notifications()))
	})
}

// TestTemplateFunctions has every function of Prometheus' templates in an
// annotation of a rule.
func TestTemplateFunctions(t *testing.T) {
	tests := []struct{ template, want string }{
		{`{{ $labels.host }} {{ .Labels.job }} {{ $value }} {{ .Value }}`, "a app 1234.5678 1234.5678"},
		{`{{ $externalLabels.site }} {{ .ExternalLabels.site }}`, "berlin berlin"},
		{`{{ $externalURL }} {{ externalURL }} {{ pathPrefix }}`, "http://prom.example/p http://prom.example/p /p"},
		{`{{ humanize $value }}`, "1.235k"},
		{`{{ humanize1024 $value }}`, "1.206ki"},
		{`{{ humanizeDuration $value }}`, "20m 34s"},
		{`{{ humanizePercentage 0.1234 }} {{ 0.5 | humanizePercentage }}`, "12.34% 50%"},
		{`{{ humanizeTimestamp 1435065584.128 }}`, "2015-06-23 13:19:44.128 +0000 UTC"},
		{`{{ (1435065584 | toTime).Year }}`, "2015"},
		{`{{ toDuration 1.5 }}`, "1.5s"},
		{`{{ now | printf "%.0f" | len }}`, "9"},
		{`{{ title "abc def" }} {{ toUpper "abc" }} {{ toLower "ABC" }}`, "Abc Def ABC abc"},
		{`{{ match "a.*" "abc" }} {{ reReplaceAll "b(.)" "x$1" "abc" }}`, "true axc"},
		{`{{ stripPort "host:80" }} {{ stripDomain "a.b.c:80" }}`, "host a:80"},
		{`{{ parseDuration "1h30m" }}`, "5400"},
		{`{{ safeHtml "<b>" }}`, "<b>"},
		{`{{ graphLink "up" }} {{ tableLink "up" }}`, "/graph?g0.expr=up&g0.tab=0 /graph?g0.expr=up&g0.tab=1"},
		{`{{ with query "flag" }}{{ . | first | value }} {{ . | first | label "host" }}{{ end }}`, "1234.5678 a"},
		{`{{ range query "flag" | sortByLabel "host" }}{{ .Labels.host }}{{ end }}`, "a"},
		{`{{ with query "missing" }}yes{{ else }}no{{ end }}`, "no"},
		{`{{ with query "label_replace(flag, \"__value__\", \"v\", \"\", \"\")" }}{{ . | first | strvalue }}{{ end }}`, "v"},
		{`{{ args 1 2 | len }}`, "2"},
		{`{{ urlQueryEscape "a b&c" }}`, "a+b%26c"},
	}
	var annotations strings.Builder
	for i, test := range tests {
		fmt.Fprintf(&annotations, "          a%d: '%s'\n", i, test.template)
	}
	config := rulesOf(t, "groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: flag > 0\n        annotations:\n"+annotations.String())
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			config(c)
			c.ExternalLabels = map[string]string{"site": "berlin"}
			c.ExternalURL = "http://prom.example/p"
		}))
		r.flag(1234.5678, 30*time.Second)
		notifications := r.notifications()
		require.Len(t, notifications, 1)
		for i, test := range tests {
			assert.Equal(t, test.want, notifications[0].Annotations[fmt.Sprintf("a%d", i)], test.template)
		}
	})
}

func TestGeneratorURL(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			flagRule(c)
			c.ExternalURL = "https://prom.example/p/"
		}))
		r.flag(1, 30*time.Second)
		assert.Equal(t, "https://prom.example/p/graph?g0.expr=flag+%3E+0&g0.tab=1", r.notifications()[0].GeneratorURL)
	})
}

func TestTraceOfAnExample(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{{Name: "Slow", Expr: `histogram_quantile(0.95, sum by (le, model) (rate(latency_bucket[5m]))) > 1`, Severity: "warning", Labels: map[string]string{"job": "mine"}}}
		}))
		start := time.Now()
		send := func(model string, trace byte) {
			md := pmetric.NewMetrics()
			histogram := alerttest.NewMetric(md, "latency").SetEmptyHistogram()
			histogram.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
			p := histogram.DataPoints().AppendEmpty()
			p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
			p.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
			p.SetCount(1)
			p.SetSum(time.Since(start).Seconds())
			p.BucketCounts().FromRaw([]uint64{1, 0})
			p.ExplicitBounds().FromRaw([]float64{100})
			p.Attributes().PutStr("model", model)
			if trace > 0 {
				example := p.Exemplars().AppendEmpty()
				example.SetTimestamp(p.Timestamp())
				example.SetDoubleValue(3)
				example.SetTraceID(pcommon.TraceID{trace})
				example.SetSpanID(pcommon.SpanID{trace})
			}
			r.send(md)
		}
		time.Sleep(time.Second)
		send("a", 1)
		time.Sleep(time.Second)
		send("a", 2)
		send("b", 3)
		send("c", 0)
		time.Sleep(time.Minute)
		synctest.Wait()
		traces := map[string]byte{}
		for _, notified := range r.notifications() {
			assert.Equal(t, notified.TraceID[0], notified.SpanID[0])
			traces[notified.Labels["model"]] = notified.TraceID[0]
		}
		assert.Equal(t, map[string]byte{"a": 2, "b": 3, "c": 0}, traces, "the latest of each; none where there is none")

		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for _, notified := range r.notifications() {
			assert.Equal(t, alertevent.Resolved, notified.State)
			assert.Equal(t, traces[notified.Labels["model"]], notified.TraceID[0], "the resolved alert has the trace of the firing one")
		}
	})
}

// An alert is sent at the latest one evaluation interval plus its for duration after
// its sample has arrived, whenever that is between two evaluations.
func TestDelayOfAnAlert(t *testing.T) {
	const interval = 15 * time.Second
	for _, hold := range []time.Duration{0, 30 * time.Second, time.Minute} {
		for offset := time.Duration(0); offset < interval; offset += 2500 * time.Millisecond {
			falseclock.Test(t, func(t *testing.T) {
				r := newRig(t, testConfig(func(c *Config) {
					flagRule(c)
					c.EvaluationInterval = interval
					c.Rules[0].For = hold
				}))
				time.Sleep(time.Minute + offset)
				begin := time.Now()
				r.send(alerttest.Gauge("flag", begin, 1))
				var late time.Duration
				for len(r.logsOut.AllLogs()) == 0 && late <= time.Hour {
					time.Sleep(100 * time.Millisecond)
					synctest.Wait()
					late = time.Since(begin)
				}
				assert.LessOrEqual(t, late, interval+hold+100*time.Millisecond)
				assert.GreaterOrEqual(t, late, hold)
			})
		}
	}
}
