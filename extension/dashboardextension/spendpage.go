// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	chartSeries   = 7  // that have a colour of their own
	tableGroups   = 50 // of the table
	topGroups     = 6  // of the lists beside it
	costliest     = 10
	alertsOnTop   = 5
	listedModels  = 20 // without a price, or with another cost reported
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
	UnpricedJSON                  string
	Chart                         *chartView
	Table                         table
	Tops                          []top

	Calls          []callView
	CallDimensions []string
	Unpriced       []unpricedView
	Disagreements  []dashboard.Disagreement
	MoreUnpriced   int
	Prices         dashboard.PriceTable
}

// card is what was spent in a window, and what to hold it against.
type card struct {
	Title, Cost, Calls string
	Unpriced           string // calls whose cost is not known; "": none
	Compare            string // with the same time yesterday
	Trend              string // up, down or ""
	Budgets            []meter
}

// meter is how much of a budget is used.
type meter struct {
	Name, Used, Limit, Percent string
	Level                      string // ok, near or over
	Width                      float64
}

type stat struct{ Name, Value, Note string }

type filter struct{ Label, Value, Without string }

type table struct {
	Label string
	Rows  []tableRow
	All   *tableRow
}

type tableRow struct {
	Value, URL          string
	Color               string // class of the series in the chart
	Usage               dashboard.Totals
	Share               float64
	Cost, AverageCost   string
	AverageSeconds, P95 string
	ErrorRate           string
	Failing             bool
	CacheRead, Saved    string
}

type top struct {
	Label, URL string
	Rows       []topRow
}

type topRow struct {
	Value, URL, Amount string
	Width              float64
}

type callView struct {
	dashboard.Call
	URL    string
	Named  []string
	Cost   string
	Took   string
	Failed bool
}

type unpricedView struct {
	dashboard.UnpricedModel
	ID int
}

func (b *board) spendPage(r *http.Request) (content, error) {
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
	view.Prices = usage.Prices()
	return content{template: "spend.html", data: view}, nil
}

