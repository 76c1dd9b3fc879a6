// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

// sentPoint is a point of a metric, whose attributes are written as KEY=VALUE.
type sentPoint struct {
	metric     string
	attributes []string
	sum        float64
	count      uint64 // 0: of a counter
	start, at  int    // seconds after the morning
	delta      bool
	scope      string
}

const ofGPT4o = "gen_ai.request.model=gpt-4o"

func (p *sentPoint) metrics() pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "shop")
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName(p.scope)
	p.addTo(sm.Metrics())
	return md
}

func (p *sentPoint) addTo(metrics pmetric.MetricSlice) {
	m := metrics.AppendEmpty()
	m.SetName(p.metric)
	temporality := pmetric.AggregationTemporalityCumulative
	if p.delta {
		temporality = pmetric.AggregationTemporalityDelta
	}
	start, at := afterMorning(p.start), afterMorning(p.at)
	var attributes pcommon.Map
	if p.count == 0 {
		m.SetEmptySum().SetIsMonotonic(true)
		m.Sum().SetAggregationTemporality(temporality)
		point := m.Sum().DataPoints().AppendEmpty()
		point.SetDoubleValue(p.sum)
		point.SetStartTimestamp(start)
		point.SetTimestamp(at)
		attributes = point.Attributes()
	} else {
		m.SetEmptyExponentialHistogram().SetAggregationTemporality(temporality)
		point := m.ExponentialHistogram().DataPoints().AppendEmpty()
		point.SetSum(p.sum)
		point.SetCount(p.count)
		point.SetStartTimestamp(start)
		point.SetTimestamp(at)
		attributes = point.Attributes()
	}
	for _, attribute := range p.attributes {
		key, value, _ := strings.Cut(attribute, "=")
		attributes.PutStr(key, value)
	}
}

func afterMorning(seconds int) pcommon.Timestamp {
	return pcommon.NewTimestampFromTime(morning.Add(time.Duration(seconds) * time.Second))
}

// everySource has all metrics counted that can be.
func everySource(c *Config) {
	for i := range convention.MetricSources {
		c.MetricSources = append(c.MetricSources, convention.MetricSources[i].Name)
	}
}

// usageTotals are totals of a model by the name of the metric, and its labels but the model.
func usageTotals(r *rig, model string) map[string]float64 {
	out := map[string]float64{}
	for name, value := range r.totals() {
		labels, ok := strings.CutPrefix(name, "arc_llm_")
		if !ok || !strings.Contains(name, "{model="+model+",") && !strings.Contains(name, "{model="+model+"}") || value == 0 {
			continue
		}
		kind, labels, _ := strings.Cut(labels, "{model="+model)
		switch kind {
		case "calls_total", "usage_total":
			out[strings.Trim(labels, ",}")] = value
		}
	}
	return out
}

// Processes of one service whose resources are the same, as those that a server forks, send
// the same series: each adds up by itself, in whatever order their points come.
func TestMetricsOfSeveralProcesses(t *testing.T) {
	usage := func(start, at int, count uint64, sum float64, delta bool) sentPoint {
		return sentPoint{
			metric: "gen_ai.client.token.usage", attributes: []string{ofGPT4o, "gen_ai.token.type=input"},
			start: start, at: at, count: count, sum: sum, delta: delta,
		}
	}
	for name, tt := range map[string]struct {
		points        []sentPoint
		calls, tokens float64
	}{
		"cumulative": {[]sentPoint{
			usage(1, 10, 1, 100, false), usage(2, 10, 1, 70, false), usage(1, 20, 2, 200, false), usage(2, 20, 3, 210, false), usage(1, 30, 2, 200, false),
		}, 5, 410},
		"cumulative, sent again": {[]sentPoint{
			usage(1, 10, 1, 100, false), usage(2, 11, 1, 70, false), usage(1, 10, 1, 100, false), usage(2, 11, 1, 70, false),
		}, 2, 170},
		"one began before": {[]sentPoint{
			usage(-9, 10, 50, 5000, false), usage(2, 10, 1, 70, false), usage(-9, 20, 51, 5100, false), usage(2, 20, 2, 140, false),
		}, 3, 240},
		"one restarts": {[]sentPoint{
			usage(1, 10, 1, 100, false), usage(2, 10, 1, 70, false), usage(12, 20, 1, 30, false), usage(2, 20, 2, 140, false), usage(12, 30, 2, 60, false),
		}, 5, 300},
		"deltas": {[]sentPoint{
			usage(1, 10, 1, 100, true), usage(2, 9, 1, 70, true), usage(10, 20, 1, 100, true), usage(9, 19, 2, 140, true),
		}, 5, 410},
		"deltas, sent again late": {[]sentPoint{
			usage(1, 10, 1, 100, true), usage(2, 11, 1, 70, true), usage(10, 20, 1, 100, true), usage(1, 10, 1, 100, true), usage(2, 11, 1, 70, true),
		}, 3, 270},
		"deltas of one moment": {[]sentPoint{
			usage(1, 10, 1, 100, true), usage(1, 10, 1, 101, true),
		}, 2, 201},
	} {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				r := newRig(t, testConfig(countsMetrics))
				time.Sleep(40 * time.Second)
				for _, p := range tt.points {
					require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), p.metrics()))
				}
				assert.Equal(t, map[string]float64{"status=success": tt.calls, "type=input": tt.tokens}, usageTotals(r, "gpt-4o"))
			})
		})
	}
}

