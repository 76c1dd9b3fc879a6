// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboards

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

type sampleModel struct {
	name                  string
	input, output         int64
	dollarsIn, dollarsOut float64 // a million tokens
	weight                int
	seconds               float64
}

var sampleModels = []sampleModel{
	{"claude-sonnet-4-5", 9200, 760, 3, 15, 34, 4.2},
	{"gpt-4o", 4300, 520, 2.5, 10, 22, 2.4},
	{"gpt-4o-mini", 2900, 240, .15, .6, 60, 1.1},
	{"claude-opus-4-1", 7800, 1150, 15, 75, 4, 11},
	{"gemini-2.5-pro", 6100, 900, 1.25, 10, 9, 5.1},
	{"text-embedding-3-large", 1700, 0, .13, 0, 38, .2},
	{"acme-70b-instruct", 3000, 400, 0, 0, 5, 3},
}

// SampleUsage has the calls of three services' agents in the days until now, the same
// each time; every is the interval between calls in working hours.
func SampleUsage(now time.Time, days int, every time.Duration) *Usage {
	u := &Usage{
		Keys: []string{dashboard.Model, "service.name", "gen_ai.agent.name", "user.id"},
		Table: dashboard.PriceTable{
			Version: "2026.03", Date: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Models: 2347,
			Sources: []dashboard.PriceSource{{
				URL: "https://prices.example/list.yaml", Version: "2026-03-08", Models: 12,
				Fetched: time.Date(2026, 3, 8, 6, 0, 0, 0, time.UTC), Tried: time.Date(2026, 3, 9, 6, 0, 0, 0, time.UTC), Err: "the server responded with status 503 Service Unavailable",
			}},
			InUse: []dashboard.PriceInUse{
				{Model: "claude-sonnet-4-5", Provider: "anthropic", List: "built-in", Source: "https://claude.com/pricing", Checked: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)},
				{Model: "house-model", Provider: "our-gateway", List: "https://prices.example/list.yaml", Source: "https://prices.example/list.yaml"},
			},
		},
	}
	random := rand.New(rand.NewPCG(1, 2))
	var weights int
	for _, m := range sampleModels {
		weights += m.weight
	}
	services := []string{"support-desk", "research", "billing"}
	agents := map[string][]string{"support-desk": {"triage", "answer"}, "research": {"planner", "reader", "writer"}, "billing": {"reconcile"}}
	for at := now.Add(-time.Duration(days) * 24 * time.Hour); at.Before(now); {
		hour := float64(at.Hour()) + float64(at.Minute())/60
		busy := .15 + max(0, 1-((hour-14)/6)*((hour-14)/6)) // working hours
		at = at.Add(time.Duration(float64(every) * random.ExpFloat64() / busy))
		if at.After(now) {
			break
		}
		pick := random.IntN(weights)
		m := sampleModels[0]
		for _, m = range sampleModels {
			if pick -= m.weight; pick < 0 {
				break
			}
		}
		service := services[min(random.IntN(5), 2)]
		if m.name == "claude-opus-4-1" || m.name == "gemini-2.5-pro" {
			service = "research"
		}
		u.All = append(u.All, sampleCall(random, m, service, agents[service][random.IntN(len(agents[service]))], at))
	}
	u.addTree()
	used := func(from time.Time) float64 {
		rows, _ := u.Usage(dashboard.Query{From: from, To: now.Add(time.Hour)})
		if len(rows) == 0 {
			return 0
		}
		return rows[0].Usage.Dollars
	}
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	u.BudgetList = []dashboard.Budget{
		{Name: "day", Window: "day", Start: day, End: day.AddDate(0, 0, 1), Used: used(day), Limit: 10},
		{Name: "month", Window: "month", Start: month, End: month.AddDate(0, 1, 0), Used: used(month), Limit: 400, Thresholds: []dashboard.Threshold{{Percent: 50, Reached: month.Add(50 * time.Hour)}, {Percent: 80}, {Percent: 100}}},
	}
	for user := range 6 {
		name := fmt.Sprintf("user-%d", user+1)
		rows, _ := u.Usage(dashboard.Query{From: month, To: now.Add(time.Hour), Where: map[string]string{"user.id": name}})
		if len(rows) > 0 && rows[0].Usage.Dollars > 0 {
			budget := dashboard.Budget{
				Name: "user", Window: "month", By: []string{"user.id"}, Values: []string{name}, Start: month, End: month.AddDate(0, 1, 0), Used: rows[0].Usage.Dollars, Limit: 60,
				Thresholds: []dashboard.Threshold{{Percent: 80}, {Percent: 100}},
			}
			for i := range budget.Thresholds {
				if budget.Used >= budget.Limit*budget.Thresholds[i].Percent/100 {
					budget.Thresholds[i].Reached = now.Add(-time.Duration(30-10*i) * time.Hour)
				}
			}
			u.BudgetList = append(u.BudgetList, budget)
		}
	}
	slices.SortStableFunc(u.BudgetList[2:], func(x, y dashboard.Budget) int { return cmp.Compare(y.Used, x.Used) })
	u.UnpricedList = []dashboard.UnpricedModel{{
		Model: "acme-70b-instruct", Provider: "acme", Calls: 38, Tokens: dashboard.Tokens{Input: 114_000, Output: 15_200}, LastSeen: now.Add(-9 * time.Minute),
		Entry: "  - name: \"acme-70b-instruct\"\n    provider: \"acme\"\n    prices:\n      - {input: \"\", output: \"\"} # dollars per million tokens\n",
	}}
	u.EstimateList = []dashboard.Estimate{{Provider: "openai", Model: "gpt-4o", Reason: "tier: flex", Calls: 31, Dollars: 2.75}}
	u.Bill = dashboard.Billing{
		Lines: []dashboard.BillingLine{
			{Day: day.AddDate(0, 0, -2), Provider: "openai", Model: "gpt-4o", Counted: 41.2, Billed: 35.02, Calls: 811, HasUsage: true, BilledRequests: 811, Ratio: -0.15, Cause: "other_price"},
			{Day: day.AddDate(0, 0, -2), Provider: "openai", Item: "web search tool calls", Billed: 0.25, Ratio: 1, Cause: "fees"},
		},
		Contracts: []dashboard.BillingContract{{
			Provider: "openai", Percent: "-15", Days: 6, Adjustment: "adjustments:\n  - {provider: openai, percent: \"-15\", valid_from: " + day.AddDate(0, 0, -7).Format(time.DateOnly) + "}\n",
		}},
	}
	u.CostList = []dashboard.CostLine{
		{Provider: "anthropic", Model: "claude-sonnet-4-5", Calls: 4120, Counted: 151.3, ReportedCalls: 412, Reported: 13.62, Computed: 15.13, HasBill: true, Billed: 152.04},
		{Provider: "openai", Model: "gpt-4o", Calls: 2811, Counted: 141.2, Estimated: 2.75, HasBill: true, Billed: 120.02},
		{Provider: "acme", Model: "acme-70b-instruct", Calls: 38, Unpriced: 38},
		{Provider: "openai", Item: "web search tool calls", HasBill: true, Billed: .25},
	}
	u.DisagreeList = []dashboard.Disagreement{{Model: "claude-sonnet-4-5", Calls: 412, Reported: 13.62, Computed: 15.13}}
	return u
}

