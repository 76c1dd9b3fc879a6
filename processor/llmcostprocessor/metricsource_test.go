// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"maps"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

func countsMetrics(c *Config) {
	c.MetricSources = []string{"gen_ai.client.token.usage", "claude_code.token.usage", "gemini_cli.token.usage"}
}

// A folder has what an application sends in turns, 1.yaml, 2.yaml …, and in
// totals.yaml what that adds up to.
func TestGoldenMetrics(t *testing.T) {
	for _, folder := range cases(t, "metrics") {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				r := newRig(t, testConfig(countsMetrics))
				inputs, err := filepath.Glob(filepath.Join(folder, "[0-9].yaml"))
				require.NoError(t, err)
				require.NotEmpty(t, inputs)
				for _, input := range inputs {
					md, err := golden.ReadMetrics(input)
					require.NoError(t, err)
					require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
				}
				require.Len(t, r.metricsOut.AllMetrics(), len(inputs), "they pass on")
				compareTotals(t, folder, r.totals())
			})
		})
	}
}

// tokens is a point of gen_ai.client.token.usage.
func tokens(temporality pmetric.AggregationTemporality, kind string, start, at time.Time, count uint64, sum float64) pmetric.Metrics {
	md := pmetric.NewMetrics()
	m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("gen_ai.client.token.usage")
	m.SetEmptyHistogram().SetAggregationTemporality(temporality)
	p := m.Histogram().DataPoints().AppendEmpty()
	p.SetStartTimestamp(pcommon.NewTimestampFromTime(start))
	p.SetTimestamp(pcommon.NewTimestampFromTime(at))
	p.SetCount(count)
	p.SetSum(sum)
	p.Attributes().PutStr("gen_ai.provider.name", "openai")
	p.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
	p.Attributes().PutStr("gen_ai.token.type", kind)
	return md
}

func TestMetricSourcesCountWhatIsNew(t *testing.T) {
	second := func(n int) time.Time { return morning.Add(time.Duration(n) * time.Second) }
	const cumulative, delta = pmetric.AggregationTemporalityCumulative, pmetric.AggregationTemporalityDelta
	type sent struct {
		temporality pmetric.AggregationTemporality
		start, at   int // seconds after the morning
		count       uint64
		sum         float64
	}
	for name, tt := range map[string]struct {
		points              []sent
		wantCalls, wantUsed float64
	}{
		"cumulative":                       {[]sent{{cumulative, 1, 2, 2, 300}, {cumulative, 1, 3, 5, 1000}}, 5, 1000},
		"cumulative, sent again":           {[]sent{{cumulative, 1, 2, 2, 300}, {cumulative, 1, 2, 2, 300}}, 2, 300},
		"cumulative, overtaken":            {[]sent{{cumulative, 1, 3, 5, 1000}, {cumulative, 1, 2, 2, 300}}, 5, 1000},
		"cumulative, restarted":            {[]sent{{cumulative, 1, 2, 2, 300}, {cumulative, 5, 6, 1, 50}}, 3, 350},
		"cumulative, from before":          {[]sent{{cumulative, -9, 2, 200, 30000}, {cumulative, -9, 3, 201, 30050}}, 1, 50},
		"cumulative, began without saying": {[]sent{{cumulative, 1, 2, 5, 300}, {cumulative, 1, 3, 1, 40}}, 6, 340},
		"cumulative, of an unknown start":  {[]sent{{cumulative, 2, 2, 200, 30000}, {cumulative, 2, 3, 201, 30050}}, 1, 50},
		"delta":                            {[]sent{{delta, 1, 2, 2, 300}, {delta, 2, 3, 3, 700}}, 5, 1000},
		"delta, sent again":                {[]sent{{delta, 1, 2, 2, 300}, {delta, 1, 2, 2, 300}}, 2, 300},
		"nothing new":                      {[]sent{{cumulative, 1, 2, 0, 0}}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				r := newRig(t, testConfig(countsMetrics))
				time.Sleep(20 * time.Second)
				for _, p := range tt.points {
					md := tokens(p.temporality, "input", second(p.start), second(p.at), p.count, p.sum)
					require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
				}
				totals := r.totals()
				assert.Equal(t, tt.wantCalls, totals["arc_llm_calls_total{model=gpt-4o,status=success}"])
				assert.Equal(t, tt.wantUsed, totals["arc_llm_tokens_total{model=gpt-4o,type=prompt}"])
			})
		})
	}
}

func TestMetricsAreNoSourceByDefault(t *testing.T) {
	r := newRig(t, testConfig(nil))
	require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), tokens(pmetric.AggregationTemporalityDelta, "input", morning, morning.Add(1), 1, 100)))
	assert.NotContains(t, r.totals(), "arc_llm_calls_total{model=gpt-4o,status=success}")
}

