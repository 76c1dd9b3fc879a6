// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

func TestMetrics(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) {
			c.Budgets = []BudgetConfig{
				{Name: "hour", Window: WindowHour, Limit: 0.015, Thresholds: []float64{}},
				{Name: "day", Window: WindowDay, Limit: 1, Thresholds: []float64{}},
				{Name: "month", Window: WindowMonth, Limit: 0.001, Thresholds: []float64{}},
			}
		}))
		r.price(callSpan())
		r.price(callSpan(func(s ptrace.Span) { s.Status().SetCode(ptrace.StatusCodeError) }))
		r.price(callSpan(put("error.type", "timeout")))
		yesterday := time.Now().Add(-24 * time.Hour)
		r.price(callSpan(func(s ptrace.Span) {
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(yesterday.Add(-time.Minute)))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(yesterday))
		}))
		r.price(callSpan(put("gen_ai.request.model", "own-model")))
		want := readings{
			`arc_llm_calls_total{model=gpt-4o,status=success}`:     2,
			`arc_llm_calls_total{model=gpt-4o,status=error}`:       1,
			`arc_llm_calls_total{model=gpt-4o,status=timeout}`:     1,
			`arc_llm_tokens_total{model=gpt-4o,type=prompt}`:       4000,
			`arc_llm_tokens_total{model=gpt-4o,type=completion}`:   2000,
			`arc_llm_cost_dollars{model=gpt-4o}`:                   0.03,
			`arc_llm_duration_seconds_count{model=gpt-4o}`:         4,
			`arc_llm_duration_seconds_sum{model=gpt-4o}`:           64.5,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=0.1`: 0,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=0.5`: 0,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=1`:   0,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=2`:   3,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=5`:   3,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=10`:  3,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=30`:  3,
			`arc_llm_duration_seconds_bucket{model=gpt-4o} le=60`:  4,
			`arc_llm_hourly_cost_dollars{model=gpt-4o}`:            0.0225,

			`arc_llm_usage_calls{model=gpt-4o,provider=openai,service_name=shop}`:                     4,
			`arc_llm_usage_calls{model=own-model,provider=openai,service_name=shop}`:                  1,
			`arc_llm_usage_cost_dollars{model=gpt-4o,provider=openai,service_name=shop}`:              0.03,
			`arc_llm_usage{kind=input,model=gpt-4o,provider=openai,service_name=shop,unit=token}`:     4000,
			`arc_llm_usage{kind=output,model=gpt-4o,provider=openai,service_name=shop,unit=token}`:    2000,
			`arc_llm_usage{kind=input,model=own-model,provider=openai,service_name=shop,unit=token}`:  1000,
			`arc_llm_usage{kind=output,model=own-model,provider=openai,service_name=shop,unit=token}`: 500,
			`arc_llm_hourly_tokens{model=gpt-4o,type=prompt}`:                                         3000,
			`arc_llm_hourly_tokens{model=gpt-4o,type=completion}`:                                     1500,
			`arc_llm_hourly_calls{model=gpt-4o}`:                                                      3,
			`arc_llm_budget_used_ratio{budget=hour}`:                                                  1.5,
			`arc_llm_budget_used_ratio{budget=day}`:                                                   0.0225,
			`arc_llm_budget_used_ratio{budget=month}`:                                                 30,
			`arc_llm_budget_limit_dollars{budget=hour}`:                                               0.015,
			`arc_llm_budget_limit_dollars{budget=day}`:                                                1,
			`arc_llm_budget_limit_dollars{budget=month}`:                                              0.001,

			`arc_llm_budget_window_start_timestamp_seconds{budget=hour}`:    float64(morning.Truncate(time.Hour).Unix()),
			`arc_llm_budget_window_start_timestamp_seconds{budget=day}`:     float64(morning.Truncate(24 * time.Hour).Unix()),
			`arc_llm_budget_window_start_timestamp_seconds{budget=month}`:   float64(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Unix()),
			`arc_llm_budget_window_end_timestamp_seconds{budget=hour}`:      float64(morning.Truncate(time.Hour).Add(time.Hour).Unix()),
			`arc_llm_budget_window_end_timestamp_seconds{budget=day}`:       float64(morning.Truncate(24 * time.Hour).Add(24 * time.Hour).Unix()),
			`arc_llm_budget_window_end_timestamp_seconds{budget=month}`:     float64(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).Unix()),
			`arc_llm_budget_utc_offset_seconds{budget=hour,time_zone=UTC}`:  0,
			`arc_llm_budget_utc_offset_seconds{budget=day,time_zone=UTC}`:   0,
			`arc_llm_budget_utc_offset_seconds{budget=month,time_zone=UTC}`: 0,
			`arc_llm_calls_total{model=own-model,status=success}`:           1,
			`arc_llm_calls_total{model=own-model,status=error}`:             0,
			`arc_llm_calls_total{model=own-model,status=timeout}`:           0,
			`arc_llm_tokens_total{model=own-model,type=prompt}`:             1000,
			`arc_llm_tokens_total{model=own-model,type=completion}`:         500,
			`arc_llm_hourly_tokens{model=own-model,type=prompt}`:            1000,
			`arc_llm_hourly_tokens{model=own-model,type=completion}`:        500,
			`arc_llm_hourly_calls{model=own-model}`:                         1,
			`arc_llm_duration_seconds_count{model=own-model}`:               1,
			`arc_llm_duration_seconds_sum{model=own-model}`:                 1.5,
			`arc_llm_duration_seconds_bucket{model=own-model} le=0.1`:       0,
			`arc_llm_duration_seconds_bucket{model=own-model} le=0.5`:       0,
			`arc_llm_duration_seconds_bucket{model=own-model} le=1`:         0,
			`arc_llm_duration_seconds_bucket{model=own-model} le=2`:         1,
			`arc_llm_duration_seconds_bucket{model=own-model} le=5`:         1,
			`arc_llm_duration_seconds_bucket{model=own-model} le=10`:        1,
			`arc_llm_duration_seconds_bucket{model=own-model} le=30`:        1,
			`arc_llm_duration_seconds_bucket{model=own-model} le=60`:        1,
		}
		for _, model := range []string{"gpt-4o", "own-model"} {
			want["arc_llm_usage_total{model="+model+",type=input}"] = want["arc_llm_tokens_total{model="+model+",type=prompt}"]
			want["arc_llm_usage_total{model="+model+",type=output}"] = want["arc_llm_tokens_total{model="+model+",type=completion}"]
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		got := latest(r.metricsOut)
		assert.InDelta(t, float64(morning.Unix()), got[metricUsageStart+"{}"], 0.01)
		delete(got, metricUsageStart+"{}")
		maps.DeleteFunc(got, func(name string, _ float64) bool { return strings.HasPrefix(name, metricBudgetExhausted) }) // it changes with the time
		assert.Equal(t, want, got, "the model without a price has no cost, not even 0")

		md := r.metricsOut.AllMetrics()[0]
		assert.Equal(t, r.settings.Resource.Attributes().AsRaw(), md.ResourceMetrics().At(0).Resource().Attributes().AsRaw())
		eachMetric(md, func(m pmetric.Metric) {
			if m.Type() == pmetric.MetricTypeSum {
				assert.True(t, m.Sum().IsMonotonic(), m.Name())
				assert.Equal(t, pmetric.AggregationTemporalityCumulative, m.Sum().AggregationTemporality(), m.Name())
				for _, p := range m.Sum().DataPoints().All() {
					assert.Less(t, p.StartTimestamp(), p.Timestamp(), m.Name())
					assert.NotZero(t, p.StartTimestamp(), m.Name())
				}
			}
		})

		time.Sleep(time.Hour)
		synctest.Wait()
		later := latest(r.metricsOut)
		for _, name := range []string{"arc_llm_hourly_cost_dollars{model=gpt-4o}", "arc_llm_hourly_calls{model=gpt-4o}", "arc_llm_budget_used_ratio{budget=hour}"} {
			assert.Contains(t, later, name)
			assert.Zero(t, later[name], name)
		}
		assert.Equal(t, 0.0225, later["arc_llm_budget_used_ratio{budget=day}"])
	})
}

// What is written to a call's record, by its attributes.
func TestWhatIsWritten(t *testing.T) {
	priced := map[string]any{attrCost: 0.0075}
	tests := map[string]struct {
		change []func(ptrace.Span)
		want   map[string]any
	}{
		"a call":                       {nil, priced},
		"tokens in digits":             {[]func(ptrace.Span){put("gen_ai.usage.input_tokens", "1000")}, priced},
		"tokens in a double":           {[]func(ptrace.Span){put("gen_ai.usage.input_tokens", 1000.0)}, priced},
		"the price of the day":         {[]func(ptrace.Span){on(2024, 10, 1)}, map[string]any{attrCost: 0.0125}},
		"and of the day after":         {[]func(ptrace.Span){on(2024, 10, 2)}, priced},
		"unknown model":                {[]func(ptrace.Span){put("gen_ai.request.model", "gpt-4o-ultra")}, map[string]any{attrStatus: "unpriced"}},
		"no tokens":                    {[]func(ptrace.Span){put("gen_ai.usage.input_tokens", nil), put("gen_ai.usage.output_tokens", nil)}, map[string]any{attrStatus: "unpriced"}},
		"reported by the application":  {[]func(ptrace.Span){put("gen_ai.usage.cost", 0.5)}, map[string]any{attrCost: 0.0075, attrReported: 0.5}},
		"reported under another key":   {[]func(ptrace.Span){put("cost_dollars", "0.5")}, map[string]any{attrCost: 0.0075, attrReported: 0.5}},
		"reported, of unknown model":   {[]func(ptrace.Span){put("gen_ai.request.model", "x"), put("gen_ai.usage.cost", 0.5)}, map[string]any{attrStatus: "reported", attrCost: 0.5, attrReported: 0.5}},
		"from the application's cache": {[]func(ptrace.Span){put("litellm.cache_hit", true)}, map[string]any{attrStatus: "free"}},
		"not from its cache":           {[]func(ptrace.Span){put("litellm.cache_hit", false)}, priced},
		"an agent":                     {[]func(ptrace.Span){put("gen_ai.operation.name", "invoke_agent")}, map[string]any{}},
		"no LLM span":                  {[]func(ptrace.Span){func(s ptrace.Span) { s.Attributes().Clear() }}, map[string]any{}},
		"priced by another collector":  {[]func(ptrace.Span){put(attrCost, 0.0075)}, priced},
		"more than the largest sum":    {[]func(ptrace.Span){put("gen_ai.usage.output_tokens", 1_000_000_000)}, map[string]any{attrCost: 10000.0025}},
		"an error that used no tokens": {[]func(ptrace.Span){put("gen_ai.usage.input_tokens", nil), put("gen_ai.usage.output_tokens", nil), put("error.type", "429")}, map[string]any{attrStatus: "free"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(nil))
			td := r.price(callSpan(tt.change...))
			assert.Equal(t, tt.want, written(firstSpan(td).Attributes()))
			again := r.price(td)
			assert.Equal(t, tt.want, written(firstSpan(again).Attributes()), "a second pass changes nothing")
		})
	}
}

func on(year int, month time.Month, day int) func(ptrace.Span) {
	return func(s ptrace.Span) {
		at := time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(-time.Second)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(at))
	}
}

// The rule by which cached tokens were distinguished is counted once for each call.
func TestCachedRules(t *testing.T) {
	r := newRig(t, testConfig(nil))
	cached := func(tokens int) func(ptrace.Span) { return put("gen_ai.usage.cache_read.input_tokens", tokens) }
	r.price(callSpan())
	within := callSpan(cached(600))
	r.price(within)
	r.price(within)
	r.price(callSpan(cached(1000)))
	r.price(callSpan(cached(1001))) // more than there are input tokens
	of := func(rule string) attribute.Set {
		return attribute.NewSet(attribute.String("convention", "otel"), attribute.String("rule", rule))
	}
	metadatatest.AssertEqualProcessorLlmCostCachedCalls(t, r.telemetry, []metricdata.DataPoint[int64]{
		{Value: 2, Attributes: of("convention")}, {Value: 1, Attributes: of("arithmetic")},
	}, metricdatatest.IgnoreTimestamp())
}

// A call with a value that makes no sense is visible: unpriced, and the reason is
// counted. The ledger stays right.
func TestBadInput(t *testing.T) {
	tests := map[string]struct {
		change  func(ptrace.Span)
		outcome string
	}{
		"negative tokens":       {put("gen_ai.usage.input_tokens", -1), "bad_tokens"},
		"NaN":                   {put("gen_ai.usage.input_tokens", math.NaN()), "bad_tokens"},
		"infinity":              {put("gen_ai.usage.output_tokens", math.Inf(1)), "bad_tokens"},
		"fraction":              {put("gen_ai.usage.input_tokens", 1.5), "bad_tokens"},
		"huge":                  {put("gen_ai.usage.input_tokens", int64(math.MaxInt64)), "bad_tokens"},
		"huge double":           {put("gen_ai.usage.input_tokens", 1e300), "bad_tokens"},
		"no digits":             {put("gen_ai.usage.input_tokens", "many"), "bad_tokens"},
		"digits without end":    {put("gen_ai.usage.input_tokens", strings.Repeat("9", 1<<20)), "bad_tokens"},
		"a list":                {put("gen_ai.usage.input_tokens", []any{1}), "bad_tokens"},
		"empty model":           {put("gen_ai.request.model", ""), "empty_model"},
		"blank model":           {put("gen_ai.request.model", " \t"), "empty_model"},
		"model that is no text": {put("gen_ai.request.model", 4), "empty_model"},
		"model of 1 MB":         {put("gen_ai.request.model", strings.Repeat("x", 1<<20)), "model_too_long"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(nil))
			td := callSpan(tt.change)
			want := firstSpan(td).Attributes().AsRaw()
			want[attrStatus], want[attrReason] = outcomeUnpriced, problems[tt.outcome]
			got := r.price(td)
			assert.Equal(t, fmt.Sprint(want), fmt.Sprint(firstSpan(got).Attributes().AsRaw()))
			of := func(outcome string) metricdata.DataPoint[int64] {
				return metricdata.DataPoint[int64]{
					Value:      1,
					Attributes: attribute.NewSet(attribute.String("convention", "otel"), attribute.String("outcome", outcome)),
				}
			}
			metadatatest.AssertEqualProcessorLlmCostCalls(t, r.telemetry, []metricdata.DataPoint[int64]{of(tt.outcome), of(outcomeUnpriced)}, metricdatatest.IgnoreTimestamp())
			r.price(callSpan())
			assert.Equal(t, 0.0075, r.totals()[costOfGPT4o])
		})
	}
}

// A detail that makes no sense loses itself, and neither the call nor its cost.
func TestBadDetail(t *testing.T) {
	r := newRig(t, testConfig(nil))
	for _, value := range []any{int64(math.MaxInt64), -1, "None", 1.5, []any{1}, true} {
		r.price(callSpan(put("gen_ai.usage.cache_read.input_tokens", value)))
	}
	assert.InDelta(t, 6*0.0075, r.totals()[costOfGPT4o], 1e-9)
}

// Times that cannot be are not believed; the call counts all the same.
func TestAbsurdTimes(t *testing.T) {
	now := morning
	tests := map[string]struct {
		start, end    pcommon.Timestamp
		cost, hourly  float64
		timed         float64
		late, clamped int64
	}{
		"none":                  {0, 0, 0.0075, 0.0075, 0, 0, 0},
		"ends before it starts": {pcommon.NewTimestampFromTime(now), pcommon.NewTimestampFromTime(now.Add(-time.Second)), 0.0075, 0.0075, 0, 0, 0},
		"takes a year":          {pcommon.NewTimestampFromTime(now.Add(-8800 * time.Hour)), pcommon.NewTimestampFromTime(now), 0.0075, 0.0075, 0, 0, 0},
		"1970":                  {1, 2, 0.0075, 0.0075, 1, 0, 1},
		"the end of 2019":       {(firstCalls - 2) * 1e9, (firstCalls - 1) * 1e9, 0.0075, 0.0075, 1, 0, 1},
		"the start of 2020":     {(firstCalls - 1) * 1e9, firstCalls * 1e9, 0.0125, 0, 1, 1, 0},
		"an hour ahead":         {pcommon.NewTimestampFromTime(now.Add(time.Hour - time.Second)), pcommon.NewTimestampFromTime(now.Add(time.Hour)), 0.0075, 0.0075, 1, 0, 1},
		"the largest":           {math.MaxUint64 - 1, math.MaxUint64, 0.0075, 0.0075, 1, 0, 1},
		"beyond 2262":           {math.MaxInt64, math.MaxInt64 + 1, 0.0075, 0.0075, 1, 0, 1},
		"older than retention":  {pcommon.NewTimestampFromTime(now.Add(-900*time.Hour - time.Second)), pcommon.NewTimestampFromTime(now.Add(-900 * time.Hour)), 0.0075, 0, 1, 0, 0},
		"older than any day":    {pcommon.NewTimestampFromTime(now.Add(-9700*time.Hour - time.Second)), pcommon.NewTimestampFromTime(now.Add(-9700 * time.Hour)), 0.0075, 0, 1, 1, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				r := newRig(t, testConfig(nil))
				r.price(callSpan(func(s ptrace.Span) {
					s.SetStartTimestamp(tt.start)
					s.SetEndTimestamp(tt.end)
				}))
				if tt.late > 0 {
					metadatatest.AssertEqualProcessorLlmCostLedgerLate(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: tt.late}}, metricdatatest.IgnoreTimestamp())
				}
				if tt.clamped > 0 {
					metadatatest.AssertEqualProcessorLlmCostClampedTimes(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: tt.clamped}}, metricdatatest.IgnoreTimestamp())
				}
				totals := r.totals()
				assert.Equal(t, tt.cost, totals[costOfGPT4o])
				assert.Equal(t, tt.hourly, totals["arc_llm_hourly_cost_dollars{model=gpt-4o}"])
				assert.Equal(t, tt.timed, totals["arc_llm_duration_seconds_count{model=gpt-4o}"])
			})
		})
	}
}

func TestCountedOnce(t *testing.T) {
	record := func(trace pcommon.TraceID, span pcommon.SpanID) plog.Logs {
		ld := plog.NewLogs()
		lr := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		lr.SetEventName("arc.llm.call")
		lr.SetTraceID(trace)
		lr.SetSpanID(span)
		lr.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
		firstSpan(callSpan()).Attributes().CopyTo(lr.Attributes())
		return ld
	}
	calls := func(r *rig) float64 { return r.totals()["arc_llm_calls_total{model=gpt-4o,status=success}"] }

	t.Run("sent twice", func(t *testing.T) {
		r := newRig(t, testConfig(nil))
		td := callSpan()
		again := ptrace.NewTraces()
		td.CopyTo(again)
		r.price(td)
		got := r.price(again)
		assert.Equal(t, 0.0075, written(firstSpan(got).Attributes())[attrCost], "written each time")
		assert.Equal(t, 1., calls(r))
	})
	t.Run("span and record", func(t *testing.T) {
		r := newRig(t, testConfig(nil))
		td := callSpan()
		got := r.priceLogs(record(firstSpan(td).TraceID(), firstSpan(td).SpanID()))
		r.price(td)
		attributes := got.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Attributes()
		assert.Equal(t, map[string]any{attrCost: 0.0075}, written(attributes))
		assert.Equal(t, 1., calls(r))
	})
	t.Run("no IDs", func(t *testing.T) {
		r := newRig(t, testConfig(nil))
		for _, trace := range []pcommon.TraceID{{}, {1}} {
			for range 2 {
				ld := record(trace, pcommon.SpanID{})
				ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(0)
				r.priceLogs(ld)
			}
		}
		assert.Equal(t, 4., calls(r), "cannot be distinguished, and are counted")
	})
	t.Run("no IDs, but a time", func(t *testing.T) {
		r := newRig(t, testConfig(nil))
		ld := record(pcommon.TraceID{}, pcommon.SpanID{})
		send := func(change func(plog.ResourceLogs, plog.LogRecord)) {
			own := plog.NewLogs()
			ld.CopyTo(own)
			rl := own.ResourceLogs().At(0)
			change(rl, rl.ScopeLogs().At(0).LogRecords().At(0))
			r.priceLogs(own)
		}
		send(func(plog.ResourceLogs, plog.LogRecord) {})
		send(func(plog.ResourceLogs, plog.LogRecord) {}) // sent twice
		send(func(_ plog.ResourceLogs, lr plog.LogRecord) { lr.SetTimestamp(lr.Timestamp() + 1) })
		send(func(_ plog.ResourceLogs, lr plog.LogRecord) { lr.Attributes().PutStr("session.id", "another") })
		send(func(rl plog.ResourceLogs, _ plog.LogRecord) {
			rl.Resource().Attributes().PutStr("host.name", "another")
		})
		assert.Equal(t, 4., calls(r), "three differ from the first")
	})
	t.Run("past the window", func(t *testing.T) {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			r := newRig(t, testConfig(nil))
			td := callSpan()
			r.price(td)
			time.Sleep(time.Hour) // a pause, in which nothing is forgotten
			r.price(td)
			for i := range 20 {
				time.Sleep(time.Minute)
				r.price(callSpan(func(s ptrace.Span) { s.SetTraceID([16]byte{9, byte(i)}) }))
			}
			r.price(td)
			assert.Equal(t, 22., calls(r))
		})
	})
}

// An agent's turn is one span, in which Claude Code writes an event a call.
func TestSeveralCallsInOneSpan(t *testing.T) {
	r := newRig(t, testConfig(nil))
	event := func(millis int) plog.Logs {
		ld := plog.NewLogs()
		lr := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		lr.Body().SetStr("claude_code.api_request")
		lr.SetTraceID(pcommon.TraceID{1})
		lr.SetSpanID(pcommon.SpanID{2})
		lr.SetTimestamp(pcommon.NewTimestampFromTime(time.Date(2026, 11, 23, 10, 0, 0, millis*1e6, time.UTC)))
		a := lr.Attributes()
		a.PutStr("model", "claude-3-haiku-20240307")
		a.PutStr("input_tokens", "1000")
		a.PutStr("output_tokens", "200")
		a.PutStr("cost_usd", "0.1")
		return ld
	}
	r.priceLogs(event(1))
	r.priceLogs(event(2))
	r.priceLogs(event(2)) // sent twice
	assert.Equal(t, 0.001, r.totals()["arc_llm_cost_dollars{model=claude-3-haiku}"])
}

func TestWrappers(t *testing.T) {
	at := func(start, end int) func(ptrace.Span) {
		begin := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
		return func(s ptrace.Span) {
			s.SetStartTimestamp(pcommon.NewTimestampFromTime(begin.Add(time.Duration(start) * time.Second)))
			s.SetEndTimestamp(pcommon.NewTimestampFromTime(begin.Add(time.Duration(end) * time.Second)))
		}
	}
	ids := func(own, parent byte) func(ptrace.Span) {
		return func(s ptrace.Span) {
			s.SetSpanID(pcommon.SpanID{own})
			s.SetParentSpanID(pcommon.SpanID{})
			if parent != 0 {
				s.SetParentSpanID(pcommon.SpanID{parent})
			}
		}
	}
	type call []func(ptrace.Span)
	tests := map[string]struct {
		calls []call
		want  []bool // has a cost
	}{
		"around":              {[]call{{ids(1, 0), at(0, 9)}, {ids(2, 1), at(1, 8)}}, []bool{false, true}},
		"the inner one first": {[]call{{ids(2, 1), at(1, 8)}, {ids(1, 0), at(0, 9)}}, []bool{true, false}},
		"three deep":          {[]call{{ids(1, 0), at(0, 9)}, {ids(2, 1), at(0, 9)}, {ids(3, 2), at(1, 8)}}, []bool{false, false, true}},
		"other tokens":        {[]call{{ids(1, 0), at(0, 9)}, {ids(2, 1), at(1, 8), put("gen_ai.usage.input_tokens", 999)}}, []bool{true, true}},
		"ends later":          {[]call{{ids(1, 0), at(0, 9)}, {ids(2, 1), at(1, 10)}}, []bool{true, true}},
		"another trace":       {[]call{{ids(1, 0), at(0, 9)}, {ids(2, 1), at(1, 8), func(s ptrace.Span) { s.SetTraceID(pcommon.TraceID{9}) }}}, []bool{true, true}},
		"beside":              {[]call{{ids(1, 7), at(0, 9)}, {ids(2, 7), at(0, 9)}}, []bool{true, true}},
		"under another name":  {[]call{{ids(1, 0), at(0, 9), put("gen_ai.request.model", "our-alias")}, {ids(2, 1), at(1, 8)}}, []bool{false, true}},
		"its own parent":      {[]call{{ids(1, 1), at(0, 9)}, {ids(2, 0), at(0, 9)}}, []bool{true, true}},
		"each other's parent": {[]call{{ids(1, 2), at(0, 9)}, {ids(2, 1), at(0, 9)}}, []bool{true, true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(nil))
			td := ptrace.NewTraces()
			spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
			for _, changes := range tt.calls {
				addCall(spans, changes...)
			}
			var got []bool
			var counted float64
			for _, span := range r.price(td).ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
				_, ok := span.Attributes().Get(attrCost)
				got = append(got, ok)
				if ok {
					counted++
				}
			}
			assert.Equal(t, tt.want, got)
			assert.Equal(t, counted, r.totals()["arc_llm_calls_total{model=gpt-4o,status=success}"])
		})
	}
}

func TestMadeUpModels(t *testing.T) {
	r := newRig(t, testConfig(func(c *Config) { c.MaxModels = 2 }))
	for i := range 10 {
		r.price(callSpan(put("gen_ai.request.model", fmt.Sprint("made-up-", i))))
	}
	r.price(callSpan())
	metadatatest.AssertEqualProcessorLlmCostLedgerOverflow(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 8}}, metricdatatest.IgnoreTimestamp())
	totals := r.totals()
	assert.Equal(t, 8., totals["arc_llm_calls_total{model=otel.metric.overflow,otel.metric.overflow=true,status=success}"])
	assert.Equal(t, 1., totals["arc_llm_calls_total{model=made-up-1,status=success}"])
	assert.Equal(t, 0.0075, totals[costOfGPT4o], "models of the table are not pushed out")
	assert.NotContains(t, totals, "arc_llm_cost_dollars{model=otel.metric.overflow,otel.metric.overflow=true}")
}

// A million calls cost what they cost, to the nearest double.
func TestSumOfManyCallsIsExact(t *testing.T) {
	r := newRig(t, testConfig(nil))
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 1000 {
		addCall(spans, put("gen_ai.request.model", "gpt-4o-mini"), put("gen_ai.usage.input_tokens", 7), put("gen_ai.usage.output_tokens", 3), func(s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) })
	}
	for range 1000 {
		r.price(td)
		r.tracesOut.Reset()
	}
	// (7 × 0.15 + 3 × 0.60) / 10⁶ each; adding doubles a million times gives another sum.
	assert.Equal(t, 2.85, r.totals()["arc_llm_cost_dollars{model=gpt-4o-mini}"])
}

// What is beyond a limit is in the hour as it is in the totals: the gauges of
// the running hour add up to every call of it.
func TestTheHourHoldsWhatIsBeyondTheLimits(t *testing.T) {
	limits := map[string]func(*Config){
		"of models": func(c *Config) { c.MaxModels = 2 },
		"of rows":   func(c *Config) { c.MaxRows = 2 },
	}
	for name, limit := range limits {
		t.Run(name, func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				r := newRig(t, testConfig(limit))
				for i := range 10 {
					r.price(callSpan(put("gen_ai.request.model", fmt.Sprint("made-up-", i))))
				}
				r.price(callSpan())
				totals := r.totals()
				sums := readings{}
				for name, value := range totals {
					metric, _, _ := strings.Cut(name, "{")
					sums[metric] += value
				}
				assert.Equal(t, 11., sums[metricHourlyCalls])
				assert.Equal(t, 11*1500., sums[metricHourlyToken])
				assert.Equal(t, 0.0075, sums[metricHourlyCost])
			})
		})
	}
}

// A count that is too large, and a name that is too long, are listed with their reason.
func TestBadCallsAreListed(t *testing.T) {
	for reason, change := range map[string]func(ptrace.Span){
		"a count of tokens makes no sense":  put("gen_ai.usage.input_tokens", int64(2_000_000_000)),
		"the name of the model is too long": put("gen_ai.request.model", strings.Repeat("x", 257)),
		"the call does not name its model":  put("gen_ai.request.model", ""),
	} {
		t.Run(reason, func(t *testing.T) {
			p, e := newPage()
			r := newRig(t, testConfig(nil), e)
			r.price(callSpan())
			got := r.price(callSpan(change))
			calls := p.usage.Calls(dashboard.CallQuery{Problems: true})
			require.Len(t, calls, 1)
			assert.Equal(t, []string{reason, ""}, []string{calls[0].Problem, calls[0].Estimated})
			assert.Nil(t, calls[0].Dollars)
			assert.LessOrEqual(t, len(calls[0].Values[0]), 256)
			written, _ := firstSpan(got).Attributes().Get(attrReason)
			assert.Equal(t, reason, written.AsString())
			assert.Len(t, p.usage.Calls(dashboard.CallQuery{}), 2)
		})
	}
}

// A session and a conversation are two dimensions, of which one has the other's value
// where a record has one alone.
func TestSessionAndConversation(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(ptrace.Span)
		want   []string
	}{
		"both":             {func(s ptrace.Span) { put("session.id", "s-1")(s); put("gen_ai.conversation.id", "c-1")(s) }, []string{"s-1", "c-1"}},
		"the session":      {put("session.id", "s-1"), []string{"s-1", "s-1"}},
		"the conversation": {put("gen_ai.conversation.id", "c-1"), []string{"c-1", "c-1"}},
		"neither":          {func(ptrace.Span) {}, []string{"", ""}},
		"the conversation, and a session that Logfire scrubbed": {
			func(s ptrace.Span) {
				put("session.id", "[Scrubbed due to 'session']")(s)
				put("gen_ai.conversation.id", "c-1")(s)
			},
			[]string{"c-1", "c-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, e := newPage()
			r := newRig(t, testConfig(func(c *Config) { c.Dimensions = dimensionsOf(attrSession, attrConversation) }), e)
			r.price(callSpan(tt.change))
			assert.Equal(t, tt.want, p.usage.Calls(dashboard.CallQuery{})[0].Values[1:3])
		})
	}
}
