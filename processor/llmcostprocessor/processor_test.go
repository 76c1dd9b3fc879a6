// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// setClock turns the fake clock of a synctest bubble to today.
func setClock() { time.Sleep(time.Until(today)) }

func TestCallLeavesWithItsCostAndIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setClock()
		r := newRig(t, nil)
		r.start(t)
		// The span, its log record, and the span again after a retried export.
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
		require.NoError(t, r.logs.ConsumeLogs(t.Context(), arcLog(t, 1)))
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1}, span{id: 2})))
		time.Sleep(r.cfg.MetricsInterval + time.Millisecond)

		for _, td := range r.gotTraces.AllTraces() {
			cost, ok := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().Get("gen_ai.usage.cost")
			require.True(t, ok)
			assert.Equal(t, 0.0075, cost.Double())
		}
		record := r.gotLogs.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		cost, ok := record.Attributes().Get("gen_ai.usage.cost")
		require.True(t, ok)
		assert.Equal(t, 0.0075, cost.Double())

		assert.Equal(t, map[string]float64{
			"arc_llm_calls_total gpt-4o success":      2,
			"arc_llm_calls_total gpt-4o error":        0,
			"arc_llm_calls_total gpt-4o timeout":      0,
			"arc_llm_tokens_total gpt-4o prompt":      2000,
			"arc_llm_tokens_total gpt-4o completion":  1000,
			"arc_llm_cost_dollars gpt-4o":             0.015,
			"arc_llm_duration_seconds_count gpt-4o":   2,
			"arc_llm_duration_seconds_sum gpt-4o":     4,
			"arc_llm_hourly_cost_dollars gpt-4o":      0.015,
			"arc_llm_hourly_tokens gpt-4o prompt":     2000,
			"arc_llm_hourly_tokens gpt-4o completion": 1000,
			"arc_llm_hourly_calls gpt-4o":             2,
		}, r.series())
		assert.Equal(t, map[string]int64{"priced": 2, "duplicate": 2}, r.outcomes(t))
		r.stop(t)
	})
}

// What cannot be a call passes as it came; what makes no sense too, and is counted.
func TestBadInput(t *testing.T) {
	for name, test := range map[string]struct {
		span   span
		reason string
	}{
		"negative":       {span{input: -1}, "bad_tokens"},
		"not a number":   {span{input: math.NaN()}, "bad_tokens"},
		"infinite":       {span{output: math.Inf(1)}, "bad_tokens"},
		"huge":           {span{output: int64(math.MaxInt64)}, "bad_tokens"},
		"words":          {span{input: "a few"}, "bad_tokens"},
		"no model":       {span{model: " "}, "empty_model"},
		"a model of 1MB": {span{model: strings.Repeat("m", 1<<20)}, "model_too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, nil)
			r.start(t)
			before := traces(t, test.span)
			after := traces(t, test.span)
			before.CopyTo(after)
			require.NoError(t, r.traces.ConsumeTraces(t.Context(), after))
			r.stop(t)
			got := r.gotTraces.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
			want := before.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
			assert.Equal(t, want.Len(), got.Len(), "nothing was written on it")
			assert.Equal(t, map[string]int64{test.reason: 1}, r.outcomes(t))
			assert.Empty(t, r.series())
		})
	}
}

func TestUnknownModelIsNeverFree(t *testing.T) {
	r := newRig(t, nil)
	r.start(t)
	require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{model: "house-model"})))
	r.stop(t)
	attributes := r.gotTraces.AllTraces()[0].ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
	status, _ := attributes.Get("arc.llm.cost.status")
	assert.Equal(t, "unpriced", status.AsString())
	_, ok := attributes.Get("gen_ai.usage.cost")
	assert.False(t, ok)
	assert.Equal(t, 1., r.series()["arc_llm_calls_total house-model success"])
	assert.Equal(t, 1000., r.series()["arc_llm_tokens_total house-model prompt"])
	assert.Equal(t, map[string]int64{"unpriced": 1}, r.outcomes(t))
}

// A cost that the application reported is kept beside ours, also when another
// instance of ours sees the span again.
func TestReportedCost(t *testing.T) {
	r := newRig(t, nil)
	r.start(t)
	td := traces(t, span{attributes: map[string]any{"gen_ai.usage.cost": 0.5}})
	for range 2 {
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), td))
	}
	r.stop(t)
	attributes := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes()
	cost, _ := attributes.Get("gen_ai.usage.cost")
	reported, _ := attributes.Get("arc.llm.cost.reported")
	assert.Equal(t, 0.0075, cost.Double())
	assert.Equal(t, 0.5, reported.Double())
}