func TestBadMetricSources(t *testing.T) {
	r := newRig(t, testConfig(countsMetrics))
	bad := func(kind string, sum float64, change func(pcommon.Map)) {
		md := tokens(pmetric.AggregationTemporalityDelta, kind, morning, morning.Add(1), 1, sum)
		change(md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Histogram().DataPoints().At(0).Attributes())
		require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
	}
	asItIs := func(pcommon.Map) {}
	bad("thought transfer", 5, asItIs)
	bad("input", -5, asItIs)
	bad("input", 1e300, func(a pcommon.Map) { a.PutStr("x", "1") })
	bad("input", 5, func(a pcommon.Map) { a.Remove("gen_ai.request.model") })
	empty := pmetric.NewMetrics()
	empty.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty().SetName("gen_ai.client.token.usage")
	require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), empty))
	assert.NotContains(t, r.totals(), "arc_llm_calls_total{model=gpt-4o,status=success}")
}

func TestMetricSourceSeriesAreBounded(t *testing.T) {
	r := newRig(t, testConfig(countsMetrics))
	sources := r.metrics.(*metricsInstance).instance.Core().sources
	sources.limits = 3
	for i := range 10 {
		md := tokens(pmetric.AggregationTemporalityDelta, "input", morning, morning.Add(1), 1, 100)
		md.ResourceMetrics().At(0).Resource().Attributes().PutStr("service.instance.id", strconv.Itoa(i))
		require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
	}
	assert.Len(t, maps.Collect(maps.All(sources.last)), 3)
	assert.Equal(t, 3., r.totals()["arc_llm_calls_total{model=gpt-4o,status=success}"])
}

// scraped is what a scrape of the Arc guide's MetricsCollector has: no start times, and
// all series that there are.
func scraped(at time.Time, values map[[3]string]float64) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "arc")
	metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
	metrics.AppendEmpty().SetName("up")
	for series, value := range values {
		m := metrics.AppendEmpty()
		m.SetName("arc_app_llm_" + series[0] + "_total")
		m.SetEmptySum().SetIsMonotonic(true)
		m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		p := m.Sum().DataPoints().AppendEmpty()
		p.SetTimestamp(pcommon.NewTimestampFromTime(at))
		p.SetDoubleValue(value)
		p.Attributes().PutStr("model", "gpt-4o")
		p.Attributes().PutStr(series[1], series[2])
	}
	return md
}

func TestScrapedCallsCount(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) { c.MetricSources = []string{"arc_app_llm"} }))
		prompt, completion := [3]string{"tokens", "type", "prompt"}, [3]string{"tokens", "type", "completion"}
		success, failure, timeout := [3]string{"calls", "status", "success"}, [3]string{"calls", "status", "error"}, [3]string{"calls", "status", "timeout"}
		for i, values := range []map[[3]string]float64{
			{success: 7, prompt: 7000},                   // of before the first scrape
			{success: 9, prompt: 9000, completion: 1000}, // completion is new
			{success: 9, prompt: 9000, completion: 1000, failure: 2, timeout: 1},
			{success: 1, prompt: 1000, completion: 500}, // restarted
		} {
			require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), scraped(morning.Add(time.Duration(i)*15*time.Second), values)))
		}
		totals := r.totals()
		assert.Equal(t, 3., totals["arc_llm_calls_total{model=gpt-4o,status=success}"])
		assert.Equal(t, 2., totals["arc_llm_calls_total{model=gpt-4o,status=error}"])
		assert.Equal(t, 1., totals["arc_llm_calls_total{model=gpt-4o,status=timeout}"])
		assert.Equal(t, 3000., totals["arc_llm_tokens_total{model=gpt-4o,type=prompt}"])
		assert.Equal(t, 1500., totals["arc_llm_tokens_total{model=gpt-4o,type=completion}"])
		assert.InDelta(t, 3000*2.5e-6+1500*10e-6, totals["arc_llm_cost_dollars{model=gpt-4o}"], 1e-12)
	})
}

// The metrics of a service add up the calls that its spans and events report: they count
// only while there are none of these.
func TestMetricsOfReportedCallsDoNotCount(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(countsMetrics))
		n := 0
		send := func(service string) {
			n++
			at := morning.Add(time.Duration(n) * time.Second)
			md := tokens(pmetric.AggregationTemporalityDelta, "input", at, at.Add(time.Second), 1, 100)
			md.ResourceMetrics().At(0).Resource().Attributes().PutStr("service.name", service)
			md.ResourceMetrics().At(0).Resource().Attributes().PutStr("process.pid", strconv.Itoa(n)) // as spans may not have
			require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
		}
		outcomes := func() [2]int64 {
			sums := r.core().outcomes.sums()
			return [2]int64{sums[outcomePriced], sums[outcomeCovered]}
		}
		send("shop")
		assert.Equal(t, [2]int64{1, 0}, outcomes())
		td := callSpan()
		td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", "shop")
		r.price(td)
		assert.Equal(t, [2]int64{2, 0}, outcomes())
		send("shop")
		assert.Equal(t, [2]int64{2, 1}, outcomes(), "the span has reported the call")
		send("batch")
		assert.Equal(t, [2]int64{3, 1}, outcomes(), "no span of this service has")
		time.Sleep(coverage)
		send("shop")
		assert.Equal(t, [2]int64{4, 1}, outcomes(), "it sends no spans any more")
		assert.Equal(t, 4., r.totals()["arc_llm_calls_total{model=gpt-4o,status=success}"])
	})
}
