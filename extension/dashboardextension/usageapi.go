// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

const (
	maxGroups = 1_000_000 // that are asked for by number; without a number there is no limit
	maxCalls  = 1000      // of a list; an export has them all
	pageRows  = 100       // of a page, by default
)

// usageOf is the source of a request.
func (b *dashboardServer) usageOf(p *params) (dashboard.Usage, error) {
	id := p.text("source")
	usage, ok := b.usage.byID(id)
	switch {
	case ok:
		return usage, nil
	case id == "":
		return nil, &failure{notFound, errors.New("no llm_cost processor is running")}
	default:
		return nil, &failure{notFound, fmt.Errorf("parameter source: there is no %q, but %q", id, b.usage.ids())}
	}
}

// shownUsage is the source of a page; none when no ledger is there at all, which is no error.
func (b *dashboardServer) shownUsage(p *params) (usage dashboard.Usage, none bool, err error) {
	usage, err = b.usageOf(p)
	if err != nil && p.text("source") == "" {
		return nil, true, nil
	}
	return usage, false, err
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
	zone := p.zone(b.zone)
	if err := p.err(); err != nil {
		return response{}, err
	}
	now := b.now().In(zone)
	windows, err := windowsOf(usage, where, now)
	if err != nil {
		return response{}, err
	}
	summary := summaryJSON{
		Now:  now.Truncate(time.Second),
		Hour: newTotalsJSON(&windows.Hour), Today: newTotalsJSON(&windows.Today), Month: newTotalsJSON(&windows.Month),
		Budgets: newBudgetsJSON(usage.Budgets()),
	}
	summary.Yesterday.Hour, summary.Yesterday.Today = dollars(windows.YesterdayHour), dollars(windows.YesterdayToday)
	return response{data: summary}, nil
}

func windowsOf(usage dashboard.Usage, where map[string]string, now time.Time) (spend.Windows, error) {
	from, to := spend.WindowsFrom(now)
	rows, err := usage.Usage(dashboard.Query{From: from, To: to, Steps: period.Period{From: from, To: to}.Starts(period.Hour), Where: where})
	if err != nil {
		return spend.Windows{}, err
	}
	return spend.Split(rows, now), nil
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
				Model: d.Model, Calls: d.Calls, Reported: dollars(d.Reported), Computed: dollars(d.Computed), Difference: dollars(d.Reported - d.Computed),
			})
		}
		return list
	})
}

func (b *dashboardServer) getEstimates(r *http.Request) (response, error) {
	return b.listOf(r, func(usage dashboard.Usage) any {
		list := []estimateJSON{}
		for _, e := range usage.Estimates() {
			list = append(list, estimateJSON{Model: e.Model, Provider: e.Provider, Reason: e.Reason, Calls: e.Calls, Cost: dollars(e.Dollars)})
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
	listed := list(usage)
	if err := usage.Extent().Err; err != nil {
		return response{}, err
	}
	return response{data: listed}, nil
}

func (b *dashboardServer) getCalls(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	q := b.readCallQuery(p, usage.Dimensions())
	q.query.MostExpensive = p.oneOf("order", "newest", "most_expensive", "costliest") != "newest" // costliest is deprecated
	q.query.MergedBy = p.oneOf("merged_by", "", "same_span", "response_id", "nested", "stream", "concurrent")
	q.query.Problems = p.oneOf("problems", "false", "true") == "true"
	q.limit = p.number("limit", 20, maxCalls)
	if err := p.err(); err != nil {
		return response{}, err
	}
	return response{data: slices.AppendSeq([]callJSON{}, b.callsJSON(usage.Dimensions(), q.ask(usage)))}, nil
}

func (b *dashboardServer) exportCalls(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	format := p.oneOf("format", "json", "csv")
	q := b.readCallQuery(p, usage.Dimensions())
	q.limit = p.number("limit", q.limit, maxGroups)
	if err := p.err(); err != nil {
		return response{}, err
	}
	calls := b.callsJSON(usage.Dimensions(), q.ask(usage))
	if format == "csv" {
		return csvResponse("calls", callLines(usage.Dimensions(), calls)), nil
	}
	return response{contentType: "application/json", headers: attachment("calls.json"), stream: streamJSON(member{value: listOf(calls)})}, nil
}

func (b *dashboardServer) callsJSON(dimensions []string, calls []dashboard.Call) iter.Seq[callJSON] {
	return func(yield func(callJSON) bool) {
		for i := range calls {
			if !yield(b.newCallJSON(dimensions, &calls[i])) {
				return
			}
		}
	}
}

func (b *dashboardServer) newCallJSON(dimensions []string, call *dashboard.Call) callJSON {
	return callJSON{
		ID: call.ID, Time: call.Time.UTC(), TraceID: call.TraceID, SpanID: call.SpanID, TraceURL: traceURL(b.cfg.TraceURL, call.TraceID, call.SpanID),
		Values: values(dimensions, call.Values), Status: call.Status, Tokens: newTokensJSON(call.Tokens),
		Cost: (*dollars)(call.Dollars), Reported: (*dollars)(call.Reported), Computed: (*dollars)(call.Computed), CostStatus: call.CostStatus, Seconds: call.Seconds,
		Amounts: newAmountsJSON(&call.Amounts), Provider: call.Provider, Convention: call.Convention, Reading: call.Reading,
		Estimated: call.Estimated, Problem: call.Problem, Merged: newMergedJSON(call.Merged),
		ResponseID: call.ResponseID, User: call.User, Session: call.Session, Agent: call.Agent, ParentID: call.ParentID, Operation: call.Operation,
		RequestModel: call.RequestModel, ErrorType: call.ErrorType, ServiceTier: call.ServiceTier, Scope: call.Scope, FirstToken: call.FirstToken,
	}
}
