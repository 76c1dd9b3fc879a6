// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	maxHours  = 93 * 24 // of a query
	maxGroups = 200     // that are distinguished
	maxCalls  = 1000    // of a list; an export has them all
	maxRows   = 100_000 // of a response
)

// usageOf is the source of a request.
func (b *dashboardServer) usageOf(p *params) (dashboard.Usage, error) {
	id := p.text("source")
	usage, ok := b.usage.named(id)
	switch {
	case ok:
		return usage, nil
	case id == "":
		return nil, &failure{notFound, errors.New("no llm_cost processor is running")}
	default:
		return nil, &failure{notFound, fmt.Errorf("parameter source: there is no %q, but %q", id, b.usage.ids())}
	}
}

func (b *dashboardServer) getSources(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	if err := p.err(); err != nil {
		return response{}, err
	}
	list := sourcesJSON{Usage: []usageSourceJSON{}, Alerts: append([]string{}, b.alerts.ids()...), Writable: len(b.silenceable()) > 0}
	for _, shown := range b.usage.all() {
		prices := shown.asked.Prices()
		list.Usage = append(list.Usage, usageSourceJSON{
			ID: shown.id.String(), Dimensions: shown.asked.Dimensions(),
			Prices: newPricesJSON(&prices),
		})
	}
	return response{data: list}, nil
}

func (b *dashboardServer) getSummary(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	where := p.where(usage.Dimensions())
	if err := p.err(); err != nil {
		return response{}, err
	}
	now := b.now().UTC()
	windows, err := windowsOf(usage, where, now)
	if err != nil {
		return response{}, err
	}
	summary := summaryJSON{
		Now:  now.Truncate(time.Second),
		Hour: newTotalsJSON(&windows.Hour), Today: newTotalsJSON(&windows.Today), Month: newTotalsJSON(&windows.Month),
		Budgets: newBudgetsJSON(usage.Budgets()),
	}
	summary.Yesterday.Hour, summary.Yesterday.Today = windows.YesterdayHour, windows.YesterdayToday
	return response{data: summary}, nil
}

func windowsOf(usage dashboard.Usage, where map[string]string, now time.Time) (spend.Windows, error) {
	from, to := spend.WindowsFrom(now)
	rows, err := usage.Usage(dashboard.Query{From: from, To: to, Step: time.Hour, Where: where})
	if err != nil {
		return spend.Windows{}, err
	}
	return spend.Split(rows, now), nil
}

// usageQuery are the parameters of the endpoints that sum calls.
type usageQuery struct {
	usage   dashboard.Usage
	query   dashboard.Query
	measure spend.Measure
	limit   int
	csv     bool
}

func (b *dashboardServer) readUsageQuery(r *http.Request, by bool) (usageQuery, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return usageQuery{}, err
	}
	known := usage.Dimensions()
	q := usageQuery{
		usage:   usage,
		measure: spend.Measure(p.oneOf("measure", string(spend.Cost), string(spend.Tokens), string(spend.Calls))),
		limit:   p.number("limit", 20, maxGroups),
		csv:     p.oneOf("format", "json", "csv") == "csv",
	}
	hours := p.number("hours", 24, maxHours)
	q.query.To = b.now().UTC().Truncate(time.Hour).Add(time.Hour)
	q.query.From = q.query.To.Add(-time.Duration(hours) * time.Hour)
	q.query.Where = p.where(known)
	q.query.GroupBy = []string{dashboard.Model}
	if by {
		q.query.GroupBy = p.by(known, dashboard.Model)
	}
	return q, p.err()
}

func (b *dashboardServer) getHourly(r *http.Request) (response, error) {
	q, err := b.readUsageQuery(r, true)
	if err != nil {
		return response{}, err
	}
	hours := int(q.query.To.Sub(q.query.From) / time.Hour)
	if rows := hours * (q.limit + 1); rows > maxRows {
		return response{}, &failure{badData, fmt.Errorf("parameter limit: %d hours of %d groups are more than %d rows", hours, q.limit, maxRows)}
	}
	q.query.Step = time.Hour
	rows, err := q.usage.Usage(q.query)
	if err != nil {
		return response{}, err
	}
	stack := spend.NewStack(rows, q.query.From, q.query.To, time.Hour, q.measure, q.limit)
	list := []groupJSON{}
	for i, start := range stack.Starts {
		for series := range stack.Groups {
			if usage := &stack.Usage[series][i]; usage.Calls > 0 {
				list = append(list, groupJSON{Start: &start, Group: q.group(stack.Groups[series]), totalsJSON: newTotalsJSON(usage)})
			}
		}
	}
	return q.response("usage-hourly", list)
}

func (b *dashboardServer) getModels(r *http.Request) (response, error) {
	return b.groups(r, false, "usage-models")
}

func (b *dashboardServer) getGroups(r *http.Request) (response, error) {
	return b.groups(r, true, "usage-groups")
}

func (b *dashboardServer) groups(r *http.Request, by bool, name string) (response, error) {
	q, err := b.readUsageQuery(r, by)
	if err != nil {
		return response{}, err
	}
	rows, err := q.usage.Usage(q.query)
	if err != nil {
		return response{}, err
	}
	all := spend.Sum(rows)
	list := []groupJSON{}
	for _, group := range spend.Top(spend.Rank(rows, q.measure), q.limit) {
		share, _ := spend.Ratio(q.measure.Of(&group.Usage), q.measure.Of(&all))
		list = append(list, groupJSON{Group: q.group(group), Share: &share, totalsJSON: newTotalsJSON(&group.Usage)})
	}
	return q.response(name, list)
}

