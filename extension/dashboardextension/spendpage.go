// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
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
	tableRows     = 50 // of a page of the table
	topGroups     = 6  // of the lists beside it
	callRows      = 10 // of a page of calls
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
	SumsOnly                    bool     // without what only a ledger has
	Waiting                     *waiting // for the first call

	Alerts     []alertView
	MoreAlerts int
	Cards      []card
	Stats      []stat

	Presets, Measures, Bys, Ands, Sources []option
	Filters                               []filter
	SpanLabel, Zone                       string
	Notes                                 []string // what the figures leave out
	From, To                              string   // dates of the form
	PeriodForm, SearchForm, ColumnForm    []keptValue
	TableCSV, TableJSON                   string
	StepsCSV, StepsJSON, Step             string
	CallsCSV, CallsJSON, AllCalls         string
	UnpricedJSON, DisagreeJSON            string
	EstimatesJSON                         string
	PricesJSON                            string
	Chart                                 *chartView
	Table                                 table
	Tops                                  []top

	CallTable     callTable
	CallPager     pager
	MergedByTime  callList
	BadCalls      callList
	Unpriced      []unpricedView
	Estimates     []dashboard.Estimate
	MoreEstimates int
	Disagreements []dashboard.Disagreement
	MoreUnpriced  int
	MoreDisagree  int
	Prices        dashboard.PriceTable
	PricesInUse   []priceView
	MorePrices    int
	Billing       *billingView // nil: no bill is known
}

// priceView is a price in use, with the days since it was compared with its source.
type priceView struct {
	dashboard.PriceInUse
	Age string
}

type filter struct{ Label, Value, Without string }

type callView struct {
	dashboard.Call
	When    string
	Address string // of its page
	URL     string
	Links   []tableValue // of the dimensions
	Named   []string
	Cost    string
	Took    string
	Failed  bool
	Used    []string // what was used, by kind
}

// callTable is a page of calls.
type callTable struct {
	Heads []tableHead
	Calls []callView
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
	usage, none, err := b.shownUsage(p)
	if err != nil {
		return content{}, err
	}
	if view.NoSource = none; none {
		b.addAlerts(&view)
		return content{template: "spend.html", data: view}, nil
	}
	dimensions := usage.Dimensions()
	c := readChoice(p, dimensions, b.now(), b.zone)
	if err := p.err(); err != nil {
		return content{}, err
	}
	now := c.now
	b.addAlerts(&view)
	extent := usage.Extent()
	c.keepStep(&extent)
	view.SumsOnly, c.missing = extent.SumsOnly, missingOf(&extent, c.by, c.where)
	if err := addWindows(&view, usage, &extent, c); err != nil {
		return content{}, err
	}
	if err := addUsage(&view, usage, &extent, c); err != nil {
		return content{}, err
	}
	b.addControls(&view, c, dimensions)
	view.Reload = view.NoCalls
	if extent.SumsOnly {
		return content{template: "spend.html", data: view}, nil
	}
	if view.NoCalls {
		view.Waiting = newWaiting(usage, c.source)
	}
	b.addCalls(&view, usage, c)
	addAttention(&view, usage, c.where)
	addPrices(&view, usage, now)
	view.Billing = newBillingView(usage, c, now)
	return content{template: "spend.html", data: view}, nil
}

func (b *dashboardServer) addAlerts(view *spendView) {
	view.Alerts = b.newAlertViews(b.mostSevere(dashboard.ActiveFilter{State: "firing"}, alertsOnTop))
	view.MoreAlerts = max(0, view.Firing-len(view.Alerts))
}

func (b *dashboardServer) addControls(view *spendView, c selection, dimensions []string) {
	view.Presets, view.Measures, view.Bys, view.Ands = c.presetOptions(), c.measureOptions(), c.byOptions(dimensions), c.andOptions(dimensions)
	view.Sources = c.sourceOptions(b.usage.ids())
	view.SpanLabel, view.Zone, view.Step = c.label(), c.now.Location().String(), string(c.step)
	view.From = c.period.From.Format(time.DateOnly)
	view.To = c.until().To.Add(-time.Nanosecond).Format(time.DateOnly)
	view.PeriodForm, view.SearchForm, view.ColumnForm = c.hidden("range", "from", "to", "tz"), c.hidden("q"), c.hidden("col")
	view.TableCSV, view.TableJSON = c.tableURL("csv"), c.tableURL("json")
	view.StepsCSV, view.StepsJSON = c.stepsURL("csv"), c.stepsURL("json")
	view.CallsCSV, view.CallsJSON = c.callsURL("csv"), c.callsURL("json")
	view.UnpricedJSON = c.apiURL("/api/usage/unpriced", url.Values{})
	view.DisagreeJSON = c.apiURL("/api/usage/disagreements", url.Values{})
	view.EstimatesJSON = c.apiURL("/api/usage/estimates", url.Values{})
	view.PricesJSON = c.apiURL("/api/usage/prices", url.Values{})
	view.Filters, view.AllCalls = c.filters(), c.callsPage().url()
}

