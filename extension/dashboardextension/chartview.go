// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/chart"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// chartView is the chart of stacked bars, and its data as a table.
type chartView struct {
	Title  string
	Ticks  []tick // from the top down
	Slots  []slotView
	Marks  []mark
	Series []seriesView
}

type tick struct {
	Label string
	Y     float64
}

type mark struct {
	Label string
	X     float64
}

type seriesView struct{ Name, Color, Total string }

type slotView struct {
	chart.Slot
	Name    string
	Total   string
	Amounts []string // by series
	Colors  []string // by bar
}

var measureTitles = map[spend.Measure]string{spend.Cost: "Cost", spend.Tokens: "Tokens", spend.Calls: "Calls"}

func newChart(stack spend.Stack, c selection, now time.Time) *chartView {
	view := &chartView{Title: measureTitles[c.measure] + " by " + string(c.span.step) + " and " + lower(label(c.by))}
	values := make([][]float64, len(stack.Groups))
	largest := 0.0
	for series := range values {
		values[series] = make([]float64, len(stack.Starts))
	}
	for i := range stack.Starts {
		sum := 0.0
		for series := range values {
			v := c.measure.Of(&stack.Usage[series][i])
			values[series][i] = v
			sum += v
		}
		largest = max(largest, sum)
	}
	for series, group := range stack.Groups {
		name := "all others"
		if !group.Others {
			name = text.Cut(valueLabel(group.Values[0]), shownDimRunes)
		}
		view.Series = append(view.Series, seriesView{
			name, colorOf(series, group.Others), amount(c.measure, &group.Usage),
		})
	}
	ticks := chart.Ticks(largest)
	top := ticks[len(ticks)-1]
	for _, value := range slices.Backward(ticks) {
		view.Ticks = append(view.Ticks, tick{axisLabel(c.measure, value), 100 - 100*value/top})
	}
	for i, slot := range chart.Stacked(values, top) {
		start := stack.Starts[i]
		shown := slotView{Slot: slot, Name: slotName(start, c.span.step, now)}
		usage := stack.Slot(i)
		shown.Total = amount(c.measure, &usage)
		for series := range values {
			shown.Amounts = append(shown.Amounts, amount(c.measure, &stack.Usage[series][i]))
		}
		for _, bar := range slot.Bars {
			shown.Colors = append(shown.Colors, view.Series[bar.Series].Color)
		}
		view.Slots = append(view.Slots, shown)
		if label, at := markAt(start, c.span.name); label != "" {
			if x := slot.X + slot.Width*at; x < 99 {
				view.Marks = append(view.Marks, mark{label, x})
			}
		}
	}
	return view
}

// slotName names the time of a bar, in UTC.
func slotName(start time.Time, step period.Unit, now time.Time) string {
	end := step.Next(start)
	name := start.Format("Mon, Jan 2")
	if step == period.Hour {
		name = start.Format("Mon, Jan 2, 15:04") + "–" + end.Format("15:04")
	}
	if end.After(now) {
		name += ", so far"
	}
	return name
}

// markAt is the label below the bar of a start, and where below it, in widths
// of the bar from its left; "" where there is none.
func markAt(start time.Time, spanName string) (label string, at float64) {
	switch {
	case spanName == "24h" && start.Hour()%4 == 0:
		return start.Format("15:04"), .5
	case spanName == "7d" && start.Hour() == 12:
		return start.Format("Mon 2"), 0
	case spanName == "30d" && start.YearDay()%5 == 0:
		return start.Format("Jan 2"), .5
	default:
		return "", 0
	}
}

func axisLabel(m spend.Measure, v float64) string {
	if m == spend.Cost {
		return text.AxisDollars(v)
	}
	return text.Short(v)
}

// lower is a label for use within a sentence; keys of attributes stay as they are.
func lower(label string) string {
	if label[0] >= 'A' && label[0] <= 'Z' {
		return string(label[0]+'a'-'A') + label[1:]
	}
	return label
}
