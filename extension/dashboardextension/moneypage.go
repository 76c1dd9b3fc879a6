// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/chart"
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

// budgetView is a budget with its burn-down.
type budgetView struct {
	Name, Window, Span string
	Where              []string
	By                 bool // each value has a limit
	Rows               []budgetRow
	More               int
	Of                 string // whose the burn-down is
	BurnDown           *graphView
	Outlook            string
}

// budgetRow is how much of a limit is used.
type budgetRow struct {
	meter
	Budget, Left string
	Reached      string // the highest threshold that was reached, and when
	Outlook      string
	URL          string // with its burn-down
	Shown        bool
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

func newBudgetRow(budget *dashboard.Budget, now time.Time) budgetRow {
	row := budgetRow{meter: newMeter(budget), Budget: budget.Name, Left: text.Dollars(budget.Limit - budget.Used), Outlook: outlook(budget, now)}
	if len(budget.Values) > 0 {
		row.Name = groupName(budget.Values)
	}
	for _, threshold := range slices.Backward(budget.Thresholds) {
		if !threshold.Reached.IsZero() {
			row.Reached = fmt.Sprintf("%v %% on %s", threshold.Percent, threshold.Reached.In(budget.Start.Location()).Format("Jan 2, 15:04"))
			break
		}
	}
	return row
}

// outlook is when a budget is used up at the pace of its window so far.
func outlook(budget *dashboard.Budget, now time.Time) string {
	at, known := usedUp(budget, now)
	switch {
	case budget.Used >= budget.Limit:
		return "used up"
	case !known:
		return "–"
	case at.Before(budget.End):
		return "used up on " + at.In(budget.Start.Location()).Format("Jan 2, 15:04")
	default:
		spent := budget.Used * float64(budget.End.Sub(budget.Start)) / float64(now.Sub(budget.Start))
		return text.Percent(spent/budget.Limit) + " at the end"
	}
}

// usedUp is when a budget of the calendar is used up at the pace of its window so far. In the first
// tenth of a window the pace is not known.
func usedUp(budget *dashboard.Budget, now time.Time) (at time.Time, known bool) {
	elapsed, length := now.Sub(budget.Start), budget.End.Sub(budget.Start)
	if budget.Used <= 0 || elapsed < length/10 || isRolling(budget) {
		return at, false
	}
	seconds := elapsed.Seconds() * budget.Limit / budget.Used
	if seconds > 100*length.Seconds() {
		return budget.Start.Add(100 * length), true
	}
	return budget.Start.Add(time.Duration(seconds * float64(time.Second))), true
}

func isRolling(budget *dashboard.Budget) bool {
	return budget.Window == "24h" || budget.Window == "30d"
}

func newBudgetView(usage dashboard.Usage, group []dashboard.Budget, shown int, now time.Time) (budgetView, error) {
	budget := &group[shown]
	zone := budget.Start.Location()
	view := budgetView{
		Name: budget.Name, Window: budget.Window, By: len(budget.Values) > 0, Where: pairs(budget.Where, "="), Outlook: outlook(budget, now),
		Span: budget.Start.In(zone).Format("Jan 2, 15:04") + " – " + budget.End.In(zone).Format("Jan 2, 15:04") + " (" + zone.String() + ")",
	}
	if view.By {
		view.Of = groupName(budget.Values)
	}
	if budget.Window == string(period.Hour) || budget.SumOnly {
		return view, nil // the ledger has whole hours
	}
	var err error
	view.BurnDown, err = burnDown(usage, budget, now)
	return view, err
}

// burnDown is what is left of a budget over its window.
func burnDown(usage dashboard.Usage, budget *dashboard.Budget, now time.Time) (*graphView, error) {
	where := map[string]string{}
	maps.Copy(where, budget.Where)
	for i, name := range budget.By {
		if i < len(budget.Values) {
			where[name] = budget.Values[i]
		}
	}
	step := period.Day
	if budget.End.Sub(budget.Start) <= 26*time.Hour {
		step = period.Hour
	}
	window := period.Period{From: budget.Start, To: budget.End}
	starts := window.Starts(step)
	rows, err := usage.Usage(queryOf(window, starts, nil, where))
	if err != nil {
		return nil, err
	}
	spent := map[int64]float64{}
	for i := range rows {
		spent[rows[i].Start.Unix()] += rows[i].Usage.Dollars
	}
	n := len(starts)
	left, even, pace := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	remaining, last := budget.Limit, 0
	left[0] = remaining
	for i, start := range starts {
		remaining -= spent[start.Unix()]
		left[i+1], pace[i], even[i] = math.NaN(), math.NaN(), budget.Limit*(1-float64(i)/float64(n))
		if !start.After(now) {
			left[i+1], last = remaining, i+1
		}
	}
	even[n], pace[n] = 0, math.NaN()
	view := &graphView{Title: "What is left of " + nameOfBudget(budget), Zone: budget.Start.Location().String()}
	all := slices.Concat(left, even)
	if at, known := usedUp(budget, now); known && last < n && budget.Used < budget.Limit {
		perStep := budget.Limit / (float64(at.Sub(budget.Start)) / float64(budget.End.Sub(budget.Start)) * float64(n))
		for i := last; i <= n; i++ {
			pace[i] = max(left[last]-perStep*float64(i-last), 0)
		}
	}
	scale := chart.Around(all...)
	view.setScale(scale, text.AxisDollars)
	view.Lines = []lineView{{Name: "left", Color: "s0", Path: scale.Line(left), Last: text.Dollars(left[last])}, {Name: "at an even pace", Color: "sx", Path: scale.Line(even), Last: text.Dollars(even[last])}}
	if !math.IsNaN(pace[n]) {
		view.Lines = append(view.Lines, lineView{Name: "at the pace so far", Color: "s1", Path: scale.Line(pace), Last: text.Dollars(pace[n]) + " at the end"})
	}
	for i, start := range starts {
		name := start.Format("Mon, Jan 2")
		if step == period.Hour {
			name = start.Format("Jan 2, 15:04")
		}
		if x := 100 * float64(i) / float64(n); i%(n/6+1) == 0 && x > 2 && x < 98 {
			mark := mark{start.Format("Jan 2"), x}
			if step == period.Hour {
				mark.Label = start.Format("15:04")
			}
			view.Marks = append(view.Marks, mark)
		}
		if !math.IsNaN(left[i+1]) {
			view.Rows = append(view.Rows, graphRow{name, []string{text.Dollars(spent[start.Unix()]), text.Dollars(left[i+1]), text.Dollars(even[i+1])}})
		}
	}
	return view, nil
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
			notes = append(notes, text.Count(l.Unpriced)+" calls without a price")
		}
		if l.Estimated != 0 {
			notes = append(notes, text.Dollars(l.Estimated)+" estimated")
		}
	}
	if l.ReportedCalls > 0 {
		row.Reported, row.Computed = text.Dollars(l.Reported), text.Dollars(l.Computed)
		row.ReportedOff = math.Abs(l.Reported-l.Computed) > largeDifference*max(l.Reported, l.Computed)
		if l.ReportedCalls < l.Calls {
			notes = append(notes, "reported of "+text.Count(l.ReportedCalls)+" calls")
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

// costJSON is a line of /api/usage/costs.
type costJSON struct {
	Provider      string   `json:"provider"`
	Model         string   `json:"model"`
	Item          string   `json:"item"`
	Calls         int64    `json:"calls"`
	Unpriced      int64    `json:"unpriced"`
	Counted       float64  `json:"counted_dollars"`
	Estimated     float64  `json:"estimated_dollars"`
	ReportedCalls int64    `json:"reported_calls"`
	Reported      float64  `json:"reported_dollars"`
	Computed      float64  `json:"computed_dollars"`
	Billed        *float64 `json:"billed_dollars"` // null: no bill is known
}

type costsJSON struct {
	From time.Time  `json:"from"`
	To   time.Time  `json:"to"`
	Rows []costJSON `json:"rows"`
}

func (b *dashboardServer) getCosts(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	of := p.costPeriod(b.now())
	csv := p.oneOf("format", "json", "csv") == "csv"
	if err := p.err(); err != nil {
		return response{}, err
	}
	rows := []costJSON{}
	for _, l := range usage.Costs(of.From, of.To) {
		row := costJSON{
			Provider: l.Provider, Model: l.Model, Item: l.Item, Calls: l.Calls, Unpriced: l.Unpriced, Counted: l.Counted, Estimated: l.Estimated,
			ReportedCalls: l.ReportedCalls, Reported: l.Reported, Computed: l.Computed,
		}
		if l.HasBill {
			row.Billed = known(l.Billed, true)
		}
		rows = append(rows, row)
	}
	if err := usage.Extent().Err; err != nil {
		return response{}, err
	}
	if csv {
		return csvResponse("usage-costs", costLines(rows)), nil
	}
	return response{data: costsJSON{From: of.From, To: of.To, Rows: rows}}, nil
}

func costLines(rows []costJSON) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if !yield([]string{
			"provider", "model", "item", "calls", "unpriced", "counted_dollars", "estimated_dollars", "reported_calls", "reported_dollars", "computed_dollars", "billed_dollars",
		}, nil) {
			return
		}
		for i := range rows {
			row := &rows[i]
			if !yield([]string{
				cell(row.Provider), cell(row.Model), cell(row.Item), whole(row.Calls), whole(row.Unpriced), decimal(&row.Counted), decimal(&row.Estimated),
				whole(row.ReportedCalls), decimal(&row.Reported), decimal(&row.Computed), decimal(row.Billed),
			}, nil) {
				return
			}
		}
	}
}
