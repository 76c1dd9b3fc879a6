// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

const (
	budgetRows = 50 // values of a budget that are shown
	costRows   = 100
)

// moneyView is the view of budgets, and of what was reported, counted and billed.
type moneyView struct {
	shell
	NoSource bool
	SumsOnly bool // without what only a ledger has
	Budgets  []budgetView
	Over     []budgetRow // of all budgets
	Source   string

	Months            []option
	Span              string
	Costs             []costRow
	MoreCosts         int
	AllCosts          *costRow
	CostsCSV, CostsJS string
	HasBill           bool

	Unpriced, UnpricedCalls int64
	Estimates               int
	EstimatedText           string
	Prices                  dashboard.PriceTable
	PriceAge                string
}

// costRow is what a model cost by all who know.
type costRow struct {
	Provider, Name                      string
	Calls, Note                         string
	Reported, Computed, Counted, Billed string
	Difference                          string
	ReportedOff, Large                  bool
}

func (b *dashboardServer) moneyPage(r *http.Request) (content, error) {
	p := newParams(r.URL.Query())
	view := moneyView{shell: b.newShell("Money", "money")}
	usage, none, err := b.shownUsage(p)
	if err != nil {
		return content{}, err
	}
	if view.NoSource = none; none {
		return content{template: "money.html", data: view}, nil
	}
	view.Source = p.text("source")
	now := b.now()
	chosen := p.text("budget")
	values := p.all("value")
	of := p.costPeriod(now)
	if err := p.err(); err != nil {
		return content{}, err
	}
	if err := view.addBudgets(usage, chosen, values, p.text("month"), now); err != nil {
		return content{}, err
	}
	view.addCosts(usage, of, now)
	if extent := usage.Extent(); extent.Err != nil {
		return content{}, extent.Err
	} else if extent.SumsOnly {
		view.SumsOnly = true
	} else {
		view.addPrices(usage, now)
	}
	return content{template: "money.html", data: view}, nil
}

// costPeriod is the month (UTC) that a request names with month, or the running one.
func (p *params) costPeriod(now time.Time) period.Period {
	name := p.text("month")
	if name == "" {
		return period.Of(period.Month, now.UTC())
	}
	of, err := period.Parse(name, now.UTC())
	if err != nil || len(name) != len("2006-01") {
		p.fail("month", fmt.Errorf("must be a month, as 2026-10, is %q", name))
	}
	return of
}

// addBudgets adds the budgets, in the order of the configuration, and the burn-down of one value
// of each: the chosen one, or the one that used the largest part.
func (v *moneyView) addBudgets(usage dashboard.Usage, chosen string, values []string, month string, now time.Time) error {
	all := usage.Budgets()
	for i := 0; i < len(all); {
		n := i + 1
		for n < len(all) && all[n].Name == all[i].Name {
			n++
		}
		group := all[i:n]
		i = n
		shown := 0
		if chosen == group[0].Name {
			shown = max(0, slices.IndexFunc(group, func(budget dashboard.Budget) bool { return slices.Equal(budget.Values, values) }))
		}
		view, err := newBudgetView(usage, group, shown, now)
		if err != nil {
			return err
		}
		for k := range group {
			row := newBudgetRow(&group[k], now)
			row.Shown = k == shown
			row.URL = v.budgetURL(&group[k], month)
			if group[k].Used >= group[k].Limit {
				v.Over = append(v.Over, row)
			}
			if k < budgetRows || row.Shown {
				view.Rows = append(view.Rows, row)
			}
		}
		view.More = len(group) - len(view.Rows)
		v.Budgets = append(v.Budgets, view)
	}
	return nil
}

func (v *moneyView) budgetURL(budget *dashboard.Budget, month string) string {
	query := url.Values{"budget": {budget.Name}, "value": budget.Values}
	give(query, "month", month)
	return addressOf("/money", v.Source, query) + "#budgets"
}