// Two scopes of a process may count different calls in series that are the same else.
func TestMetricsOfSeveralScopes(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(countsMetrics))
		for at := 10; at <= 30; at += 10 {
			for i, scope := range []string{"app", "library"} {
				p := sentPoint{
					metric: "gen_ai.client.token.usage", attributes: []string{ofGPT4o, "gen_ai.token.type=output"}, scope: scope,
					start: 1, at: at, count: uint64(at / 10), sum: float64(at * (i + 1)),
				}
				require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), p.metrics()))
			}
		}
		assert.Equal(t, map[string]float64{"type=output": 30 + 60}, usageTotals(r, "gpt-4o"))
	})
}

// Restarts leave series behind, which are forgotten after an hour.
func TestSeriesOfProcessesThatEnded(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(countsMetrics))
		r.core().sources.limits = 5
		counted := 0
		for i := range 40 {
			seconds := int(time.Since(morning).Seconds())
			p := sentPoint{
				metric: "gen_ai.client.token.usage", attributes: []string{ofGPT4o, "gen_ai.token.type=input"},
				start: seconds, at: seconds + 1, count: 1, sum: 10,
			}
			require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), p.metrics()))
			counted++
			time.Sleep(time.Duration(16+i%3) * time.Minute)
		}
		assert.Equal(t, map[string]float64{"status=success": float64(counted), "type=input": float64(counted * 10)}, usageTotals(r, "gpt-4o"))
		assert.LessOrEqual(t, len(r.core().sources.last), 5)
	})
}

// three calls of 300 tokens in, 200 of them cached, and 60 out, of which 20 were thought,
// as each of the metrics has them that an instrumentation may send at once.
var threeCalls = map[string][]sentPoint{
	"gen_ai.client.token.usage": {
		{metric: "gen_ai.client.token.usage", attributes: []string{"gen_ai.token.type=input"}, sum: 300, count: 3},
		{metric: "gen_ai.client.token.usage", attributes: []string{"gen_ai.token.type=output"}, sum: 60, count: 3},
	},
	"gen_ai.client.inference.usage": {
		{metric: "gen_ai.client.inference.usage.input_tokens", attributes: []string{"gen_ai.token.modality=text"}, sum: 300},
		{metric: "gen_ai.client.inference.usage.cache_read.input_tokens", attributes: []string{"gen_ai.token.modality=unknown"}, sum: 200},
		{metric: "gen_ai.client.inference.usage.output_tokens", attributes: []string{"gen_ai.token.modality=text"}, sum: 60},
		{metric: "gen_ai.client.inference.usage.reasoning.output_tokens", attributes: []string{"gen_ai.token.modality=unknown"}, sum: 20},
	},
	"gen_ai.client.inference.usage.detailed": {
		{metric: "gen_ai.client.inference.usage.detailed.input_tokens", attributes: []string{"gen_ai.token.modality=text"}, sum: 300},
		{metric: "gen_ai.client.inference.usage.detailed.cache_read.input_tokens", attributes: []string{"gen_ai.token.modality=text"}, sum: 200},
		{metric: "gen_ai.client.inference.usage.detailed.output_tokens", attributes: []string{"gen_ai.token.modality=text"}, sum: 60},
		{metric: "gen_ai.client.inference.usage.detailed.reasoning.output_tokens", attributes: []string{"gen_ai.token.modality=text"}, sum: 20},
	},
	"gen_ai.client.inference.operation": {
		{metric: "gen_ai.client.inference.operation.input_tokens", sum: 300, count: 3},
		{metric: "gen_ai.client.inference.operation.output_tokens", sum: 60, count: 3},
	},
}

