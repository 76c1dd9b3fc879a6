// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// byDimension are the points of a metric by the values of their labels.
func byDimension(md pmetric.Metrics, name string) map[string]pmetric.NumberDataPoint {
	out := map[string]pmetric.NumberDataPoint{}
	for _, m := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
		if m.Name() != name {
			continue
		}
		var points pmetric.NumberDataPointSlice
		if m.Type() == pmetric.MetricTypeGauge {
			points = m.Gauge().DataPoints()
		} else {
			points = m.Sum().DataPoints()
		}
		for _, p := range points.All() {
			var key []string
			for _, label := range []string{"provider", "model", "service_name", "gen_ai_agent_name", "user_id", labelKind} {
				key = append(key, attributeOf(p.Attributes(), label))
			}
			out[strings.Join(key, "/")] = p
		}
	}
	return out
}

// ledgerByDimension is the same of the ledger.
func ledgerByDimension(t *testing.T, c *core, calls bool) map[string]float64 {
	t.Helper()
	u := usageSource{c}
	rows, err := u.Usage(dashboard.Query{
		From: morning.Add(-24 * time.Hour), To: morning.Add(24 * time.Hour),
		GroupBy: []string{"provider", "model", "service.name", "gen_ai.agent.name", "user.id"},
	})
	require.NoError(t, err)
	out := map[string]float64{}
	for _, row := range rows {
		value := row.Usage.Dollars
		if calls {
			value = float64(row.Usage.Calls)
		}
		if value != 0 {
			out[strings.Join(row.Group, "/")+"/"] = value
		}
	}
	return out
}

// At any moment, whatever was corrected, and after restarts and kills, the metrics by
// dimension are what the ledger has.
func TestMetricsByDimensionEqualTheLedger(t *testing.T) {
	for seed := range uint64(8) {
		falseclock.Test(t, func(t *testing.T) {
			wakeUp()
			random := rand.New(rand.NewPCG(seed, 2))
			config := withStorage(func(c *Config) { c.Dimensions = dimensionsOf("service.name", "gen_ai.agent.name", "user.id") })
			m := &memory{}
			r := newRig(t, config, m.extension())
			before := map[string]float64{}
			check := func() {
				md := r.persistMetrics()
				costs, ahead := map[string]float64{}, byDimension(md, metricUsageAhead)
				for key, p := range byDimension(md, metricUsageCost) {
					require.GreaterOrEqual(t, p.DoubleValue(), before[key], "seed %d: %s", seed, key)
					before[key] = p.DoubleValue()
					if cost := p.DoubleValue() - valueOfPoint(ahead[key]); cost > 1e-12 {
						costs[key] = cost
					}
				}
				want := ledgerByDimension(t, r.core(), false)
				require.Len(t, costs, len(want), "seed %d: %v %v", seed, costs, want)
				for key, cost := range want {
					require.InDelta(t, cost, costs[key], 1e-12, "seed %d: %s", seed, key)
				}
			}
			var waiting []ptrace.Traces // spans around calls that were sent
			for range 60 {
				switch n := random.IntN(10); {
				case n < 5:
					td := callSpan(put("user.id", fmt.Sprint("user-", random.IntN(3))), put("gen_ai.usage.input_tokens", random.IntN(1000)))
					call := firstSpan(td)
					spanIDs++
					call.SetParentSpanID([8]byte{0xff, byte(spanIDs >> 8), byte(spanIDs)})
					agent := ptrace.NewTraces()
					td.ResourceSpans().At(0).Resource().CopyTo(agent.ResourceSpans().AppendEmpty().Resource())
					span := agent.ResourceSpans().At(0).ScopeSpans().AppendEmpty().Spans().AppendEmpty()
					span.SetTraceID(call.TraceID())
					span.SetSpanID(call.ParentSpanID())
					span.Attributes().PutStr("gen_ai.agent.name", fmt.Sprint("agent-", random.IntN(2)))
					waiting = append(waiting, agent)
					r.price(td)
				case n < 8 && len(waiting) > 0:
					r.price(waiting[0])
					waiting = waiting[1:]
				case n < 9:
					check()
				default:
					if random.IntN(2) == 0 { // killed
						killed := m.copy()
						r.stop()
						m = killed
					} else {
						r.stop()
					}
					r = newRig(t, config, m.extension())
				}
			}
			check()
			for _, td := range waiting {
				r.price(td)
			}
			check()
			r.stop()
		})
	}
}