// addCosts adds what was reported, counted and billed in a month.
func (v *moneyView) addCosts(usage dashboard.Usage, of period.Period, now time.Time) {
	for i := range 4 {
		at := period.Month.Add(now.UTC(), -i)
		address := addressOf("/money", v.Source, url.Values{"month": {at.Format("2006-01")}})
		v.Months = append(v.Months, option{at.Format("January 2006"), address + "#costs", at.Equal(of.From)})
	}
	slices.Reverse(v.Months)
	v.Span = of.From.Format("January 2006") + " (UTC)"
	api := url.Values{"month": {of.From.Format("2006-01")}}
	v.CostsJS = addressOf("/api/usage/costs", v.Source, api)
	api.Set("format", "csv")
	v.CostsCSV = addressOf("/api/usage/costs", v.Source, api)
	lines := usage.Costs(of.From, of.To)
	var sum dashboard.CostLine
	for i := range lines {
		l := &lines[i]
		sum.Calls, sum.Unpriced, sum.ReportedCalls = sum.Calls+l.Calls, sum.Unpriced+l.Unpriced, sum.ReportedCalls+l.ReportedCalls
		sum.Counted, sum.Estimated, sum.Reported, sum.Computed, sum.Billed = sum.Counted+l.Counted, sum.Estimated+l.Estimated, sum.Reported+l.Reported, sum.Computed+l.Computed, sum.Billed+l.Billed
		sum.HasBill = sum.HasBill || l.HasBill
		if i < costRows {
			v.Costs = append(v.Costs, newCostRow(l))
		}
	}
	v.MoreCosts, v.HasBill = len(lines)-len(v.Costs), sum.HasBill
	if len(lines) > 1 {
		row := newCostRow(&sum)
		v.AllCosts = &row
	}
}

func newCostRow(l *dashboard.CostLine) costRow {
	row := costRow{Provider: valueLabel(l.Provider), Name: strings.TrimSpace(l.Model + l.Item), Calls: "–", Reported: "–", Computed: "–", Counted: "–", Billed: "–", Difference: "–"}
	var notes []string
	if l.Calls > 0 {
		row.Calls, row.Counted = text.Count(l.Calls), text.Dollars(l.Counted)
		if l.Unpriced == l.Calls {
			row.Counted = noPrice
		} else if l.Unpriced > 0 {
			notes = append(notes, text.CountOf(l.Unpriced, "call")+" without a price")
		}
		if l.Estimated != 0 {
			notes = append(notes, text.Dollars(l.Estimated)+" estimated")
		}
	}
	if l.ReportedCalls > 0 {
		row.Reported, row.Computed = text.Dollars(l.Reported), text.Dollars(l.Computed)
		row.ReportedOff = math.Abs(l.Reported-l.Computed) > largeDifference*max(l.Reported, l.Computed)
		if l.ReportedCalls < l.Calls {
			notes = append(notes, "reported of "+text.CountOf(l.ReportedCalls, "call"))
		}
	}
	if l.HasBill {
		row.Billed, row.Difference = text.Dollars(l.Billed), text.Dollars(l.Billed-l.Counted)
		row.Large = math.Abs(l.Billed-l.Counted) > largeDifference*max(l.Billed, l.Counted)
	}
	row.Note = strings.Join(notes, ", ")
	return row
}

// addPrices adds what has no price, and how old the prices are.
func (v *moneyView) addPrices(usage dashboard.Usage, now time.Time) {
	for _, model := range usage.Unpriced() {
		v.Unpriced++
		v.UnpricedCalls += model.Calls
	}
	dollars := 0.0
	for _, estimate := range usage.Estimates() {
		v.Estimates++
		dollars += estimate.Dollars
	}
	v.EstimatedText = text.Dollars(dollars)
	v.Prices = usage.Prices()
	if !v.Prices.Date.IsZero() {
		v.PriceAge = text.Ago(now.Sub(v.Prices.Date))
	}
}