// addUsage adds the chart, the figures and the tables of the chosen time, compared with the
// period before where the ledger has it.
func addUsage(view *spendView, usage dashboard.Usage, extent *dashboard.Extent, c selection) error {
	view.Notes = notesOf(extent, c)
	query := c.query(c.by...)
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
	starts := c.period.Starts(c.step)
	query.Steps = starts
	steps, err := usage.Usage(query)
	if err != nil {
		return err
	}
	before, compared, err := askBefore(usage, extent, c.period, c.now, c.by, c.where)
	if err != nil {
		return err
	}
	var allBefore *dashboard.Totals
	if compared {
		sum := spend.Sum(before)
		allBefore = &sum
	}
	view.Notes = append(view.Notes, failureNote(extent, c)...)
	view.Stats = figuresWithout(newStats(&all, allBefore), c.missing)
	stack := spend.NewStack(steps, starts, c.measure, chartSeries)
	view.Chart = newChart(stack, c)
	colors := map[string]string{}
	for i, group := range stack.Groups {
		if !group.Others {
			colors[spend.GroupKey(group.Values)] = colorOf(i, false)
		}
	}
	view.Table = newTable(groups, before, &all, allBefore, colors, c)
	if note, err := overflowNote(usage, extent, c); err != nil {
		return err
	} else if note != "" {
		view.Notes = append(view.Notes, note)
	}
	for _, dimension := range usage.Dimensions() {
		if slices.Contains(c.by, dimension) {
			continue
		}
		rows, err := usage.Usage(c.query(dimension))
		if err != nil {
			return err
		}
		view.Tops = append(view.Tops, newTop(rows, dimension, &all, c))
	}
	return nil
}

// askBefore asks for the period to compare one with, if the ledger has it.
func askBefore(usage dashboard.Usage, extent *dashboard.Extent, of period.Period, now time.Time, by []string, where map[string]string) (rows []dashboard.Row, compared bool, err error) {
	before := of.BeforeUntil(now)
	before.To = period.Hour.Floor(before.To.Add(time.Hour - 1))
	if extent.Since.IsZero() || before.From.Before(extent.Since) || !before.From.Before(before.To) {
		return nil, false, nil
	}
	rows, err = usage.Usage(queryOf(before, nil, by, where))
	return rows, true, err
}

// notesOf report what there is not, of the chosen period or of the ledger.
func notesOf(extent *dashboard.Extent, c selection) (notes []string) {
	const at = "Jan 2, 2006 15:04"
	before := c.period.Before()
	switch {
	case extent.Since.IsZero():
	case c.period.From.Before(extent.Since):
		notes = append(notes, "Counted since "+extent.Since.In(c.now.Location()).Format(at)+": there is nothing before.")
	case before.From.Before(extent.Since):
		notes = append(notes, "Counted since "+extent.Since.In(c.now.Location()).Format(at)+": there is no whole period before to compare with.")
	}
	if c.period.From.Before(extent.HoursSince) && extent.Since.Before(extent.HoursSince) {
		notes = append(notes, "Until "+extent.HoursSince.In(c.now.Location()).Format(at)+" there are whole days of "+extent.Zone.String()+", no hours.")
	}
	if extent.FoldedDays > 0 {
		notes = append(notes, text.Count(int64(extent.FoldedDays))+" days have lost the values of dimensions, as there were more than "+
			text.Count(int64(extent.DayRowsLimit))+" rows (max_day_rows). Their costs are complete.")
	}
	return notes
}

// overflowNote reports the calls that have no row of their own.
func overflowNote(usage dashboard.Usage, extent *dashboard.Extent, c selection) (string, error) {
	if extent.Overflow == "" || extent.Rows < extent.RowsLimit/10 {
		return "", nil // a limit was not reached, nor that of an hour
	}
	rows, err := usage.Usage(queryOf(c.until(), nil, nil, map[string]string{dashboard.Model: extent.Overflow}))
	if err != nil || len(rows) == 0 || rows[0].Usage.Calls == 0 {
		return "", err
	}
	return text.Count(rows[0].Usage.Calls) + " calls that cost " + text.Dollars(rows[0].Usage.Dollars) + " are counted together as " + extent.Overflow +
		", as the ledger has as many rows as it may have (max_rows is " + text.Count(int64(extent.RowsLimit)) + ").", nil
}

