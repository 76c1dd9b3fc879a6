// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/chart"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

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
	spent := map[int64]float64{} // by the start of a step
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
	ofMark, ofRow := "Jan 2", "Mon, Jan 2"
	if step == period.Hour {
		ofMark, ofRow = "15:04", "Jan 2, 15:04"
	}
	for i, start := range starts {
		if x := 100 * float64(i) / float64(n); i%(n/6+1) == 0 && x > 2 && x < 98 {
			view.Marks = append(view.Marks, mark{start.Format(ofMark), x})
		}
		if !math.IsNaN(left[i+1]) {
			view.Rows = append(view.Rows, graphRow{start.Format(ofRow), []string{text.Dollars(spent[start.Unix()]), text.Dollars(left[i+1]), text.Dollars(even[i+1])}})
		}
	}
	return view, nil
}
