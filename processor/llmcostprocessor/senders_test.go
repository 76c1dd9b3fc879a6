// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
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

func newScope(name, version string) pcommon.InstrumentationScope {
	scope := pcommon.NewInstrumentationScope()
	scope.SetName(name)
	scope.SetVersion(version)
	return scope
}

func service(name string) pcommon.Map {
	attributes := pcommon.NewMap()
	attributes.PutStr("service.name", name)
	return attributes
}

// However many senders there are, they have a bounded number of entries, and none of their records
// is lost. Those that have sent nothing for a day make room for new ones.
func TestSendersAreBounded(t *testing.T) {
	s := newSenders(&Config{})
	for i := range 3 * maxSenders {
		s.add(service(fmt.Sprint("service-", i)), newScope(strings.Repeat("é", maxSenderName), "1"), &tally{spans: 2}, morning)
	}
	assert.Equal(t, maxSenders, s.len())
	assert.EqualValues(t, 4*maxSenders, s.unlisted())
	arrivals := s.arrivals(morning)
	assert.Len(t, arrivals.Senders, maxSenders+1)
	sum := int64(0)
	for _, one := range arrivals.Senders {
		sum += one.Records()
		assert.LessOrEqual(t, len(one.Scope), maxSenderName)
	}
	assert.EqualValues(t, 6*maxSenders, sum)

	later := morning.Add(senderIdle + time.Hour)
	s.add(service("new"), newScope("", ""), &tally{spans: 1}, later)
	assert.Equal(t, 1, s.len())
	assert.EqualValues(t, 4*maxSenders, s.unlisted(), "the overflow entry stays")
}

// The rate is the average of the last minutes, and of fewer where there are fewer.
func TestRates(t *testing.T) {
	s := newSenders(&Config{})
	rate := func(at time.Time) float64 { return s.arrivals(at).Senders[0].PerMinute }
	s.add(service("a"), newScope("", ""), &tally{spans: 30}, morning)
	assert.InDelta(t, 30, rate(morning), 1e-9)
	assert.InDelta(t, 10, rate(morning.Add(3*time.Minute)), 1e-9)
	assert.InDelta(t, 2, rate(morning.Add(14*time.Minute+59*time.Second)), .1)
	assert.Zero(t, rate(morning.Add(15*time.Minute)))
	s.add(service("a"), newScope("", ""), &tally{logRecords: 15}, morning.Add(time.Hour))
	assert.InDelta(t, 1, rate(morning.Add(time.Hour)), 1e-9)
	s.add(service("a"), newScope("", ""), &tally{logRecords: 15}, morning) // the clock was set back
	assert.InDelta(t, 2, rate(morning.Add(time.Hour)), 1e-9)
}

// A service whose name a dimension is not to show is not listed by it.
func TestHiddenServices(t *testing.T) {
	s := newSenders(&Config{Dimensions: []DimensionConfig{{Name: "app", From: []string{"service.name"}, Hash: true}}})
	s.add(service("payroll"), newScope("", ""), &tally{spans: 1}, morning)
	arrivals := s.arrivals(morning)
	assert.Equal(t, hiddenService, arrivals.Senders[0].Service)
	assert.Equal(t, []string{"app"}, arrivals.ServiceIn)
}