// An instrumentation may send all metrics that the conventions ever had of the same calls:
// they count once, whichever of them it sends, and in whatever order.
func TestMetricsOfTheSameCalls(t *testing.T) {
	names := slices.Sorted(maps.Keys(threeCalls))
	for set := 1; set < 1<<len(names); set++ {
		var sent []string
		for i, name := range names {
			if set&(1<<i) != 0 {
				sent = append(sent, name)
			}
		}
		has := func(name string) bool { return slices.Contains(sent, name) }
		want := map[string]float64{"status=success": 3, "type=input": 300, "type=output": 60}
		detailed := has("gen_ai.client.inference.usage") || has("gen_ai.client.inference.usage.detailed")
		if detailed {
			want = map[string]float64{"type=input": 100, "type=cache_read": 200, "type=output": 40, "type=reasoning": 20}
		}
		if has("gen_ai.client.inference.usage") && has("gen_ai.client.inference.operation") {
			want["status=success"] = 3 // the histograms have the calls, which counters do not
		}
		for _, backwards := range []bool{false, true} {
			t.Run(strings.Join(sent, " "), func(t *testing.T) {
				r := newRig(t, testConfig(everySource))
				md := pmetric.NewMetrics()
				rm := md.ResourceMetrics().AppendEmpty()
				metrics := rm.ScopeMetrics().AppendEmpty().Metrics()
				var points []sentPoint
				for _, name := range sent {
					points = append(points, threeCalls[name]...)
				}
				if backwards {
					slices.Reverse(points)
				}
				for _, p := range points {
					p.attributes = append([]string{ofGPT4o, "gen_ai.operation.name=chat", "gen_ai.provider.name=openai"}, p.attributes...)
					p.delta, p.start, p.at = true, 1, 2
					p.addTo(metrics)
				}
				for range 2 { // and again
					own := pmetric.NewMetrics()
					md.CopyTo(own)
					require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), own))
				}
				assert.Equal(t, want, usageTotals(r, "gpt-4o"))
			})
		}
	}
}

// Batches are split anywhere, so that the metrics of the same calls may come in two requests.
func TestMetricsOfTheSameCallsInSeveralRequests(t *testing.T) {
	names := slices.Sorted(maps.Keys(threeCalls))
	for _, first := range names {
		for _, second := range names {
			if first == second {
				continue
			}
			t.Run(first+" "+second, func(t *testing.T) {
				falseclock.Test(t, func(t *testing.T) {
					wakeUp()
					r := newRig(t, testConfig(everySource))
					const exports = 4
					for i := range exports {
						for _, points := range [][]sentPoint{threeCalls[first], threeCalls[second]} {
							md := pmetric.NewMetrics()
							metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
							for _, p := range points {
								p.attributes = append([]string{ofGPT4o, "gen_ai.operation.name=chat"}, p.attributes...)
								p.start, p.at = 1, 60*(i+1)
								p.sum, p.count = p.sum*float64(i+1), p.count*uint64(i+1)
								p.addTo(metrics)
							}
							require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
							time.Sleep(time.Second)
						}
						time.Sleep(58 * time.Second)
					}
					totals := r.totals()
					assert.Equal(t, 300.*exports, totals["arc_llm_tokens_total{model=gpt-4o,type=prompt}"], "input")
					assert.Equal(t, 60.*exports, totals["arc_llm_tokens_total{model=gpt-4o,type=completion}"], "output")
				})
			})
		}
	}
}

