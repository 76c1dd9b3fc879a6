// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

// nested makes a span of each list of changes, each inside the one before.
func nested(calls ...[]func(ptrace.Span)) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	var outer pcommon.SpanID
	for _, changes := range calls {
		addCall(spans, changes...)
		span := spans.At(spans.Len() - 1)
		span.SetParentSpanID(outer)
		if !outer.IsEmpty() {
			span.SetStartTimestamp(spans.At(0).StartTimestamp())
			span.SetEndTimestamp(spans.At(0).EndTimestamp())
		}
		outer = span.SpanID()
	}
	return td
}

func spanAt(td ptrace.Traces, i int) ptrace.Span {
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(i)
}

func noTokens(s ptrace.Span) {
	put("gen_ai.usage.input_tokens", nil)(s)
	put("gen_ai.usage.output_tokens", nil)(s)
}

func failed(s ptrace.Span) { put("error.type", "429")(s) }

// A framework's span around an SDK's is one call, also when there are no tokens to
// recognize it by: else failures would count twice in the error rate.
func TestWrappersWithoutTokens(t *testing.T) {
	type call = []func(ptrace.Span)
	zero := put("gen_ai.usage.input_tokens", 0)
	none := put("gen_ai.usage.output_tokens", 0)
	mini := put("gen_ai.request.model", "gpt-4o-mini")
	timeout := put("error.type", "timeout")
	tests := map[string]struct {
		outer, inner            call
		success, error, timeout float64 // calls
	}{
		"both failed":         {call{noTokens, failed}, call{noTokens, failed}, 0, 1, 0},
		"both timed out":      {call{noTokens, timeout}, call{noTokens, timeout}, 0, 0, 1},
		"neither has tokens":  {call{noTokens}, call{noTokens}, 1, 0, 0},
		"both report zero":    {call{zero, none}, call{zero, none}, 1, 0, 0},
		"one failed":          {call{noTokens, failed}, call{}, 1, 1, 0},
		"failed in two ways":  {call{noTokens, failed}, call{noTokens, timeout}, 0, 0, 1},
		"of two models":       {call{noTokens, failed, mini}, call{noTokens, failed}, 0, 2, 0},
		"zero, of two models": {call{zero, none, mini}, call{zero, none}, 2, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(nil))
			r.price(nested(tt.outer, tt.inner))
			got := map[string]float64{}
			for name, value := range r.totals() {
				for _, status := range []string{"success", "error", "timeout"} {
					if name == "arc_llm_calls_total{model=gpt-4o,status="+status+"}" || name == "arc_llm_calls_total{model=gpt-4o-mini,status="+status+"}" {
						got[status] += value
					}
				}
			}
			assert.Equal(t, map[string]float64{"success": tt.success, "error": tt.error, "timeout": tt.timeout}, got)
		})
	}
}

// A wrapper that was found to repeat the call within it is still one when it is sent
// again without that call: in a part of the batch, or as the log record of its span.
func TestWrapperSentAgainAlone(t *testing.T) {
	r := newRig(t, testConfig(nil))
	td := nested(nil, nil)
	alone := ptrace.NewTraces()
	td.CopyTo(alone)
	r.price(td)
	inner := spanAt(alone, 1).SpanID()
	alone.ResourceSpans().At(0).ScopeSpans().At(0).Spans().RemoveIf(func(s ptrace.Span) bool { return s.SpanID() == inner })
	r.price(alone)
	assert.Equal(t, 1., r.totals()["arc_llm_calls_total{model=gpt-4o,status=success}"])
}

// gen_ai.usage.cost is ours or is not there: whoever adds it up over the spans
// gets what was counted, whatever the application wrote on those that were not.
func TestReportedCostOnWhatIsNotPriced(t *testing.T) {
	cost := put(attrCost, 0.5)
	t.Run("a wrapper", func(t *testing.T) {
		r := newRig(t, testConfig(nil))
		td := r.price(nested([]func(ptrace.Span){cost}, nil))
		assert.Equal(t, map[string]any{attrReported: 0.5}, written(spanAt(td, 0).Attributes()))
		assert.Equal(t, map[string]any{attrCost: 0.0075}, written(spanAt(td, 1).Attributes()))
		td = r.price(td)
		assert.Equal(t, map[string]any{attrReported: 0.5}, written(spanAt(td, 0).Attributes()), "again")
		assert.Equal(t, 0.0075, r.totals()[costOfGPT4o])
	})
	t.Run("a failed call that cost", func(t *testing.T) {
		r := newRig(t, testConfig(nil))
		td := r.price(callSpan(noTokens, failed, cost))
		assert.Equal(t, map[string]any{attrStatus: "reported", attrCost: 0.5, attrReported: 0.5}, written(firstSpan(td).Attributes()))
	})
	t.Run("a reported 0, which is none", func(t *testing.T) {
		r := newRig(t, testConfig(nil))
		td := r.price(callSpan(noTokens, failed, put(attrCost, 0.)))
		assert.Equal(t, map[string]any{attrStatus: "free"}, written(firstSpan(td).Attributes()))
		td = r.price(td)
		assert.Equal(t, map[string]any{attrStatus: "free"}, written(firstSpan(td).Attributes()), "again")
	})
}

