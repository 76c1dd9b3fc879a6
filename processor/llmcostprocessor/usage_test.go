// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// page is an extension that keeps what shows itself.
type page struct{ usage dashboard.Usage }

func (*page) Start(context.Context, component.Host) error { return nil }

func (*page) Shutdown(context.Context) error { return nil }

func (p *page) ShowUsage(_ component.ID, source dashboard.Usage) func() {
	p.usage = source
	return func() { p.usage = nil }
}

func (*page) ShowAlerts(component.ID, dashboard.Alerts) func() { return func() {} }

func newPage() (*page, extension) {
	p := new(page)
	return p, extension{id: component.MustNewID("dashboard"), component: p}
}

func endsAt(at time.Time) func(ptrace.Span) {
	return func(span ptrace.Span) {
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(at.Add(-1500 * time.Millisecond)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(at))
	}
}

// TestAgents: the agent is one dimension, under whatever key a convention has it.
func TestAgents(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		p, e := newPage()
		r := newRig(t, testConfig(nil), e)
		r.price(callSpan(put("gen_ai.agent.name", "otel's")))
		r.price(callSpan(put("agent.name", "nobody's"))) // no key of the convention
		r.price(callSpan(
			put("gen_ai.operation.name", nil), put("openinference.span.kind", "LLM"), put("llm.model_name", "gpt-4o"),
			put("agent.name", "openinference's"),
		))
		traffic := p.usage.(dashboard.TrafficSource).Traffic()
		assert.Equal(t, dashboard.Traffic{Spans: 3, Outcomes: map[string]int64{outcomePriced: 3}}, traffic)
		rows, err := p.usage.Usage(dashboard.Query{From: morning, To: morning.Add(time.Hour), GroupBy: []string{attrAgent}})
		require.NoError(t, err)
		var agents []string
		for _, row := range rows {
			agents = append(agents, row.Group[0])
		}
		assert.Equal(t, []string{"", "openinference's", "otel's"}, agents)
	})
}