func (b *dashboardServer) addCalls(view *spendView, usage dashboard.Usage, c selection) {
	dimensions := usage.Dimensions()
	until := c.until()
	query := dashboard.CallQuery{From: until.From, To: until.To, Where: c.where}
	link := func(name, value string) string {
		values := c.periodValues()
		values.Set(name, value)
		return c.apiURL("/api/calls", values)
	}
	merged, bad := query, query
	merged.MergedBy, bad.Problems = mergedByTime, true
	view.MergedByTime = b.listCalls(usage.Calls(merged), link("merged_by", mergedByTime), c)
	view.BadCalls = b.listCalls(usage.Calls(bad), link("problems", "true"), c)

	calls, count := c.callsOfPage(usage, query)
	view.CallPager = newPager(count, c.callPage, callRows, func(page int) string {
		other := c
		other.callPage = page
		return other.url() + "#calls"
	})
	for i := range calls {
		view.CallTable.Calls = append(view.CallTable.Calls, b.newCallView(&calls[i], c))
	}
	view.CallTable.Heads = c.callHeads(dimensions, "-cost", "#calls")
}

// callsOfPage are the calls of a page, the most expensive first unless others are asked for,
// and how many there are in all.
func (c *selection) callsOfPage(usage dashboard.Usage, query dashboard.CallQuery) (calls []dashboard.Call, count int) {
	source, counts := usage.(dashboard.CallSource)
	if c.callSort == "" && counts {
		count = source.CountCalls(query)
		query.MostExpensive, query.Limit = true, c.callPage*callRows
		return pageOf(usage.Calls(query), callRows, c.callPage), count
	}
	calls = usage.Calls(query)
	keys := []callKey{{of: callColumns["cost"], down: true}, {of: callColumns["time"], down: true}}
	if c.callSort != "" {
		keys = []callKey{newParams(nil).callKey(c.callSort, usage.Dimensions())}
	}
	sortCalls(calls, keys)
	return pageOf(calls, callRows, c.callPage), len(calls)
}

// mergedByTime is the rule that is a heuristic.
const mergedByTime = "concurrent"

func (b *dashboardServer) listCalls(calls []dashboard.Call, json string, c selection) callList {
	list := callList{Count: int64(len(calls)), JSON: json}
	for i := range calls[:min(len(calls), listedCalls)] {
		list.Calls = append(list.Calls, b.newCallView(&calls[i], c))
	}
	return list
}

func (b *dashboardServer) newCallView(call *dashboard.Call, c selection) callView {
	shown := callView{
		Call: *call, When: call.Time.In(c.now.Location()).Format("Jan 2, 15:04:05"), Address: callPage(call.ID, c.source), URL: traceURL(b.cfg.TraceURL, call.TraceID, call.SpanID),
		Cost: noPrice, Took: "–", Failed: call.Status != "success",
	}
	for i, value := range call.Values {
		name := text.Cut(valueLabel(value), shownDimRunes)
		shown.Named = append(shown.Named, name)
		if i < len(c.dimensions) {
			shown.Links = append(shown.Links, tableValue{name, c.only(c.dimensions[i], value).url()})
		}
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

// addAttention adds what is wrong with costs, of the models and providers that are chosen.
func addAttention(view *spendView, usage dashboard.Usage, where map[string]string) {
	left := func(model, provider string) bool {
		wantModel, byModel := where[dashboard.Model]
		wantProvider, byProvider := where[dashboard.Provider]
		return byModel && model != wantModel || byProvider && provider != wantProvider
	}
	unpriced := slices.DeleteFunc(slices.Clone(usage.Unpriced()), func(m dashboard.UnpricedModel) bool { return left(m.Model, m.Provider) })
	if len(unpriced) > listedModels {
		view.MoreUnpriced = len(unpriced) - listedModels
		unpriced = unpriced[:listedModels]
	}
	for i, model := range unpriced {
		model.Model = text.Cut(model.Model, shownDimRunes)
		view.Unpriced = append(view.Unpriced, unpricedView{model, i})
	}
	view.Estimates = slices.DeleteFunc(slices.Clone(usage.Estimates()), func(e dashboard.Estimate) bool { return left(e.Model, e.Provider) })
	if len(view.Estimates) > listedModels {
		view.MoreEstimates = len(view.Estimates) - listedModels
		view.Estimates = view.Estimates[:listedModels]
	}
	for i := range view.Estimates {
		view.Estimates[i].Model = text.Cut(view.Estimates[i].Model, shownDimRunes)
	}
	view.Disagreements = slices.DeleteFunc(slices.Clone(usage.Disagreements()), func(d dashboard.Disagreement) bool { return left(d.Model, where[dashboard.Provider]) })
	if len(view.Disagreements) > listedModels {
		view.MoreDisagree = len(view.Disagreements) - listedModels
		view.Disagreements = view.Disagreements[:listedModels]
	}
}