// group names the values of a group; nil is for the others.
func (q *usageQuery) group(g spend.Group) map[string]string {
	if g.Others {
		return nil
	}
	return values(q.query.GroupBy, g.Values)
}

func (q *usageQuery) response(name string, list []groupJSON) (response, error) {
	if q.csv {
		return csvResponse(name, groupsTable(q.query.GroupBy, list)), nil
	}
	return response{data: rangeJSON{From: q.query.From, To: q.query.To, By: q.query.GroupBy, Rows: list}}, nil
}

func (b *dashboardServer) getBudgets(r *http.Request) (response, error) {
	return b.listOf(r, func(usage dashboard.Usage) any { return newBudgetsJSON(usage.Budgets()) })
}

func (b *dashboardServer) getUnpriced(r *http.Request) (response, error) {
	return b.listOf(r, func(usage dashboard.Usage) any {
		list := []unpricedJSON{}
		for _, model := range usage.Unpriced() {
			list = append(list, unpricedJSON{
				Model: model.Model, Provider: model.Provider, Calls: model.Calls, Tokens: newTokensJSON(model.Tokens),
				LastSeen: model.LastSeen.UTC(), Entry: model.Entry,
			})
		}
		return list
	})
}

func (b *dashboardServer) getDisagreements(r *http.Request) (response, error) {
	return b.listOf(r, func(usage dashboard.Usage) any {
		list := []disagreementJSON{}
		for _, d := range usage.Disagreements() {
			list = append(list, disagreementJSON{
				Model: d.Model, Calls: d.Calls, Reported: d.Reported, Computed: d.Computed, Difference: d.Reported - d.Computed,
			})
		}
		return list
	})
}

func (b *dashboardServer) getEstimates(r *http.Request) (response, error) {
	return b.listOf(r, func(usage dashboard.Usage) any {
		list := []estimateJSON{}
		for _, e := range usage.Estimates() {
			list = append(list, estimateJSON{Model: e.Model, Provider: e.Provider, Reason: e.Reason, Calls: e.Calls, Cost: e.Dollars})
		}
		return list
	})
}

func (b *dashboardServer) getPrices(r *http.Request) (response, error) {
	return b.listOf(r, func(usage dashboard.Usage) any {
		prices := usage.Prices()
		return newUsedPricesJSON(&prices, b.now())
	})
}

// listOf responds with a complete list of a source.
func (b *dashboardServer) listOf(r *http.Request, list func(dashboard.Usage) any) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	if err := p.err(); err != nil {
		return response{}, err
	}
	return response{data: list(usage)}, nil
}

func (b *dashboardServer) getCalls(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	query := dashboard.CallQuery{
		Where:         p.where(usage.Dimensions()),
		MostExpensive: p.oneOf("order", "newest", "most_expensive", "costliest") != "newest", // costliest is deprecated
		MergedBy:      p.oneOf("merged_by", "", "same_span", "response_id", "nested", "stream", "concurrent"),
		Problems:      p.oneOf("problems", "false", "true") == "true",
		Limit:         p.number("limit", 20, maxCalls),
	}
	if err := p.err(); err != nil {
		return response{}, err
	}
	return response{data: b.callsJSON(usage.Dimensions(), usage.Calls(query))}, nil
}

func (b *dashboardServer) exportCalls(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	format := p.oneOf("format", "json", "csv")
	query := dashboard.CallQuery{Where: p.where(usage.Dimensions())}
	if hours := p.number("hours", 0, maxHours); hours > 0 {
		query.From = b.now().Add(-time.Duration(hours) * time.Hour)
	}
	if err := p.err(); err != nil {
		return response{}, err
	}
	calls := b.callsJSON(usage.Dimensions(), usage.Calls(query))
	if format == "csv" {
		return csvResponse("calls", callsTable(usage.Dimensions(), calls)), nil
	}
	body, err := marshal(envelope{Status: "success", Data: calls})
	return attachment("calls.json", "application/json", body), err
}

func (b *dashboardServer) callsJSON(dimensions []string, calls []dashboard.Call) []callJSON {
	list := make([]callJSON, 0, len(calls))
	for i := range calls {
		call := &calls[i]
		list = append(list, callJSON{
			Time: call.Time.UTC(), TraceID: call.TraceID, SpanID: call.SpanID, TraceURL: traceURL(b.cfg.TraceURL, call.TraceID, call.SpanID),
			Values: values(slices.Clone(dimensions), call.Values), Status: call.Status, Tokens: newTokensJSON(call.Tokens),
			Cost: call.Dollars, Reported: call.Reported, Computed: call.Computed, CostStatus: call.CostStatus, Seconds: call.Seconds,
			Amounts: newAmountsJSON(&call.Amounts), Provider: call.Provider, Convention: call.Convention, Reading: call.Reading,
			Estimated: call.Estimated, Problem: call.Problem, Merged: newMergedJSON(call.Merged),
		})
	}
	return list
}
