// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/sender"
)

// What arrives is listed by who sent it, with why records are not calls: as arctool explain has it.
func TestArrivals(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		p, e := newPage()
		r := newRig(t, testConfig(nil), e)
		td := callSpan()
		td.ResourceSpans().At(0).Resource().Attributes().PutStr("service.name", "shop")
		scope := td.ResourceSpans().At(0).ScopeSpans().At(0)
		scope.Scope().SetName("openai")
		scope.Scope().SetVersion("1.2")
		spans := scope.Spans()
		for _, attributes := range []map[string]any{
			{"http.request.method": "GET"},
			{"gen_ai.conversation.id": "1"},
			{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a"},
			{"gen_ai.operation.name": "chat", "gen_ai.request.model": strings.Repeat("m", 300), "gen_ai.usage.input_tokens": 1},
		} {
			require.NoError(t, spans.AppendEmpty().Attributes().FromRaw(attributes))
		}
		r.price(td)

		ld := plog.NewLogs()
		records := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
		records.AppendEmpty().Body().SetStr("a line")
		r.priceLogs(ld)

		md := pmetric.NewMetrics()
		metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
		metrics.AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty()
		metrics.AppendEmpty().SetEmptySum().DataPoints().AppendEmpty()
		metrics.AppendEmpty().SetEmptyHistogram().DataPoints().AppendEmpty()
		metrics.AppendEmpty().SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
		metrics.AppendEmpty().SetEmptySummary().DataPoints().AppendEmpty()
		metrics.AppendEmpty()
		require.NoError(t, r.metrics.ConsumeMetrics(t.Context(), md))

		source := p.usage.(dashboard.TrafficSource)
		arrivals := source.Arrivals()
		assert.Equal(t, []string{"service.name"}, arrivals.ServiceIn)
		byName := map[string]dashboard.Sender{}
		total := int64(0)
		for _, s := range arrivals.Senders {
			byName[s.Service+" "+s.Scope+" "+s.Version] = s
			total += s.Records()
		}
		require.Len(t, byName, 2)
		shop := byName["shop openai 1.2"]
		assert.EqualValues(t, 5, shop.Spans)
		assert.EqualValues(t, 2, shop.Calls, "one without a price, since its model makes no sense")
		assert.Equal(t, map[string]int64{dashboard.NoKeys: 1, dashboard.NoMatch: 1, dashboard.Aggregate: 1}, shop.NotCalls)
		assert.True(t, shop.Last.Equal(time.Now()))
		unnamed := byName["  "]
		assert.EqualValues(t, 1, unnamed.LogRecords)
		assert.EqualValues(t, 5, unnamed.DataPoints)
		assert.Equal(t, map[string]int64{dashboard.NoKeys: 1, dashboard.DataPoint: 5}, unnamed.NotCalls)
		traffic := source.Traffic()
		assert.Equal(t, traffic.Spans+traffic.LogRecords+traffic.DataPoints, total)
	})
}

// Each reason has a text.
func TestReasonsHaveTexts(t *testing.T) {
	for _, reason := range dashboard.Reasons() {
		assert.NotEqual(t, reason.Name, dashboard.ReasonOf(reason.Name).Text)
		assert.NotEmpty(t, reason.Advice, reason.Name)
	}
	assert.Equal(t, "other", dashboard.ReasonOf("other").Text)
}

// A service whose name a dimension is not to show is not listed by it.
func TestHiddenServices(t *testing.T) {
	a := newArrivals([]DimensionConfig{{Name: "app", From: []string{"service.name"}, Hash: true}})
	resource := pcommon.NewMap()
	resource.PutStr("service.name", "payroll")
	a.note(resource, pcommon.NewInstrumentationScope(), &sender.Tally{Spans: 1}, morning)
	arrivals := a.Arrivals(morning)
	assert.Equal(t, hiddenService, arrivals.Senders[0].Service)
	assert.Equal(t, []string{"app"}, arrivals.ServiceIn)
}
