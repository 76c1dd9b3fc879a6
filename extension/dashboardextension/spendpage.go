// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
	kinds "github.com/otelcol-arc/otelcol-arc/internal/usage"
)

const (
	chartSeries   = 7  // with a color of their own
	tableGroups   = 50 // of the table
	topGroups     = 6  // of the lists beside it
	mostExpensive = 10
	listedCalls   = 10 // merged by time, or with a problem
	alertsOnTop   = 5
	listedModels  = 20 // without a price, or with another cost reported
	listedPrices  = 50 // in use
	shownDimRunes = 200

	noPrice = "no price"
)

// spendView is the first page.
type spendView struct {
	shell
	NoSource, NoCalls, NoneHere bool

	Alerts     []alertView
	MoreAlerts int
	Cards      []card
	Stats      []stat

	Spans, Measures, Bys, Sources []option
	Filters                       []filter
	SpanLabel                     string
	HourlyCSV, HourlyJSON         string
	CallsCSV, CallsJSON           string
	UnpricedJSON, DisagreeJSON    string
	EstimatesJSON                 string
	PricesJSON                    string
	Chart                         *chartView
	Table                         table
	Tops                          []top

	Calls          []callView
	MergedByTime   callList
	BadCalls       callList
	CallDimensions []string
	Unpriced       []unpricedView
	Estimates      []dashboard.Estimate
	MoreEstimates  int
	Disagreements  []dashboard.Disagreement
	MoreUnpriced   int
	MoreDisagree   int
	Prices         dashboard.PriceTable
	PricesInUse    []priceView
	MorePrices     int
	Billing        *billingView // nil: no bill is known
}

// priceView is a price in use, with the days since it was compared with its source.
type priceView struct {
	dashboard.PriceInUse
	Age string
}

type filter struct{ Label, Value, Without string }

type callView struct {
	dashboard.Call
	URL    string
	Named  []string
	Cost   string
	Took   string
	Failed bool
	Used   []string // what was used, by kind
}

// callList is the newest of some calls, and how many there are.
type callList struct {
	Count int64
	JSON  string
	Calls []callView
}

type unpricedView struct {
	dashboard.UnpricedModel
	ID int
}

func (b *dashboardServer) spendPage(r *http.Request) (content, error) {
	view := spendView{shell: b.newShell("Spend", "spend")}
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		if p.text("source") != "" {
			return content{}, err
		}
		view.NoSource = true
		b.addAlerts(&view)
		return content{template: "spend.html", data: view}, nil
	}
	dimensions := usage.Dimensions()
	c := readChoice(p, dimensions)
	if err := p.err(); err != nil {
		return content{}, err
	}
	now := b.now().UTC()
	b.addAlerts(&view)
	if err := addWindows(&view, usage, c, now); err != nil {
		return content{}, err
	}
	if err := addUsage(&view, usage, c, now); err != nil {
		return content{}, err
	}
	b.addCalls(&view, usage, c, now)
	b.addControls(&view, c, dimensions, now)
	addAttention(&view, usage)
	addPrices(&view, usage, now)
	view.Billing = newBillingView(usage, c, now)
	return content{template: "spend.html", data: view}, nil
}

func (b *dashboardServer) addAlerts(view *spendView) {
	for _, active := range b.activeAlerts() {
		if active.State != "firing" {
			continue
		}
		if len(view.Alerts) == alertsOnTop {
			view.MoreAlerts++
			continue
		}
		view.Alerts = append(view.Alerts, b.newAlertView(&active))
	}
}

func (b *dashboardServer) addControls(view *spendView, c selection, dimensions []string, now time.Time) {
	view.Spans, view.Measures, view.Bys = c.spanOptions(), c.measureOptions(), c.byOptions(dimensions)
	view.Sources = c.sourceOptions(b.usage.ids())
	view.SpanLabel = c.span.label
	view.HourlyCSV, view.HourlyJSON = c.hourlyURL(now, "csv"), c.hourlyURL(now, "json")
	view.CallsCSV, view.CallsJSON = c.callsURL("csv"), c.callsURL("json")
	view.UnpricedJSON = c.apiURL("/api/usage/unpriced", url.Values{})
	view.DisagreeJSON = c.apiURL("/api/usage/disagreements", url.Values{})
	view.EstimatesJSON = c.apiURL("/api/usage/estimates", url.Values{})
	view.PricesJSON = c.apiURL("/api/usage/prices", url.Values{})
	for _, dimension := range slices.Sorted(maps.Keys(c.where)) {
		view.Filters = append(view.Filters, filter{
			label(dimension), text.Cut(valueLabel(c.where[dimension]), shownDimRunes), c.without(dimension).url(),
		})
	}
}

