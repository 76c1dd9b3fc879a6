// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
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

type filter struct{ Label, Value, Without string }

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
	view.PeriodForm, view.SearchForm, view.ColumnForm = c.hiddenValues("range", "from", "to", "tz"), c.hiddenValues("q"), c.hiddenValues("col")
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
	now := newCounted(groups)
	view.NoneHere = now.all.Calls == 0
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
	var before *counted
	if of, known := periodBefore(extent, c.period, c.now); known {
		rows, err := usage.Usage(queryOf(of, nil, c.by, c.where))
		if err != nil {
			return err
		}
		before = newCounted(rows)
	}
	view.Notes = append(view.Notes, failureNote(extent, c)...)
	view.Stats = figuresWithout(newStats(now.totals(), before.totals()), c.missing)
	stack := spend.NewStack(steps, starts, c.measure, chartSeries)
	view.Chart = newChart(stack, c)
	view.Table = newTable(now, before, colorsOf(&stack), c)
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
		view.Tops = append(view.Tops, newTop(rows, dimension, now.totals(), c))
	}
	return nil
}

// periodBefore is the period to compare one with, if the ledger has it.
func periodBefore(extent *dashboard.Extent, of period.Period, now time.Time) (before period.Period, known bool) {
	before = of.BeforeUntil(now)
	before.To = period.Hour.Floor(before.To.Add(time.Hour - 1))
	return before, !extent.Since.IsZero() && !before.From.Before(extent.Since) && before.From.Before(before.To)
}
