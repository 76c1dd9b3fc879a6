// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"math"
	"slices"
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
