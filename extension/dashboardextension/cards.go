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
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// card is the spend in a window, and what to compare it with.
type card struct {
	Title, Cost, Calls string
	Unpriced           string // calls whose cost is not known; "": none
	Estimated          string // the sum of costs that are estimates; "": none
	Compare            string // with the same time yesterday
	Trend              string // up, down or ""
	Forecast           string // of the month; "": there is too little to make it of
	Method             string // how it was made
	Budgets            []meter
}

// meter is how much of a budget is used.
type meter struct {
	Name, Used, Limit, Percent string
	Level                      string // ok, near or over
	Width                      float64
}

// addWindows adds the hour, the day and the month, each with its budgets.
func addWindows(view *spendView, usage dashboard.Usage, extent *dashboard.Extent, c selection) error {
	w, err := windowsOf(usage, c.where, c.now)
	if err != nil {
		return err
	}
	view.Cards = []card{
		newCard("This hour", &w.Hour, w.YesterdayHour),
		newCard("Today", &w.Today, w.YesterdayToday),
		newCard("This month", &w.Month, 0),
	}
	if err := view.Cards[2].addMonth(usage, extent, &w.Month, c.where, c.now); err != nil {
		return err
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

// addMonth compares the month with the one before, and forecasts its end.
func (c *card) addMonth(usage dashboard.Usage, extent *dashboard.Extent, month *dashboard.Totals, where map[string]string, now time.Time) error {
	if extent.Since.IsZero() {
		return nil
	}
	if before, known := periodBefore(extent, period.Of(period.Month, now), now); known {
		rows, err := usage.Usage(queryOf(before, nil, nil, where))
		if err != nil {
			return err
		}
		c.compare(month.Dollars, spend.Sum(rows).Dollars, "last month")
	}
	basis := spend.ForecastFrom(now, extent.Since)
	if !basis.From.Before(basis.To) {
		return nil
	}
	hours, err := usage.Usage(queryOf(basis, basis.Starts(period.Hour), nil, where))
	if err != nil {
		return err
	}
	if forecast, method, ok := spend.Forecast(hours, basis, month.Dollars, now, period.Month.Next(now)); ok && !priceless(month) {
		c.Forecast, c.Method = text.Dollars(forecast), method
	}
	return nil
}

func newCard(title string, t *dashboard.Totals, yesterday float64) card {
	made := card{Title: title, Cost: cost(t), Calls: text.CountOf(t.Calls, "call")}
	if t.Unpriced > 0 && !priceless(t) {
		made.Unpriced = text.Count(t.Unpriced)
	}
	if t.Estimated > 0 {
		made.Estimated = text.Dollars(t.EstimatedDollars)
	}
	made.compare(t.Dollars, yesterday, "yesterday")
	return made
}

// compare compares dollars with those by the same time of a period before.
func (c *card) compare(now, past float64, before string) {
	if past <= 0 {
		return
	}
	change := now/past - 1
	switch {
	case change >= 9:
		c.Trend, c.Compare = "up", text.Count(int64(math.Round(change+1)))+" times as much as"
	case change >= .005:
		c.Trend, c.Compare = "up", text.Percent(change)+" more than"
	case change <= -.005:
		c.Trend, c.Compare = "down", text.Percent(-change)+" less than"
	default:
		c.Compare = "as much as"
	}
	c.Compare += " by this time " + before + " (≈ " + text.Dollars(past) + ")"
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