// The configuration decides when a reported cost counts.
func TestReportedCostCounts(t *testing.T) {
	unknown, cost := put("gen_ai.request.model", "nobody-has-this"), put(attrCost, 0.5)
	for name, tt := range map[string]struct {
		when []string
		span []func(ptrace.Span)
		want map[string]any
	}{
		"unpriced, by default": {[]string{"unpriced"}, []func(ptrace.Span){unknown, cost}, map[string]any{attrStatus: "reported", attrCost: 0.5, attrReported: 0.5}},
		"never":                {[]string{"never"}, []func(ptrace.Span){unknown, cost}, map[string]any{attrStatus: "unpriced", attrReported: 0.5}},
		"a price goes first":   {[]string{"unpriced"}, []func(ptrace.Span){cost}, map[string]any{attrCost: 0.0075, attrReported: 0.5}},
		"always of a provider": {[]string{"OpenAI"}, []func(ptrace.Span){cost}, map[string]any{attrStatus: "reported", attrCost: 0.5, attrReported: 0.5}},
		"not of another":       {[]string{"openrouter"}, []func(ptrace.Span){unknown, cost}, map[string]any{attrStatus: "unpriced", attrReported: 0.5}},
		"nothing is no cost":   {[]string{"unpriced"}, []func(ptrace.Span){unknown, put(attrCost, 0.)}, map[string]any{attrStatus: "unpriced"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(func(c *Config) { c.ReportedCost = tt.when }))
			td := r.price(callSpan(tt.span...))
			assert.Equal(t, tt.want, written(firstSpan(td).Attributes()))
		})
	}
}

// An application whose exporter sends each span as it ends sends the call and the
// span around it in batches of their own, the inner one first; another order
// comes of retries.
func TestWrapperInABatchOfItsOwn(t *testing.T) {
	for name, order := range map[string][]int{"inside out": {1, 0}, "outside in": {0, 1}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig(nil))
			both := nested(nil, nil)
			var costs int
			for _, keep := range order {
				td := ptrace.NewTraces()
				both.CopyTo(td)
				kept := spanAt(both, keep).SpanID()
				td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().RemoveIf(func(s ptrace.Span) bool { return s.SpanID() != kept })
				if _, priced := written(firstSpan(r.price(td)).Attributes())[attrCost]; priced {
					costs++
				}
			}
			assert.Equal(t, 1, costs, "one of them has the cost")
			totals := r.totals()
			assert.Equal(t, 1., totals["arc_llm_calls_total{model=gpt-4o,status=success}"])
			assert.Equal(t, 0.0075, totals[costOfGPT4o])
		})
	}
}

// A cost on a span that is not a call is somebody's sum or guess: it is not counted, and
// not left under the name of ours, by which costs are added up downstream.
func TestCostOfWhatIsNotACall(t *testing.T) {
	only := func(attributes map[string]any) func(ptrace.Span) {
		return func(s ptrace.Span) {
			s.Attributes().Clear()
			for key, value := range attributes {
				put(key, value)(s)
			}
		}
	}
	for name, attributes := range map[string]map[string]any{
		"an agent":                 {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.cost": 3.5},
		"a tool":                   {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.usage.cost": 3.5},
		"a span of anything":       {"http.request.method": "POST", "gen_ai.usage.cost": 3.5},
		"a chain of OpenInference": {"openinference.span.kind": "CHAIN", "llm.cost.total": 3.5, "gen_ai.usage.cost": 3.5, "llm.token_count.prompt": 10},
		"a trace of Langfuse":      {"langfuse.observation.type": "span", "langfuse.observation.cost_details": `{"total": 3.5}`, "gen_ai.usage.cost": 3.5},
		"a workflow of Traceloop":  {"traceloop.span.kind": "workflow", "gen_ai.usage.cost": 3.5, "gen_ai.request.model": "gpt-4o"},
		"LangSmith's chain":        {"langsmith.span.kind": "chain", "gen_ai.usage.cost": 3.5, "gen_ai.usage.input_tokens": 4},
		"the AI SDK's outer span":  {"ai.operationId": "ai.generateText", "ai.model.id": "gpt-4o", "ai.usage.promptTokens": 4, "gen_ai.usage.cost": 3.5},
		"a text":                   {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.cost": "3.5"},
	} {
		t.Run(name, func(t *testing.T) {
			p, e := newPage()
			r := newRig(t, testConfig(func(c *Config) { c.ReportedCost = []string{"unpriced", "openai"} }), e)
			got := firstSpan(r.price(callSpan(only(attributes)))).Attributes()
			assert.Empty(t, p.usage.Calls(dashboard.CallQuery{}))
			metadatatest.AssertEqualProcessorLlmCostForeignCosts(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 1}}, metricdatatest.IgnoreTimestamp())
			_, ours := got.Get(attrCost)
			assert.False(t, ours)
			reported, _ := got.Get(attrReported)
			assert.Equal(t, attributes["gen_ai.usage.cost"], reported.AsRaw(), "it is kept")
			assert.Empty(t, latest(r.metricsOut)[metricCost], "and counts for nothing")
		})
	}
}