func (b *board) addAlerts(view *spendView) {
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

func (b *board) addControls(view *spendView, c choice, dimensions []string, now time.Time) {
	view.Spans, view.Measures, view.Bys = c.spanOptions(), c.measureOptions(), c.byOptions(dimensions)
	view.Sources = c.sourceOptions(b.usage.ids())
	view.SpanLabel = c.span.label
	view.HourlyCSV, view.HourlyJSON = c.hourlyURL(now, "csv"), c.hourlyURL(now, "json")
	view.CallsCSV, view.CallsJSON = c.callsURL("csv"), c.callsURL("json")
	view.UnpricedJSON = c.apiURL("/api/usage/unpriced", url.Values{})
	for _, dimension := range slices.Sorted(maps.Keys(c.where)) {
		view.Filters = append(view.Filters, filter{
			label(dimension), text.Cut(valueLabel(c.where[dimension]), shownDimRunes), c.without(dimension).url(),
		})
	}
}

// addWindows adds the hour, the day and the month, each with its budgets.
func addWindows(view *spendView, usage dashboard.Usage, c choice, now time.Time) error {
	w, err := windowsOf(usage, c.where, now)
	if err != nil {
		return err
	}
	view.Cards = []card{
		newCard("This hour", &w.Hour, w.YesterdayHour),
		newCard("Today", &w.Today, w.YesterdayToday),
		newCard("This month", &w.Month, 0),
	}
	for _, budget := range usage.Budgets() {
		i := slices.Index([]string{"hour", "day", "month"}, budget.Window)
		if i < 0 {
			continue
		}
		view.Cards[i].Budgets = append(view.Cards[i].Budgets, newMeter(&budget))
	}
	view.NoCalls = w.Month.Calls == 0 && len(c.where) == 0
	return nil
}

func newCard(title string, t *dashboard.Totals, yesterday float64) card {
	made := card{Title: title, Cost: cost(t), Calls: text.Count(t.Calls)}
	if t.Unpriced > 0 && !priceless(t) {
		made.Unpriced = text.Count(t.Unpriced)
	}
	if yesterday <= 0 {
		return made
	}
	change := t.Dollars/yesterday - 1
	switch {
	case change >= 9:
		made.Trend, made.Compare = "up", text.Count(int64(math.Round(change+1)))+" times as much as"
	case change >= .005:
		made.Trend, made.Compare = "up", text.Percent(change)+" more than"
	case change <= -.005:
		made.Trend, made.Compare = "down", text.Percent(-change)+" less than"
	default:
		made.Compare = "as much as"
	}
	made.Compare += " by this time yesterday (≈ " + text.Dollars(yesterday) + ")"
	return made
}

func newMeter(budget *dashboard.Budget) meter {
	ratio, _ := spend.Ratio(budget.Used, budget.Limit)
	m := meter{
		Name: budget.Name, Used: text.Dollars(budget.Used), Limit: text.Dollars(budget.Limit), Percent: text.Percent(ratio),
		Width: 100 * min(max(ratio, 0), 1), Level: "ok",
	}
	switch {
	case ratio >= 1:
		m.Level = "over"
	case ratio >= .8:
		m.Level = "near"
	}
	return m
}

// addUsage adds the chart, the figures and the tables of the chosen time.
func addUsage(view *spendView, usage dashboard.Usage, c choice, now time.Time) error {
	query := c.query(now)
	query.Step, query.GroupBy = c.span.step, []string{c.by}
	steps, err := usage.Usage(query)
	if err != nil {
		return err
	}
	query.Step = 0
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
	stack := spend.NewStack(steps, query.From, query.To, c.span.step, c.measure, chartSeries)
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

func newStats(t *dashboard.Totals) []stat {
	failed := fmt.Sprintf("%s errors, %s timeouts", text.Count(t.Errors), text.Count(t.Timeouts))
	stats := []stat{
		{"Cost", cost(t), perCall(t)},
		{"Calls", text.Count(t.Calls), failed},
		{"Error rate", percentOr(spend.ErrorRate(t)), "of all calls"},
		{"p50", quantile(t, .5), "estimated"},
		{"p95", quantile(t, .95), "estimated"},
		{"p99", quantile(t, .99), "estimated"},
		{"Tokens in", text.Short(float64(t.Tokens.Input)), percentOr(spend.CacheReadShare(t)) + " from caches"},
		{"Tokens out", text.Short(float64(t.Tokens.Output)), reasoning(t)},
		{"Cache saved", saved(t), "less cache writes"},
	}
	return stats
}

func perCall(t *dashboard.Totals) string {
	if average, ok := spend.AverageDollars(t); ok {
		return text.Rate(average) + " a call"
	}
	return "of all calls"
}

func reasoning(t *dashboard.Totals) string {
	if t.Tokens.Reasoning == 0 {
		return "of all calls"
	}
	share, _ := spend.Ratio(float64(t.Tokens.Reasoning), float64(t.Tokens.Output))
	return text.Percent(share) + " reasoning"
}

func percentOr(ratio float64, ok bool) string {
	if !ok {
		return "–"
	}
	return text.Percent(ratio)
}

func quantile(t *dashboard.Totals, q float64) string {
	seconds, beyond, ok := spend.Quantile(t, q)
	switch {
	case !ok:
		return "–"
	case beyond:
		return "> " + text.Seconds(seconds)
	default:
		return text.Seconds(seconds)
	}
}

func newTable(rows []dashboard.Row, all *dashboard.Totals, c choice) table {
	made := table{Label: label(c.by)}
	groups := spend.Top(spend.Rank(rows, c.measure), tableGroups)
	for i := range groups {
		row := newTableRow(&groups[i].Usage, all, c.measure)
		row.Value, row.Color = "all others", colorOf(i, groups[i].Others)
		if !groups[i].Others {
			value := groups[i].Values[0]
			row.Value = text.Cut(valueLabel(value), shownDimRunes)
			row.URL = c.only(c.by, value).url()
		}
		made.Rows = append(made.Rows, row)
	}
	sum := newTableRow(all, all, c.measure)
	made.All = &sum
	return made
}

// colorOf is the class of the series that a rank has in the chart.
func colorOf(rank int, others bool) string {
	if others || rank >= chartSeries {
		return "sx"
	}
	return fmt.Sprintf("s%d", rank)
}

func newTableRow(t, all *dashboard.Totals, m spend.Measure) tableRow {
	row := tableRow{
		Usage: *t, Cost: cost(t), AverageCost: "–", AverageSeconds: "–", P95: quantile(t, .95),
		ErrorRate: percentOr(spend.ErrorRate(t)), CacheRead: percentOr(spend.CacheReadShare(t)),
		Saved: saved(t), Failing: t.Errors+t.Timeouts > 0,
	}
	row.Share, _ = spend.Ratio(m.Of(t), m.Of(all))
	if average, ok := spend.AverageDollars(t); ok {
		row.AverageCost = text.Rate(average)
	}
	if average, ok := spend.AverageSeconds(t); ok {
		row.AverageSeconds = text.Seconds(average)
	}
	return row
}

func newTop(rows []dashboard.Row, dimension string, all *dashboard.Totals, c choice) top {
	made := top{Label: label(dimension), URL: c.groupedBy(dimension).url()}
	for _, group := range spend.Top(spend.Rank(rows, c.measure), topGroups) {
		share, _ := spend.Ratio(c.measure.Of(&group.Usage), c.measure.Of(all))
		row := topRow{Value: "all others", Amount: amount(c.measure, &group.Usage), Width: 100 * max(share, 0)}
		if !group.Others {
			row.Value = text.Cut(valueLabel(group.Values[0]), shownDimRunes)
			row.URL = c.only(dimension, group.Values[0]).url()
		}
		made.Rows = append(made.Rows, row)
	}
	return made
}

func amount(m spend.Measure, t *dashboard.Totals) string {
	switch m {
	case spend.Tokens:
		return text.Short(m.Of(t))
	case spend.Calls:
		return text.Count(t.Calls)
	default:
		return cost(t)
	}
}

// cost is what calls cost. Where none of them has a price, that is not nothing.
func cost(t *dashboard.Totals) string {
	if priceless(t) {
		return noPrice
	}
	return text.Dollars(t.Dollars)
}

func saved(t *dashboard.Totals) string {
	if priceless(t) {
		return "–"
	}
	return text.Dollars(t.SavedDollars)
}

func priceless(t *dashboard.Totals) bool { return t.Calls > 0 && t.Unpriced == t.Calls }

func (b *board) addCalls(view *spendView, usage dashboard.Usage, c choice, now time.Time) {
	for _, dimension := range usage.Dimensions() {
		view.CallDimensions = append(view.CallDimensions, label(dimension))
	}
	for _, call := range usage.Calls(dashboard.CallQuery{From: c.span.from(now), Where: c.where, Costliest: true, Limit: costliest}) {
		shown := callView{
			Call: call, URL: traceURL(b.cfg.TraceURL, call.TraceID, call.SpanID),
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
		view.Calls = append(view.Calls, shown)
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
	view.Disagreements = usage.Disagreements()
	if len(view.Disagreements) > listedModels {
		view.Disagreements = view.Disagreements[:listedModels]
	}
}