// addUsage adds the chart, the figures and the tables of the chosen time.
func addUsage(view *spendView, usage dashboard.Usage, c selection, now time.Time) error {
	query := c.query(now)
	starts := period.Period{From: query.From, To: query.To}.Starts(c.span.step)
	query.Steps, query.GroupBy = starts, []string{c.by}
	steps, err := usage.Usage(query)
	if err != nil {
		return err
	}
	query.Steps = nil
	groups, err := usage.Usage(query)
	if err != nil {
		return err
	}
	all := spend.Sum(groups)
	view.NoneHere = all.Calls == 0
	view.NoCalls = view.NoCalls && view.NoneHere && len(usage.Calls(dashboard.CallQuery{Limit: 1})) == 0
	if view.NoneHere {
		return nil
	}
	view.Stats = newStats(&all)
	stack := spend.NewStack(steps, starts, c.measure, chartSeries)
	view.Chart = newChart(stack, c, now)
	view.Table = newTable(groups, &all, c)
	for _, dimension := range usage.Dimensions() {
		if dimension == c.by {
			continue
		}
		query.GroupBy = []string{dimension}
		rows, err := usage.Usage(query)
		if err != nil {
			return err
		}
		view.Tops = append(view.Tops, newTop(rows, dimension, &all, c))
	}
	return nil
}

func (b *dashboardServer) addCalls(view *spendView, usage dashboard.Usage, c selection, now time.Time) {
	for _, dimension := range usage.Dimensions() {
		view.CallDimensions = append(view.CallDimensions, label(dimension))
	}
	for _, call := range usage.Calls(dashboard.CallQuery{From: c.span.from(now), Where: c.where, MostExpensive: true, Limit: mostExpensive}) {
		view.Calls = append(view.Calls, b.newCallView(&call))
	}
	view.MergedByTime = b.listCalls(usage, dashboard.CallQuery{MergedBy: mergedByTime}, c.apiURL("/api/calls", url.Values{"merged_by": {mergedByTime}}))
	view.BadCalls = b.listCalls(usage, dashboard.CallQuery{Problems: true}, c.apiURL("/api/calls", url.Values{"problems": {"true"}}))
}

// mergedByTime is the rule that is a heuristic.
const mergedByTime = "concurrent"

func (b *dashboardServer) listCalls(usage dashboard.Usage, query dashboard.CallQuery, json string) callList {
	calls := usage.Calls(query)
	list := callList{Count: int64(len(calls)), JSON: json}
	for i := range calls[:min(len(calls), listedCalls)] {
		list.Calls = append(list.Calls, b.newCallView(&calls[i]))
	}
	return list
}

func (b *dashboardServer) newCallView(call *dashboard.Call) callView {
	shown := callView{
		Call: *call, URL: traceURL(b.cfg.TraceURL, call.TraceID, call.SpanID),
		Cost: noPrice, Took: "–", Failed: call.Status != "success",
	}
	for _, value := range call.Values {
		shown.Named = append(shown.Named, text.Cut(valueLabel(value), shownDimRunes))
	}
	if call.Dollars != nil {
		shown.Cost = text.Rate(*call.Dollars)
	}
	if call.Seconds != nil {
		shown.Took = text.Seconds(*call.Seconds)
	}
	for _, kind := range kinds.Kinds() {
		if n := call.Amounts[kind]; n != 0 {
			shown.Used = append(shown.Used, strconv.FormatFloat(float64(n)/float64(kind.Scale()), 'f', -1, 64)+" "+kind.String())
		}
	}
	return shown
}

func addPrices(view *spendView, usage dashboard.Usage, now time.Time) {
	view.Prices = usage.Prices()
	for i, price := range view.Prices.InUse {
		if i == listedPrices {
			view.MorePrices = len(view.Prices.InUse) - listedPrices
			break
		}
		shown := priceView{price, "unknown"}
		shown.Model = text.Cut(shown.Model, shownDimRunes)
		if !price.Checked.IsZero() {
			shown.Age = fmt.Sprintf("%d days", int(now.Sub(price.Checked)/(24*time.Hour)))
		}
		view.PricesInUse = append(view.PricesInUse, shown)
	}
}

func addAttention(view *spendView, usage dashboard.Usage) {
	unpriced := usage.Unpriced()
	if len(unpriced) > listedModels {
		view.MoreUnpriced = len(unpriced) - listedModels
		unpriced = unpriced[:listedModels]
	}
	for i, model := range unpriced {
		model.Model = text.Cut(model.Model, shownDimRunes)
		view.Unpriced = append(view.Unpriced, unpricedView{model, i})
	}
	view.Estimates = usage.Estimates()
	if len(view.Estimates) > listedModels {
		view.MoreEstimates = len(view.Estimates) - listedModels
		view.Estimates = view.Estimates[:listedModels]
	}
	for i := range view.Estimates {
		view.Estimates[i].Model = text.Cut(view.Estimates[i].Model, shownDimRunes)
	}
	view.Disagreements = usage.Disagreements()
	if len(view.Disagreements) > listedModels {
		view.MoreDisagree = len(view.Disagreements) - listedModels
		view.Disagreements = view.Disagreements[:listedModels]
	}
}