func TestUsage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		p, e := newPage()
		r := newRig(t, testConfig(func(c *Config) {
			c.Dimensions = dimensionsOf("service.name", "user.id")
			c.Budgets = []BudgetConfig{
				{Name: "all", Window: WindowDay, Limit: 1},
				{Name: "ada", Window: WindowMonth, Limit: 2, Where: map[string]string{"user.id": "ada"}},
			}
		}), e)
		u := p.usage
		require.NotNil(t, u)
		assert.Equal(t, []string{"model", "service.name", "user.id", "provider"}, u.Dimensions())

		r.price(callSpan(put("user.id", "ada"), endsAt(morning.Add(-time.Hour))))
		r.price(callSpan(put("user.id", "ada")))
		r.price(callSpan(put("user.id", "bob"), put("gen_ai.usage.cache_read.input_tokens", 600), put("gen_ai.usage.reasoning.output_tokens", 100)))
		failed := callSpan(put("user.id", "bob"), put("gen_ai.request.model", "gpt-4o-mini"))
		firstSpan(failed).Status().SetCode(ptrace.StatusCodeError)
		r.price(failed)

		hour := morning.Truncate(time.Hour)
		rows, err := u.Usage(dashboard.Query{
			From: morning.Add(-time.Hour), To: morning.Add(time.Hour), Steps: []time.Time{hour.Add(-time.Hour), hour},
			GroupBy: []string{"user.id"}, Where: map[string]string{"model": "gpt-4o"},
		})
		require.NoError(t, err)
		require.Len(t, rows, 3)
		assert.Equal(t, []any{hour.Add(-time.Hour), "ada", int64(1), 0.0075}, []any{rows[0].Start, rows[0].Group[0], rows[0].Usage.Calls, rows[0].Usage.Dollars})
		assert.Equal(t, []any{hour, "ada", int64(1)}, []any{rows[1].Start, rows[1].Group[0], rows[1].Usage.Calls})
		assert.Equal(t, dashboard.Row{Start: hour, Group: []string{"bob"}, Usage: dashboard.Totals{
			Calls: 1, Tokens: dashboard.Tokens{Input: 1000, Output: 500, CacheRead: 600, Reasoning: 100},
			Amounts: usage.Amounts{usage.Input: 400, usage.CacheRead: 600, usage.Output: 400, usage.Reasoning: 100},
			// 400 × 2.50 + 600 × 1.25 + 500 × 10 per million; without the cache 1000 × 2.50.
			Dollars: 0.00675, SavedDollars: 0.00075,
			Timed: 1, Seconds: 1.5, Buckets: []uint64{0, 0, 0, 1, 0, 0, 0, 0, 0},
		}}, rows[2])

		byProvider, err := u.Usage(dashboard.Query{From: morning.Add(-time.Hour), To: morning.Add(time.Hour), GroupBy: []string{"provider"}, Where: map[string]string{"provider": "openai"}})
		require.NoError(t, err)
		require.Len(t, byProvider, 1)
		assert.Equal(t, []any{"openai", int64(4), hour.Add(-time.Hour)}, []any{byProvider[0].Group[0], byProvider[0].Usage.Calls, byProvider[0].Start})

		all, err := u.Usage(dashboard.Query{From: morning.Add(-24 * time.Hour), To: morning.Add(time.Minute)})
		require.NoError(t, err)
		require.Len(t, all, 1)
		assert.Equal(t, []any{int64(4), int64(1)}, []any{all[0].Usage.Calls, all[0].Usage.Errors})

		for name, q := range map[string]dashboard.Query{
			`group by: "team" is no dimension`: {From: morning, To: morning.Add(1), GroupBy: []string{"team"}},
			`where: "team" is no dimension`:    {From: morning, To: morning.Add(1), Where: map[string]string{"team": "x"}},
			"is not before":                    {From: morning, To: morning},
			"steps are not in order":           {From: morning, To: morning.Add(1), Steps: []time.Time{morning, morning.Add(-1)}},
			"12001 steps are more than 12000":  {From: morning, To: morning.Add(1), Steps: make([]time.Time, maxSteps+1)},
		} {
			_, err := u.Usage(q)
			assert.ErrorContains(t, err, name)
		}

		calls := u.Calls(dashboard.CallQuery{Where: map[string]string{"user.id": "bob"}, MostExpensive: true})
		require.Len(t, calls, 2)
		assert.Equal(t, []string{"gpt-4o", "shop", "bob", "openai"}, calls[0].Values)
		assert.Equal(t, []any{0.00675, 1.5, "success"}, []any{*calls[0].Dollars, *calls[0].Seconds, calls[0].Status})
		assert.Equal(t, hex.EncodeToString(append(make([]byte, 15), 1)), calls[0].TraceID)
		assert.Equal(t, "error", calls[1].Status)
		newest := u.Calls(dashboard.CallQuery{Limit: 1, To: morning})
		require.Len(t, newest, 1)
		assert.Equal(t, morning.Add(-time.Hour), newest[0].Time.UTC())

		budgets := u.Budgets()
		require.Len(t, budgets, 2)
		assert.InDelta(t, 0.0075+0.0075+0.00675+0.00045, budgets[0].Used, 1e-12)
		assert.Equal(t, []any{"ada", "month", 0.015, 2.0}, []any{budgets[1].Name, budgets[1].Window, budgets[1].Used, budgets[1].Limit})
		assert.Equal(t, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), budgets[1].End)
		assert.Greater(t, u.Prices().Models, 4000)

		time.Sleep(15 * time.Second)
		synctest.Wait()
		assert.Equal(t, 0.0075, latest(r.metricsOut)["arc_llm_budget_used_ratio{budget=ada}"])
		r.stop()
		assert.Nil(t, p.usage, "hidden when it stops")
	})
}

// rowsWanted are the rows that EachRow gives, by start and group.
func rowsWanted(t *testing.T, u dashboard.Usage, q dashboard.Query, want dashboard.Wanted) []dashboard.Row {
	t.Helper()
	rows := []dashboard.Row{}
	require.NoError(t, u.(dashboard.RowSource).EachRow(q, want, func(row *dashboard.Row) {
		own := *row
		own.Usage.Buckets = slices.Clone(own.Usage.Buckets)
		rows = append(rows, own)
	}))
	slices.SortFunc(rows, func(a, b dashboard.Row) int {
		return cmp.Or(a.Start.Compare(b.Start), slices.Compare(a.Group, b.Group))
	})
	return rows
}