// A library may have a metric for each operation, and its next release another: none of those
// has the calls of the other.
func TestMetricsOfOtherCallsInSeveralRequests(t *testing.T) {
	chat := sentPoint{metric: "gen_ai.client.token.usage", attributes: []string{ofGPT4o, "gen_ai.operation.name=chat", "gen_ai.token.type=input"}, sum: 300, count: 3}
	embedding := sentPoint{metric: "gen_ai.client.embeddings.operation.input_tokens", attributes: []string{ofGPT4o, "gen_ai.operation.name=embeddings"}, sum: 700, count: 7}
	later := sentPoint{metric: "gen_ai.client.inference.operation.input_tokens", attributes: []string{ofGPT4o, "gen_ai.operation.name=chat"}, sum: 700, count: 7}
	for name, tt := range map[string]struct {
		second  sentPoint
		version string
	}{
		"another operation":                  {embedding, "1"},
		"another release, on other machines": {later, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(everySource))
			for i, p := range []sentPoint{chat, tt.second} {
				p.delta, p.start, p.at = true, 1, 2
				md := p.metrics()
				md.ResourceMetrics().At(0).ScopeMetrics().At(0).Scope().SetVersion([]string{"1", tt.version}[i])
				require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
			}
			assert.Equal(t, map[string]float64{"status=success": 10, "type=input": 1000}, usageTotals(r, "gpt-4o"))
		})
	}
}

// What a process counted before the Collector started is not counted, whether its metrics come in one
// request or in several; what it counts first between two exports is.
func TestUnknownStartsInSeveralRequests(t *testing.T) {
	r := newRig(t, testConfig(everySource))
	send := func(model, kind string, sum float64, start, at int) {
		p := sentPoint{metric: "gen_ai.client.token.usage", attributes: []string{"gen_ai.request.model=" + model, "gen_ai.token.type=" + kind}, sum: sum, start: start, at: at}
		require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), p.metrics()))
	}
	send("gpt-4o", "input", 30_000, 2, 2)
	send("gpt-4o", "output", 7000, 2, 2)
	send("gpt-4o", "input", 30_050, 2, 62)
	send("gpt-4o", "output", 7020, 2, 62)
	send("gpt-4o-mini", "input", 10, 62, 62)
	totals := r.totals()
	assert.Equal(t, 50., totals["arc_llm_tokens_total{model=gpt-4o,type=prompt}"])
	assert.Equal(t, 20., totals["arc_llm_tokens_total{model=gpt-4o,type=completion}"])
	assert.Equal(t, 10., totals["arc_llm_tokens_total{model=gpt-4o-mini,type=prompt}"])
}

// A sum is priced by the seller, the region and the tier that its points name.
func TestMetricsArePricedAsSpansAre(t *testing.T) {
	for name, tt := range map[string]struct {
		metric, attributes, model string
		dollars                   float64
	}{
		"the address of a seller": {
			"gen_ai.client.token.usage", "gen_ai.provider.name=openai server.address=api.deepseek.com gen_ai.request.model=deepseek-chat gen_ai.token.type=input", "deepseek-chat", 0.28,
		},
		"what was asked for": {
			"gen_ai.client.token.usage", "gen_ai.provider.name=openai gen_ai.request.model=gpt-4o gen_ai.response.model=our-best gen_ai.token.type=input", "gpt-4o", 2.5,
		},
		"a tier": {
			"gen_ai.client.token.usage", "gen_ai.provider.name=openai gen_ai.request.model=gpt-4o gen_ai.openai.response.service_tier=priority gen_ai.token.type=input", "gpt-4o", 4.25,
		},
		"Claude Code's fast mode": {"claude_code.token.usage", "model=claude-opus-4-8 speed=fast type=input", "claude-opus-4-8", 10},
		"Claude Code at Bedrock":  {"claude_code.token.usage", "model=us.anthropic.claude-sonnet-4-5-20250929-v1:0 type=input", "claude-sonnet-4-5", 3.3},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(everySource))
			p := sentPoint{metric: tt.metric, attributes: strings.Fields(tt.attributes), sum: 1e6, delta: true, start: 1, at: 2}
			require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), p.metrics()))
			assert.InDelta(t, tt.dollars, r.totals()["arc_llm_cost_dollars{model="+tt.model+"}"], 1e-9)
		})
	}
}

