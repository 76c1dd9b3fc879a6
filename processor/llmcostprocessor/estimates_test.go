// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

func periodOf(t *testing.T, r *rig) dashboard.Totals {
	t.Helper()
	rows, err := usageSource{r.core()}.Usage(dashboard.Query{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0].Usage
}

// Costs that are estimates are added up by period, persisted across restarts, and added up by reason.
func TestEstimates(t *testing.T) {
	m := &memory{}
	cfg := func() *Config { return withStorage(func(c *Config) { c.MaxModels = 2 }) }
	r := newRig(t, cfg(), m.extension())
	flex := put("openai.response.service_tier", "flex")
	at := func(trace byte) func(ptrace.Span) {
		return func(s ptrace.Span) { s.SetTraceID(pcommon.TraceID{trace}) }
	}
	r.price(callSpan(at(1)))
	r.price(callSpan(at(2), flex))
	r.price(callSpan(at(3), flex))
	want := []dashboard.Estimate{{Provider: "openai", Model: "gpt-4o", Reason: "tier: flex", Calls: 2, Dollars: 0.015}}
	assert.Equal(t, want, usageSource{r.core()}.Estimates())
	totals := periodOf(t, r)
	assert.Equal(t, int64(2), totals.Estimated)
	assert.InDelta(t, 0.015, totals.EstimatedDollars, 1e-15)
	assert.InDelta(t, 0.0225, totals.Dollars, 1e-15)
	calls := usageSource{r.core()}.Calls(dashboard.CallQuery{})
	assert.Equal(t, "estimated", calls[0].CostStatus)
	assert.Equal(t, "priced", calls[2].CostStatus)

	// A better record of a call corrects both: it was of the standard tier.
	better := callSpan(flex, func(s ptrace.Span) { s.SetTraceID(pcommon.TraceID{4}); s.SetSpanID(pcommon.SpanID{1}) })
	inner := callSpan(func(s ptrace.Span) {
		s.SetTraceID(pcommon.TraceID{4})
		s.SetSpanID(pcommon.SpanID{2})
		s.SetParentSpanID(pcommon.SpanID{1})
		s.Attributes().PutInt("gen_ai.usage.cache_read.input_tokens", 0)
		s.Attributes().PutStr("openai.response.service_tier", "default")
	})
	r.price(better)
	r.price(inner)
	totals = periodOf(t, r)
	assert.Equal(t, int64(4), totals.Calls)
	assert.Equal(t, totals.Estimated, usageSource{r.core()}.Estimates()[0].Calls, "the list and the ledger agree after a correction")

	// Names that are made up are counted as one beyond the limit.
	for _, tier := range []string{"a", "b", "c"} {
		r.price(callSpan(put("gen_ai.request.model", "gpt-4o-mini"), put("openai.response.service_tier", tier)))
		r.price(callSpan(put("gen_ai.request.model", "gpt-4.1"), put("openai.response.service_tier", tier)))
	}
	assert.Len(t, usageSource{r.core()}.Estimates(), 3)
	before := periodOf(t, r)
	r.stop()
	r = newRig(t, cfg(), m.extension())
	after := periodOf(t, r)
	assert.Equal(t, before.Estimated, after.Estimated)
	assert.InDelta(t, before.EstimatedDollars, after.EstimatedDollars, 1e-15)
}

// Where the reported cost counts, what the price table makes of the call is kept: the
// disagreement shows either way.
func TestComputedNextToReported(t *testing.T) {
	reported := put("gen_ai.usage.cost", 0.01)
	for name, when := range map[string][]string{"the computed one counts": {"unpriced"}, "the reported one counts": {"openai"}} {
		r := newRig(t, testConfig(func(c *Config) { c.ReportedCost = when }))
		r.price(callSpan(reported))
		calls := usageSource{r.core()}.Calls(dashboard.CallQuery{})
		require.Len(t, calls, 1)
		assert.InDelta(t, 0.01, *calls[0].Reported, 0, name)
		assert.InDelta(t, 0.0075, *calls[0].Computed, 0, name)
		assert.Equal(t, []dashboard.Disagreement{{Model: "gpt-4o", Calls: 1, Reported: 0.01, Computed: 0.0075}}, usageSource{r.core()}.Disagreements(), name)
		assert.InDelta(t, map[string]float64{"unpriced": 0.0075, "openai": 0.01}[when[0]], *calls[0].Dollars, 0)
	}
	r := newRig(t, testConfig(nil))
	r.price(callSpan(reported, put("gen_ai.request.model", "unknown-1")))
	call := usageSource{r.core()}.Calls(dashboard.CallQuery{})[0]
	assert.Equal(t, "reported", call.CostStatus)
	assert.Nil(t, call.Computed)
	assert.Empty(t, usageSource{r.core()}.Disagreements(), "nothing was computed")
}