// What is left out of rows is left out, and nothing else: also of rows without calls, and of those
// that corrections took out.
func TestEachRow(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		p, e := newPage()
		r := newRig(t, testConfig(func(c *Config) { c.Dimensions = dimensionsOf("service.name", "user.id") }), e)
		for i := range 20 {
			r.price(callSpan(put("user.id", string(rune('a'+i%7))), endsAt(morning.Add(-time.Duration(i%3)*time.Hour))))
			if i == 10 {
				r.core().save(t.Context())
			}
		}
		hour := morning.Truncate(time.Hour)
		uncounted := ledger.Call{Model: "gpt-4o", Dimensions: ledger.Dimensions{"", "nobody"}, Hour: ledger.HourOf(hour), Many: true, Cost: 5}
		gone := ledger.Call{Model: "gpt-4o", Dimensions: ledger.Dimensions{"", "gone"}, Hour: ledger.HourOf(hour), Cost: 5}
		r.core().ledger.Record([]ledger.Call{uncounted, gone}, morning)
		r.core().ledger.Apply([]ledger.Change{{Out: &gone, Place: new(ledger.Place)}}, morning)
		q := dashboard.Query{
			From: hour.Add(-2 * time.Hour), To: hour.Add(time.Hour), Steps: []time.Time{hour.Add(-2 * time.Hour), hour.Add(-time.Hour), hour}, GroupBy: []string{"user.id"},
		}
		for _, steps := range [][]time.Time{q.Steps, nil} {
			q.Steps = steps
			whole, err := p.usage.Usage(q)
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(whole), 8)
			every := rowsWanted(t, p.usage, q, dashboard.Wanted{})
			assert.Equal(t, whole, every)
			some := rowsWanted(t, p.usage, q, dashboard.Wanted{Figures: dashboard.CostFigures})
			require.Len(t, some, len(whole))
			for i := range some {
				assert.Equal(t, whole[i].Group, some[i].Group)
				assert.Equal(t, whole[i].Usage.Dollars, some[i].Usage.Dollars)
			}
			groups := [][]string{{"c"}, {"nobody"}, {"gone"}, {"other"}}
			want := slices.DeleteFunc(slices.Clone(whole), func(row dashboard.Row) bool { return row.Group[0] != "c" && row.Group[0] != "nobody" })
			found := rowsWanted(t, p.usage, q, dashboard.Wanted{Groups: groups})
			assert.Equal(t, want, found)
		}
		require.Error(t, p.usage.(dashboard.RowSource).EachRow(dashboard.Query{From: morning, To: morning}, dashboard.Wanted{}, nil))
	})
}

func TestUnpricedModels(t *testing.T) {
	p, e := newPage()
	r := newRig(t, testConfig(func(c *Config) { c.MaxModels = 2 }), e)
	for i := range 5 {
		for range i + 1 {
			r.price(callSpan(put("gen_ai.provider.name", `our "gateway": x`), put("gen_ai.request.model", fmt.Sprintf("house-%d", i))))
		}
	}
	models := p.usage.Unpriced()
	require.Len(t, models, 3)
	assert.Equal(t, []any{"otel.metric.overflow", int64(12)}, []any{models[0].Model, models[0].Calls})
	assert.Equal(t, []any{"house-1", int64(2), int64(2000), int64(1000)}, []any{models[1].Model, models[1].Calls, models[1].Tokens.Input, models[1].Tokens.Output})
	var file struct {
		Models []map[string]any `yaml:"models"`
	}
	require.NoError(t, yaml.Unmarshal([]byte("models:\n"+models[1].Entry), &file))
	assert.Equal(t, []any{"house-1", `our "gateway": x`}, []any{file.Models[0]["name"], file.Models[0]["provider"]})
}

func TestDisagreements(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		p, e := newPage()
		r := newRig(t, testConfig(nil), e)
		r.price(callSpan(put("gen_ai.usage.cost", 0.0085)))
		r.price(callSpan(put("gen_ai.usage.cost", 0.0055)))
		r.price(callSpan(put("gen_ai.usage.cost", 0.0060)))
		r.price(callSpan()) // reports nothing
		r.price(callSpan(put("gen_ai.request.model", "gpt-4"), put("gen_ai.usage.cost", 0.060)))
		r.price(callSpan(put("gen_ai.request.model", "unknown-model"), put("gen_ai.usage.cost", 5.0)))
		assert.Equal(t, []dashboard.Disagreement{{Model: "gpt-4o", Calls: 3, Reported: 0.02, Computed: 0.0225}}, p.usage.Disagreements())
		time.Sleep(15 * time.Second)
		synctest.Wait()
		got := latest(r.metricsOut)
		assert.Equal(t, -0.0025, got["arc_llm_cost_reported_difference_dollars{model=gpt-4o}"])
		assert.Equal(t, 0.0, got["arc_llm_cost_reported_difference_dollars{model=gpt-4}"])
		assert.NotContains(t, got, "arc_llm_cost_reported_difference_dollars{model=unknown-model}")
	})
}

// Only the duration histogram has exemplars: some versions of Prometheus reject a
// scrape with an exemplar on arc_llm_cost_dollars.
func TestExemplars(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		sent := firstSpan(r.price(callSpan()))
		time.Sleep(15 * time.Second)
		synctest.Wait()
		found := 0
		eachMetric(r.metricsOut.AllMetrics()[0], func(m pmetric.Metric) {
			if m.Name() == metricCost {
				assert.Zero(t, m.Sum().DataPoints().At(0).Exemplars().Len())
			}
			if m.Name() != metricDuration {
				return
			}
			for _, exemplar := range m.Histogram().DataPoints().At(0).Exemplars().All() {
				found++
				assert.Equal(t, sent.TraceID(), exemplar.TraceID())
				assert.Equal(t, sent.SpanID(), exemplar.SpanID())
				assert.Equal(t, 1.5, exemplar.DoubleValue())
			}
		})
		assert.Equal(t, 1, found)
	})
}
