// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"math"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// card is the spend in a window, and what to compare it with.
type card struct {
	Title, Cost, Calls string
	Unpriced           string // calls whose cost is not known; "": none
	Estimated          string // the sum of costs that are estimates; "": none
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

// addWindows adds the hour, the day and the month, each with its budgets.
func addWindows(view *spendView, usage dashboard.Usage, c selection, now time.Time) error {
	w, err := windowsOf(usage, c.where, now)
	if err != nil {
		return err
	}
	view.Cards = []card{
		newCard("This hour", &w.Hour, w.YesterdayHour),
		newCard("Today", &w.Today, w.YesterdayToday),
		newCard("This month", &w.Month, 0),
	}
	shown := map[string]int{}
	for _, budget := range usage.Budgets() {
		i, known := cardOf[budget.Window]
		if shown[budget.Name]++; known && shown[budget.Name] <= maxMeters {
			view.Cards[i].Budgets = append(view.Cards[i].Budgets, newMeter(&budget))
		}
	}
	view.NoCalls = w.Month.Calls == 0 && len(c.where) == 0
	return nil
}

// cardOf is the card that budgets are shown on, by window: of longer ones, the month's.
var cardOf = map[string]int{"hour": 0, "day": 1, "24h": 1, "week": 2, "month": 2, "quarter": 2, "30d": 2}

// maxMeters is how many values of a budget are shown: those that used most of their limits.
const maxMeters = 10

func newCard(title string, t *dashboard.Totals, yesterday float64) card {
	made := card{Title: title, Cost: cost(t), Calls: text.Count(t.Calls)}
	if t.Unpriced > 0 && !priceless(t) {
		made.Unpriced = text.Count(t.Unpriced)
	}
	if t.Estimated > 0 {
		made.Estimated = text.Dollars(t.EstimatedDollars)
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

// nameOfBudget is the name of a budget, and whose it is.
func nameOfBudget(budget *dashboard.Budget) string {
	return strings.Join(append([]string{budget.Name}, budget.Values...), " ")
}

func newMeter(budget *dashboard.Budget) meter {
	ratio, _ := spend.Ratio(budget.Used, budget.Limit)
	m := meter{
		Name: nameOfBudget(budget), Used: text.Dollars(budget.Used), Limit: text.Dollars(budget.Limit), Percent: text.Percent(ratio),
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