// The instrumentation of a framework around that of an SDK: the inner span counts.
func TestWrapperIsNotCounted(t *testing.T) {
	r := newRig(t, nil)
	r.start(t)
	td := traces(t, span{id: 1, at: today}, span{id: 2, at: today}, span{id: 3, at: today, input: 7})
	spans := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	spans.At(1).SetParentSpanID(spans.At(0).SpanID())
	spans.At(2).SetParentSpanID(spans.At(0).SpanID()) // another call, not the same again
	require.NoError(t, r.traces.ConsumeTraces(t.Context(), td))
	r.stop(t)
	assert.Equal(t, 2., r.series()["arc_llm_calls_total gpt-4o success"])
	assert.Equal(t, map[string]int64{"priced": 2, "wrapper": 1}, r.outcomes(t))
	_, ok := spans.At(0).Attributes().Get("gen_ai.usage.cost")
	assert.False(t, ok, "a cost on both would be added up by whoever sums spans")
}

func TestFailedCall(t *testing.T) {
	r := newRig(t, nil)
	r.start(t)
	td := traces(t, span{}, span{attributes: map[string]any{"error.type": "timeout"}})
	for _, s := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		s.Status().SetCode(2)
		s.Attributes().Remove("gen_ai.usage.input_tokens")
		s.Attributes().Remove("gen_ai.usage.output_tokens")
	}
	require.NoError(t, r.traces.ConsumeTraces(t.Context(), td))
	r.stop(t)
	assert.Equal(t, 1., r.series()["arc_llm_calls_total gpt-4o error"])
	assert.Equal(t, 1., r.series()["arc_llm_calls_total gpt-4o timeout"])
	assert.Equal(t, 0., r.series()["arc_llm_cost_dollars gpt-4o"])
	assert.Equal(t, map[string]int64{"free": 2}, r.outcomes(t))
}

// The time of the call decides its hour; one from the future is of now.
func TestHourOfTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setClock()
		r := newRig(t, nil)
		r.start(t)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t,
			span{at: today.Add(-time.Hour)}, span{}, span{at: today.Add(9 * time.Minute)}, span{at: today.Add(24 * time.Hour)},
		)))
		time.Sleep(r.cfg.MetricsInterval + time.Millisecond)
		assert.Equal(t, 3., r.series()["arc_llm_hourly_calls gpt-4o"])
		assert.Equal(t, 4., r.series()["arc_llm_calls_total gpt-4o success"])
		time.Sleep(time.Hour)
		assert.Equal(t, 0., r.series()["arc_llm_hourly_calls gpt-4o"], "a new hour begins with nothing")
		r.stop(t)
	})
}

func TestBudgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		setClock()
		r := newRig(t, func(cfg *Config) {
			cfg.Budgets = []BudgetConfig{
				{Name: "hour", Window: WindowHour, Limit: 0.015},
				{Name: "day", Window: WindowDay, Limit: 0.03},
				{Name: "month", Window: WindowMonth, Limit: 0.3},
			}
		})
		r.start(t)
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t,
			span{}, span{at: today.Add(-time.Hour)}, span{at: today.Add(-24 * time.Hour)}, span{at: today.Add(-23 * 24 * time.Hour)},
		)))
		time.Sleep(r.cfg.MetricsInterval + time.Millisecond)
		s := r.series()
		assert.InDelta(t, 0.5, s["arc_llm_budget_used_ratio hour"], 1e-12)
		assert.InDelta(t, 0.5, s["arc_llm_budget_used_ratio day"], 1e-12)
		assert.InDelta(t, 0.075, s["arc_llm_budget_used_ratio month"], 1e-12)
		time.Sleep(14 * time.Hour) // past midnight
		s = r.series()
		assert.Zero(t, s["arc_llm_budget_used_ratio day"])
		assert.InDelta(t, 0.075, s["arc_llm_budget_used_ratio month"], 1e-12)
		r.stop(t)
	})
}

func TestFloodOfModels(t *testing.T) {
	r := newRig(t, func(cfg *Config) {
		cfg.MaxModels = 10
		cfg.MaxRows = 20
	})
	r.start(t)
	for i := range 1000 {
		require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{model: "model-" + strings.Repeat("x", i%200) + string(rune('a'+i/200))})))
	}
	r.stop(t)
	s := r.series()
	var calls float64
	models := 0
	for name, value := range s {
		if strings.HasPrefix(name, "arc_llm_calls_total") && strings.HasSuffix(name, "success") {
			calls += value
			models++
		}
	}
	assert.Equal(t, 1000., calls, "nothing is lost")
	assert.Equal(t, 11, models)
	assert.Equal(t, 990., s["arc_llm_calls_total otel.metric.overflow success"])
}