func sampleCall(random *rand.Rand, m sampleModel, service, agent string, at time.Time) Call {
	vary := func(n int64) int64 { return int64(float64(n) * (.5 + random.ExpFloat64()*.6)) }
	tokens := dashboard.Tokens{Input: vary(m.input), Output: vary(m.output)}
	seconds := m.seconds * (.4 + .7*random.ExpFloat64())
	call := Call{
		Time: at, TraceID: fmt.Sprintf("%016x%016x", random.Uint64(), random.Uint64()), SpanID: fmt.Sprintf("%016x", random.Uint64()),
		Values: []string{m.name, service, agent, fmt.Sprintf("user-%d", 1+min(random.IntN(9), random.IntN(9)))},
		Status: "success", Tokens: tokens, Seconds: &seconds,
	}
	call.User, call.Agent, call.Convention, call.Operation = call.Values[3], agent, "gen_ai", "chat"
	call.Session, call.ResponseID = fmt.Sprintf("session-%d", at.Unix()/1800), "resp-"+call.SpanID
	call.Scope = "opentelemetry.instrumentation.openai_v2"
	if first := seconds / 4; m.output > 500 {
		call.FirstToken = &first
	}
	call.Amounts[usage.Input], call.Amounts[usage.Output] = tokens.Input, tokens.Output
	if m.dollarsIn == 0 {
		return call
	}
	if strings.HasPrefix(m.name, "claude") && random.IntN(3) > 0 {
		call.Tokens.CacheRead = tokens.Input * 7 / 10
		call.Amounts[usage.CacheRead] = call.Tokens.CacheRead
		call.Amounts[usage.Input] -= call.Tokens.CacheRead
		call.Saved = float64(call.Tokens.CacheRead) * m.dollarsIn * .9 / 1e6
	}
	dollars := (float64(tokens.Input)*m.dollarsIn+float64(tokens.Output)*m.dollarsOut)/1e6 - call.Saved
	switch random.IntN(60) {
	case 0:
		call.Status, call.ErrorType = "error", []string{"RateLimitError", "APIConnectionError"}[tokens.Input%2]
	case 1:
		call.Status, call.ErrorType, seconds = "timeout", "APITimeoutError", 61
	}
	call.Dollars = &dollars
	return call
}