// What each source makes of the points that applications send.
func TestMetricsAsTheyAreSent(t *testing.T) {
	usage := func(attributes string, sum float64, count uint64) sentPoint {
		return sentPoint{metric: "gen_ai.client.token.usage", attributes: strings.Fields(attributes), sum: sum, count: count}
	}
	for name, tt := range map[string]struct {
		points []sentPoint
		model  string
		want   map[string]float64
	}{
		"Envoy's AI gateway": {[]sentPoint{
			usage("gen_ai.provider.name=aws.anthropic gen_ai.request.model=claude-sonnet-4-5 gen_ai.token.type=input", 1000, 2),
			usage("gen_ai.provider.name=aws.anthropic gen_ai.request.model=claude-sonnet-4-5 gen_ai.token.type=cached_input", 600, 2),
			usage("gen_ai.provider.name=aws.anthropic gen_ai.request.model=claude-sonnet-4-5 gen_ai.token.type=cache_creation_input", 100, 2),
			usage("gen_ai.provider.name=aws.anthropic gen_ai.request.model=claude-sonnet-4-5 gen_ai.token.type=output", 90, 2),
			usage("gen_ai.provider.name=aws.anthropic gen_ai.request.model=claude-sonnet-4-5 gen_ai.token.type=reasoning", 40, 2),
		}, "claude-sonnet-4-5", map[string]float64{
			"status=success": 2, "type=input": 300, "type=cache_read": 600, "type=cache_write": 100, "type=output": 50, "type=reasoning": 40,
		}},
		"Spring AI, with a total": {[]sentPoint{
			usage(ofGPT4o+" gen_ai.system=openai gen_ai.token.type=input", 1000, 0),
			usage(ofGPT4o+" gen_ai.system=openai gen_ai.token.type=output", 200, 0),
			usage(ofGPT4o+" gen_ai.system=openai gen_ai.token.type=total", 1200, 0),
		}, "gpt-4o", map[string]float64{"type=input": 1000, "type=output": 200}},
		"calls that failed": {[]sentPoint{
			usage(ofGPT4o+" gen_ai.token.type=input", 1000, 2),
			usage(ofGPT4o+" gen_ai.token.type=input error.type=429", 0, 3),
			usage(ofGPT4o+" gen_ai.token.type=input error.type=APITimeoutError", 0, 1),
		}, "gpt-4o", map[string]float64{"status=success": 2, "status=error": 3, "status=timeout": 1, "type=input": 1000}},
		"embeddings next to inference": {[]sentPoint{
			{metric: "gen_ai.client.inference.usage.input_tokens", attributes: []string{ofGPT4o, "gen_ai.operation.name=chat"}, sum: 50},
			usage("gen_ai.request.model=text-embedding-3-small gen_ai.operation.name=embeddings gen_ai.token.type=input", 700, 7),
		}, "text-embedding-3-small", map[string]float64{"status=success": 7, "type=input": 700}},
		"embeddings in two metrics": {[]sentPoint{
			{metric: "gen_ai.client.embeddings.operation.input_tokens", attributes: []string{"gen_ai.request.model=text-embedding-3-small", "gen_ai.operation.name=embeddings"}, sum: 700, count: 7},
			usage("gen_ai.request.model=text-embedding-3-small gen_ai.operation.name=embeddings gen_ai.token.type=input", 700, 7),
		}, "text-embedding-3-small", map[string]float64{"status=success": 7, "type=input": 700}},
		"Qwen Code": {[]sentPoint{
			{metric: "qwen-code.token.usage", attributes: []string{"model=qwen3-coder-plus", "type=input"}, sum: 1000},
			{metric: "qwen-code.token.usage", attributes: []string{"model=qwen3-coder-plus", "type=cache"}, sum: 400},
			{metric: "qwen-code.token.usage", attributes: []string{"model=qwen3-coder-plus", "type=output"}, sum: 90},
			{metric: "qwen-code.token.usage", attributes: []string{"model=qwen3-coder-plus", "type=thought"}, sum: 10},
		}, "qwen3-coder-plus", map[string]float64{"type=input": 600, "type=cache_read": 400, "type=output": 90, "type=reasoning": 10}},
		"Codex, by turns": {[]sentPoint{
			{metric: "codex.turn.token_usage", attributes: []string{"model=gpt-5-codex", "token_type=input"}, sum: 32562, count: 1},
			{metric: "codex.turn.token_usage", attributes: []string{"model=gpt-5-codex", "token_type=cached_input"}, sum: 1920, count: 1},
			{metric: "codex.turn.token_usage", attributes: []string{"model=gpt-5-codex", "token_type=output"}, sum: 35, count: 1},
			{metric: "codex.turn.token_usage", attributes: []string{"model=gpt-5-codex", "token_type=reasoning_output"}, sum: 24, count: 1},
			{metric: "codex.turn.token_usage", attributes: []string{"model=gpt-5-codex", "token_type=total"}, sum: 32597, count: 1},
		}, "gpt-5", map[string]float64{"type=input": 30642, "type=cache_read": 1920, "type=output": 11, "type=reasoning": 24}},
		"a view that drops the provider": {[]sentPoint{usage(ofGPT4o+" gen_ai.token.type=input", 5, 1)}, "gpt-4o", map[string]float64{"status=success": 1, "type=input": 5}},
		"a view that drops the type":     {[]sentPoint{usage(ofGPT4o, 5, 1)}, "gpt-4o", map[string]float64{}},
		"costs are no tokens": {[]sentPoint{
			{metric: "gen_ai.client.token.cost", attributes: []string{ofGPT4o}, sum: 0.5, count: 1},
			{metric: "gen_ai.usage.cost", attributes: []string{ofGPT4o}, sum: 0.5, count: 1},
			{metric: "operation.cost", attributes: []string{ofGPT4o, "gen_ai.token.type=input"}, sum: 0.5, count: 1},
			{metric: "claude_code.cost.usage", attributes: []string{"model=claude-opus-4-8"}, sum: 0.5},
		}, "gpt-4o", map[string]float64{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(everySource))
			md := pmetric.NewMetrics()
			metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
			for _, p := range tt.points {
				p.delta, p.start, p.at = true, 1, 2
				p.addTo(metrics)
			}
			require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
			assert.Equal(t, tt.want, usageTotals(r, tt.model))
		})
	}
}