// In whatever order the instances of one ID start and stop, every call that
// passed before its own instance stopped is in what the metrics pipeline was
// given, if that stops later, and nothing is written to it after.
func TestLifeInAnyOrder(t *testing.T) {
	for _, starts := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		for _, stops := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			r := newRig(t, func(cfg *Config) { cfg.MetricsInterval = time.Millisecond })
			all := r.components() // metrics, logs, traces
			for _, i := range starts {
				require.NoError(t, all[i].Start(t.Context(), r.host))
			}
			require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
			var calls float64 = 1
			metricsStopped := false
			atStop := 0
			for n, i := range stops {
				require.NoError(t, all[i].Shutdown(t.Context()))
				require.NoError(t, all[i].Shutdown(t.Context()), "twice")
				if i == 0 {
					metricsStopped = true
					atStop = len(r.gotMetrics.AllMetrics())
				}
				// What is flushed on the way through an instance that still stands.
				if stillStands(stops[n+1:], 2) {
					require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: byte(10 + n)})))
					if !metricsStopped {
						calls++
					}
				}
			}
			assert.Equal(t, calls, r.series()["arc_llm_calls_total gpt-4o success"], "%v %v", starts, stops)
			assert.Len(t, r.gotMetrics.AllMetrics(), atStop, "written to after it was shut down")
		}
	}
}

func stillStands(stops []int, instance int) bool {
	return slices.Contains(stops, instance)
}

func TestTwoIDsShareNothing(t *testing.T) {
	a := newRig(t, nil)
	b := newRig(t, nil)
	// Of one factory, as the Collector has one for all IDs of a type.
	var err error
	var other consumertest.TracesSink
	second, err := a.factory.CreateTraces(t.Context(), b.settings, b.cfg, &other)
	require.NoError(t, err)
	a.start(t)
	require.NoError(t, second.Start(t.Context(), a.host))
	require.NoError(t, second.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
	require.NoError(t, a.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
	require.NoError(t, second.Shutdown(t.Context()))
	a.stop(t)
	assert.Equal(t, 1., a.series()["arc_llm_calls_total gpt-4o success"])
	assert.Equal(t, map[string]int64{"priced": 1}, a.outcomes(t))
	assert.Equal(t, 1, b.log.FilterMessageSnippet("No metrics pipeline names this processor").Len())
	b.stopUnstarted(t)
}

func (r *rig) stopUnstarted(t *testing.T) {
	t.Helper()
	for _, c := range r.components() {
		require.NoError(t, c.Shutdown(t.Context()))
	}
}

func TestOneIDInTwoPipelinesOfASignal(t *testing.T) {
	r := newRig(t, nil)
	var more consumertest.MetricsSink
	second, err := r.factory.CreateMetrics(t.Context(), r.settings, r.cfg, &more)
	require.NoError(t, err)
	var moreTraces consumertest.TracesSink
	secondTraces, err := r.factory.CreateTraces(t.Context(), r.settings, r.cfg, &moreTraces)
	require.NoError(t, err)
	all := append(r.components(), second, secondTraces)
	for _, c := range all {
		require.NoError(t, c.Start(t.Context(), r.host))
	}
	require.NoError(t, r.traces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
	require.NoError(t, secondTraces.ConsumeTraces(t.Context(), traces(t, span{id: 1})))
	for _, c := range []component.Component{r.traces, secondTraces, r.logs, r.metrics, second} {
		require.NoError(t, c.Shutdown(t.Context()))
	}
	assert.Equal(t, 1., r.series()["arc_llm_calls_total gpt-4o success"])
	assert.Equal(t, 1., seriesOf(more.AllMetrics())["arc_llm_calls_total gpt-4o success"])
}

func TestOtherLogsAreUntouched(t *testing.T) {
	r := newRig(t, nil)
	r.start(t)
	ld := plog.NewLogs()
	record := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	record.Body().SetStr("model gpt-4o used 1000 tokens")
	require.NoError(t, r.logs.ConsumeLogs(t.Context(), ld))
	r.stop(t)
	assert.Zero(t, record.Attributes().Len())
	assert.Empty(t, r.outcomes(t))
}