// SampleAlerts has one alert of each state, and rules of each kind.
func SampleAlerts(now time.Time) *Alerts {
	value := func(v float64) *float64 { return &v }
	cost := dashboard.ActiveAlert{State: "firing", Alert: alertevent.Alert{
		Labels:      map[string]string{"alertname": "HighLLMCost", "severity": "critical", "service": "research"},
		Annotations: map[string]string{"summary": "High LLM cost", "description": "Hourly cost is $12.40, above $10.", "runbook_url": "https://runbooks.example.com/llm-cost"},
		State:       alertevent.Firing, StartsAt: now.Add(-23 * time.Minute), Value: value(12.4),
	}}
	cache := dashboard.ActiveAlert{State: "pending", Alert: alertevent.Alert{
		Labels:      map[string]string{"alertname": "LowCacheHitRate", "severity": "warning"},
		Annotations: map[string]string{"summary": "Low cache hit rate"},
		State:       alertevent.Firing, StartsAt: now.Add(-2 * time.Minute), Value: value(.41),
	}}
	resolved := cache.Alert
	resolved.State, resolved.StartsAt, resolved.EndsAt = alertevent.Resolved, now.Add(-5*time.Hour), now.Add(-4*time.Hour)
	return &Alerts{
		Now: func() time.Time { return now },
		Groups: []dashboard.RuleGroup{{
			Name: "arc", File: "config/rules/arc.yml", Interval: 15 * time.Second, LastEvaluation: now.Add(-6 * time.Second), Duration: 3 * time.Millisecond,
			Rules: []dashboard.Rule{
				{
					Kind: "alerting", Name: "HighLLMCost", Expr: "sum by (service) (increase(arc_llm_cost_dollars[1h])) > 10", For: 5 * time.Minute,
					Labels: map[string]string{"severity": "critical"}, Annotations: cost.Annotations, State: "firing", Health: "ok", Value: value(12.4), Channels: []string{"pagerduty", "slack"},
					Active: ActiveList{cost},
				},
				{
					Kind: "alerting", Name: "LowCacheHitRate", Expr: "sum(rate(arc_cache_hits_total[5m]))\n  / (sum(rate(arc_cache_hits_total[5m])) + sum(rate(arc_cache_misses_total[5m]))) < 0.5", For: 5 * time.Minute,
					Labels: map[string]string{"severity": "warning"}, State: "pending", Health: "ok", Value: value(.41),
					Reason: "It has held for 2m of 5m.", Active: ActiveList{cache},
				},
				{
					Kind: "alerting", Name: "HighErrorRate", Expr: "sum(rate(arc_requests_total{status=~\"5..\"}[5m]))\n  / sum(rate(arc_requests_total[5m])) > 0.05", For: 5 * time.Minute,
					Labels: map[string]string{"severity": "critical"}, State: "inactive", Health: "ok", Reason: "The value is 0.0123, not > 0.05.",
				},
				{Kind: "recording", Name: "arc:llm_cost_dollars:rate1h", Expr: "sum(rate(arc_llm_cost_dollars[1h]))", Health: "ok", Value: value(.0021)},
				{Kind: "event", Name: "HighCostLLMCall", Expr: "attributes[\"gen_ai.usage.cost\"] > 1.0", Labels: map[string]string{"severity": "warning"}, State: "inactive", Health: "ok", Reason: "No span has met the condition since the start.", NoChannel: true},
				{Kind: "alerting", Name: "QueueIsLong", Expr: "arc_queue_size > 100", Labels: map[string]string{"severity": "warning"}, State: "inactive", Health: "ok", Reason: "There is no data for arc_queue_size.", NoData: true},
			},
		}},
		ActiveList: ActiveList{cost, cache},
		HistoryList: []dashboard.HistoryEntry{
			{At: now.Add(-18 * time.Minute), Alert: cost.Alert},
			{At: now.Add(-4 * time.Hour), Alert: resolved},
		},
		ChannelList: []dashboard.Channel{
			{Name: "pagerduty", Waiting: 201, Accepted: now.Add(-26 * time.Hour), Failing: now.Add(-12 * time.Minute), Next: now.Add(3 * time.Minute), Error: "the channel is rejected: refused: status 400: routing key is unknown", Deliveries: []dashboard.Delivery{
				{First: now.Add(-12 * time.Minute), At: now.Add(-2 * time.Minute), Took: 80 * time.Millisecond, Attempts: 3, Alerts: []string{"HighLLMCost"}, Firing: 1, Outcome: "failed", Status: 400, Error: "the channel is rejected: refused: status 400: routing key is unknown"},
			}},
			{Name: "slack", Accepted: now.Add(-18 * time.Minute), Deliveries: []dashboard.Delivery{
				{First: now.Add(-18 * time.Minute), At: now.Add(-18 * time.Minute), Took: 120 * time.Millisecond, Attempts: 1, Alerts: []string{"HighLLMCost"}, Firing: 1, Outcome: "accepted", Status: 200},
				{First: now.Add(-4 * time.Hour), At: now.Add(-239 * time.Minute), Took: 95 * time.Millisecond, Attempts: 2, Alerts: []string{"LowCacheHitRate"}, Resolved: 1, Outcome: "accepted", Status: 200},
			}},
		},
		GraphOf: sampleGraph(now),
		IntervalList: []dashboard.StateInterval{
			{Labels: cost.Labels, State: "pending", From: now.Add(-5 * time.Hour), To: now.Add(-295 * time.Minute)},
			{Labels: cost.Labels, State: "firing", From: now.Add(-295 * time.Minute), To: now.Add(-200 * time.Minute)},
			{Labels: cost.Labels, State: "pending", From: now.Add(-28 * time.Minute), To: now.Add(-23 * time.Minute)},
			{Labels: cost.Labels, State: "firing", From: now.Add(-23 * time.Minute), To: now, Open: true},
		},
		SilenceList: []dashboard.Silence{
			{ID: "0b4c", Matchers: []string{`alertname="HighLatency"`}, StartsAt: now.Add(-time.Hour), EndsAt: now.Add(3 * time.Hour), CreatedBy: "ines", Comment: "load test until the evening"},
			{ID: "night", Matchers: []string{`severity=~"info|warning"`}, StartsAt: now.Add(-48 * time.Hour), Comment: "nobody is up", Configured: true},
		},
	}
}