// Calls that ended well and used nothing are calls whose usage is unknown, not free ones.
func TestMetricsOfCallsWithoutUsage(t *testing.T) {
	r := newRig(t, testConfig(everySource))
	p := sentPoint{metric: "gen_ai.client.inference.operation.input_tokens", attributes: []string{ofGPT4o}, count: 4, delta: true, start: 1, at: 2}
	require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), p.metrics()))
	assert.Equal(t, map[string]float64{"status=success": 4}, usageTotals(r, "gpt-4o"))
	metadatatest.AssertEqualProcessorLlmCostCalls(t, r.telemetry, []metricdata.DataPoint[int64]{
		{Value: 1, Attributes: attribute.NewSet(attribute.String("convention", "otel"), attribute.String("outcome", outcomeUnpriced))},
	}, metricdatatest.IgnoreTimestamp())
}

// Whatever a point has or lacks, and of whatever type its values are, it ends nothing.
func TestHostileMetrics(t *testing.T) {
	odd := map[string]any{
		"none": nil, "empty": "", "a number": 7, "a list": []any{"input", 3}, "a map": map[string]any{"a": 1}, "bytes": []byte{0xff}, "long": strings.Repeat("x", 10_000),
	}
	keys := []string{"gen_ai.token.type", "type", "token_type", "gen_ai.token.modality", "gen_ai.operation.name", "error.type", "status", "gen_ai.request.model", "model", "gen_ai.provider.name"}
	names := []string{"up"}
	for i := range convention.MetricSources {
		names = append(names, convention.MetricSources[i].Metrics()...)
	}
	r := newRig(t, testConfig(everySource))
	for _, broken := range keys {
		for name, value := range odd {
			md := pmetric.NewMetrics()
			metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
			for i, metric := range names {
				p := sentPoint{metric: metric, attributes: []string{
					"gen_ai.token.type=input", "type=input", "token_type=input", ofGPT4o, "model=gpt-4o", "gen_ai.provider.name=openai", "test=" + broken + name,
				}, sum: 5, count: uint64(i % 2), delta: true, start: 1, at: 2}
				p.addTo(metrics)
				m := metrics.At(metrics.Len() - 1)
				var attributes pcommon.Map
				if m.Type() == pmetric.MetricTypeSum {
					attributes = m.Sum().DataPoints().At(0).Attributes()
				} else {
					attributes = m.ExponentialHistogram().DataPoints().At(0).Attributes()
				}
				if attributes.Remove(broken); value != nil {
					require.NoError(t, attributes.PutEmpty(broken).FromRaw(value))
				}
				if name == "empty" {
					attributes.PutEmpty(broken)
				}
			}
			require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))
		}
	}
	assert.Positive(t, usageTotals(r, "gpt-4o")["type=input"], "others count")
}