func valueOfPoint(p pmetric.NumberDataPoint) float64 {
	if p == (pmetric.NumberDataPoint{}) {
		return 0
	}
	return p.DoubleValue()
}

func TestSeriesBeginAtZeroAndHaveExemplars(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		td := callSpan()
		r.price(td)
		before := time.Now()
		md := r.persistMetrics()
		first, calls := byDimension(md, metricUsageCost)["openai/gpt-4o/shop///"], byDimension(md, metricUsageCalls)["openai/gpt-4o/shop///"]
		assert.False(t, first.StartTimestamp().AsTime().After(before))
		time.Sleep(time.Minute)
		r.price(callSpan(put("gen_ai.request.model", "gpt-4o-mini")))
		second := byDimension(r.persistMetrics(), metricUsageCost)["openai/gpt-4o-mini/shop///"]
		assert.Greater(t, second.StartTimestamp().AsTime(), before)
		assert.Less(t, second.StartTimestamp(), second.Timestamp())
		for _, p := range []pmetric.NumberDataPoint{first, calls} {
			require.Equal(t, 1, p.Exemplars().Len())
			assert.Equal(t, firstSpan(td).TraceID(), p.Exemplars().At(0).TraceID())
			assert.Equal(t, firstSpan(td).SpanID(), p.Exemplars().At(0).SpanID())
		}
		assert.Equal(t, 0.0075, first.Exemplars().At(0).DoubleValue())
		md = r.persistMetrics()
		assert.Zero(t, byDimension(md, metricUsageCost)["openai/gpt-4o/shop///"].Exemplars().Len(), "each is sent once")

		r.core().cfg.Exemplars = false
		r.price(callSpan())
		md = r.persistMetrics()
		assert.Zero(t, byDimension(md, metricUsageCost)["openai/gpt-4o/shop///"].Exemplars().Len())
		r.stop()
	})
}

// A bomb of values is bounded, loses nothing, and pushes nobody out who spends more.
func TestCardinalityBomb(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) {
			c.Dimensions, c.MaxSeries, c.MaxRows = dimensionsOf("user.id"), 3, 1000
		}))
		for i := range 500 {
			r.price(callSpan(put("user.id", fmt.Sprint("bomb-", i)), put("gen_ai.usage.input_tokens", 1), put("gen_ai.usage.output_tokens", 1)))
		}
		for range 3 {
			r.price(callSpan(put("user.id", "ada")))
		}
		r.persistMetrics()
		r.price(callSpan(put("user.id", "ada")))
		md := r.persistMetrics()
		points := byDimension(md, metricUsageCalls)
		assert.Len(t, points, 4)
		assert.EqualValues(t, 1, points["openai/gpt-4o///ada/"].IntValue(), "its calls of before are in the overflow series")
		overflow := points["otel.metric.overflow/otel.metric.overflow////"]
		marked, _ := overflow.Attributes().Get(overflowAttribute)
		assert.True(t, marked.Bool())
		total := int64(0)
		for _, p := range points {
			total += p.IntValue()
		}
		assert.EqualValues(t, 504, total)
		r.stop()
	})
}

// A clock that was set back makes no series that starts after its points.
func TestClockThatWasSetBack(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		c := r.core()
		r.price(callSpan())
		w := writer{to: pmetric.NewMetricSlice(), now: pcommon.NewTimestampFromTime(morning.Add(-time.Hour))}
		c.usageSeries(w, morning.Add(-time.Hour))
		require.Positive(t, w.to.Len())
		for _, m := range w.to.All() {
			if m.Type() == pmetric.MetricTypeGauge {
				continue // without a start
			}
			for _, p := range m.Sum().DataPoints().All() {
				assert.LessOrEqual(t, p.StartTimestamp(), p.Timestamp())
			}
		}
		r.stop()
	})
}
