// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// billedMetrics are what the receiver emits for a model of OpenAI.
func billedMetrics(day time.Time, item string, dollars float64, usage map[string]int64) pmetric.Metrics {
	md := pmetric.NewMetrics()
	metrics := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	add := func(name, kind string) pmetric.NumberDataPoint {
		m := metrics.AppendEmpty()
		m.SetName(name)
		point := m.SetEmptyGauge().DataPoints().AppendEmpty()
		for key, value := range map[string]string{"provider": "openai", "account": "acme", "project": "", "model_or_item": item, "day": day.Format(time.DateOnly)} {
			point.Attributes().PutStr(key, value)
		}
		if kind != "" {
			point.Attributes().PutStr("kind", kind)
			point.Attributes().PutStr("tier", "standard")
		}
		return point
	}
	add(metricBilledCost, "").SetDoubleValue(dollars)
	for kind, amount := range usage {
		add(metricBilledUsage, kind).SetIntValue(amount)
	}
	return md
}

// What was billed is compared with what was counted, by the day, whatever the spelling of
// the model, and the metrics for the rule are those of the day before yesterday.
func TestBilledIsComparedWithCounted(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		core := r.core()
		time.Sleep(24 * time.Hour) // a day is counted whole only after counting began
		called := time.Now().UTC()
		price := func() {
			traces := callSpan()
			span := firstSpan(traces)
			span.Attributes().PutStr("gen_ai.provider.name", "openai")
			r.price(traces)
		}
		price()
		synctest.Wait()
		cost := cost(r).(float64) // another call
		require.Positive(t, cost)
		time.Sleep(48 * time.Hour)
		synctest.Wait() // a tick of the metrics at this moment would see half of the bill
		now := time.Now().UTC()
		day := called.Truncate(24 * time.Hour)
		lines := usageSource{core}.Billing(day, day.Add(24*time.Hour)).Lines
		assert.Empty(t, lines, "no bill is known")

		core.readBilled(billedMetrics(day, "gpt-4o-2024-08-06", 10*cost, map[string]int64{"input": 10_000_000, "requests": 20}))
		core.readBilled(billedMetrics(day, "web search tool calls", 0.25, nil))
		lines = usageSource{core}.Billing(day, day.Add(24*time.Hour)).Lines
		require.Len(t, lines, 2)
		item, model := lines[0], lines[1]
		assert.Equal(t, "web search tool calls", item.Item)
		assert.Equal(t, "fees", item.Cause)
		assert.Equal(t, "gpt-4o", model.Model)
		assert.Equal(t, int64(2), model.Calls)
		assert.InDelta(t, 2*cost, model.Counted, 1e-12)
		assert.InDelta(t, 10*cost, model.Billed, 1e-12)
		assert.Equal(t, int64(10_000_000), model.BilledAmounts[usage.Input])
		assert.Equal(t, "uncounted_traffic", model.Cause)
		assert.InDelta(t, 0.8, model.Ratio, 1e-9)

		costs := usageSource{core}.Costs(day, day.Add(24*time.Hour))
		require.Len(t, costs, 2)
		assert.Equal(t, []string{"gpt-4o", "web search tool calls"}, []string{costs[1].Model, costs[0].Item}, "the largest amount first")
		assert.InDelta(t, 2*cost, costs[1].Counted, 1e-12)
		assert.InDelta(t, 10*cost, costs[1].Billed, 1e-12)
		assert.True(t, costs[0].HasBill)
		assert.Zero(t, costs[0].Calls)

		totals := r.billingTotals(now)
		require.Len(t, totals, 1)
		assert.Equal(t, "openai", totals[0].provider)
		assert.InDelta(t, 2*cost, totals[0].counted.Dollars(), 1e-12)
		assert.InDelta(t, 10*cost+0.25, totals[0].billed.Dollars(), 1e-12)
		md := r.persistMetrics()
		found := map[string]float64{}
		for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			if m.Type() == pmetric.MetricTypeGauge && m.Gauge().DataPoints().Len() > 0 {
				found[m.Name()] = m.Gauge().DataPoints().At(0).DoubleValue()
			}
		}
		assert.InDelta(t, (8*cost+0.25)/(10*cost+0.25), found[metricBillingRatio], 1e-9)
		assert.Empty(t, r.billingTotals(now.Add(24*time.Hour)), "nothing is known of the day after")
	})
}

// A day on which counting began is not compared by the rule.
func TestDayOnWhichCountingBegan(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		day := time.Now().UTC().Truncate(24 * time.Hour)
		r.core().readBilled(billedMetrics(day, "gpt-4o", 5, nil))
		time.Sleep(48 * time.Hour)
		assert.Empty(t, r.billingTotals(time.Now()))
		lines := usageSource{r.core()}.Billing(day, day.Add(24*time.Hour)).Lines
		require.Len(t, lines, 1)
		assert.Equal(t, "not_counting", lines[0].Cause)
	})
}

// Senseless points are counted and nothing else happens.
func TestBilledPointsThatMakeNoSense(t *testing.T) {
	r := newRig(t, testConfig(nil))
	for _, md := range []pmetric.Metrics{
		billedMetrics(time.Time{}, "gpt-4o", 1e300, map[string]int64{"input": -1}),
	} {
		r.core().readBilled(md)
	}
	assert.True(t, r.core().billing.bill.IsEmpty())
	sum := pmetric.NewMetrics()
	m := sum.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName(metricBilledCost)
	m.SetEmptySum().DataPoints().AppendEmpty().SetDoubleValue(1)
	r.core().readBilled(sum)
	assert.True(t, r.core().billing.bill.IsEmpty())
	_ = context.Background()
}