// sampleGraph has two services, of which one crossed the threshold twice and began late.
func sampleGraph(now time.Time) dashboard.Graph {
	const points = 241
	g := dashboard.Graph{
		Expr: "sum by (service) (increase(arc_llm_cost_dollars[1h]))", From: now.Add(-6 * time.Hour), Step: 90 * time.Second, Limit: 10, Operator: ">",
		Series: []dashboard.GraphSeries{
			{Labels: map[string]string{"service": "research"}, Values: make([]float64, points)},
			{Labels: map[string]string{"service": "support"}, Values: make([]float64, points)},
		},
	}
	for i := range points {
		g.Series[0].Values[i] = 7.5 + 4.5*math.Sin(float64(i)/30) + .4*math.Sin(float64(i)/3)
		g.Series[1].Values[i] = 2.2 + .6*math.Cos(float64(i)/18)
		if i < 20 || 90 < i && i < 100 {
			g.Series[1].Values[i] = math.NaN()
		}
	}
	return g
}

// SampleTrace is a trace with a tree: an agent makes a call, and a tool of it another one.
const SampleTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// addTree has the last two calls be those of the trace.
func (u *Usage) addTree() {
	n := len(u.All)
	if n < 2 {
		return
	}
	const agent, tool = "00f067aa0ba902b7", "53995c3f42cd8ad8"
	first, second := &u.All[n-2].Call, &u.All[n-1].Call
	first.TraceID, first.ParentID, second.TraceID, second.ParentID = SampleTrace, agent, SampleTrace, tool
	began := first.Time.Add(-time.Minute)
	u.StepsOf = map[string][]dashboard.Step{SampleTrace: {
		{SpanID: tool, ParentID: agent, Name: "execute_tool search", Start: first.Time, End: second.Time},
		{SpanID: agent, Name: "invoke_agent researcher", Agent: "researcher", Start: began, End: second.Time.Add(time.Second)},
	}}
}
