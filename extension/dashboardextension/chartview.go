// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/chart"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// chartView is the chart of stacked bars, and its data as a table.
type chartView struct {
	Title  string
	Zone   string
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
	URL     string   // of what is in it
}

var measureTitles = map[spend.Measure]string{spend.Cost: "Cost", spend.Tokens: "Tokens", spend.Calls: "Calls", spend.Failed: "Failed calls"}

func newChart(stack spend.Stack, c selection) *chartView {
	view := &chartView{Title: measureTitles[c.measure] + " by " + string(c.step) + " and " + lowerLabels(c.by), Zone: c.now.Location().String()}
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
		name, color := "all others", colorOfOthers
		if !group.Others {
			name, color = text.Cut(groupName(group.Values), shownDimRunes), colorOf(series)
		}
		view.Series = append(view.Series, seriesView{name, color, amount(c.measure, &group.Usage)})
	}
	ticks := chart.Ticks(largest)
	top := ticks[len(ticks)-1]
	for _, value := range slices.Backward(ticks) {
		view.Ticks = append(view.Ticks, tick{axisLabel(c.measure, value), 100 - 100*value/top})
	}
	for i, slot := range chart.Stacked(values, top) {
		start := stack.Starts[i]
		shown := slotView{Slot: slot, Name: slotName(start, c.step, c.now)}
		shown.URL = c.within(start)
		usage := stack.Slot(i)
		shown.Total = amount(c.measure, &usage)
		for series := range values {
			shown.Amounts = append(shown.Amounts, amount(c.measure, &stack.Usage[series][i]))
		}
		for _, bar := range slot.Bars {
			shown.Colors = append(shown.Colors, view.Series[bar.Series].Color)
		}
		view.Slots = append(view.Slots, shown)
		if label, at := markAt(start, c.step, len(stack.Starts)); label != "" {
			if x := slot.X + slot.Width*at; x < 99 {
				view.Marks = append(view.Marks, mark{label, x})
			}
		}
	}
	return view
}

// within is the address of what is in a bar: the calls of an hour, or the hours or days of a
// longer one.
func (c selection) within(start time.Time) string {
	end := c.step.Next(start)
	c = c.onFirstPage()
	c.preset = ""
	if c.step == period.Hour {
		c.from, c.to = start.Format(time.RFC3339), end.Format(time.RFC3339)
		calls := c.callsPage()
		if c.measure == spend.Failed {
			calls = calls.withFilter("status", "failed")
		}
		return calls.url()
	}
	c.from, c.to = start.Format(time.DateOnly), period.Day.Add(end, -1).Format(time.DateOnly)
	return c.url()
}

// groupName names the values of a group.
func groupName(values []string) string {
	names := make([]string, len(values))
	for i, value := range values {
		names[i] = valueLabel(value)
	}
	return strings.Join(names, " · ")
}

// slotName names the time of a bar.
func slotName(start time.Time, step period.Unit, now time.Time) string {
	end := step.Next(start)
	name := start.Format("Mon, Jan 2")
	switch step {
	case period.Hour:
		name = start.Format("Mon, Jan 2, 15:04") + "–" + end.Format("15:04")
	case period.Week:
		name = start.Format("Jan 2") + "–" + period.Day.Add(end, -1).Format("Jan 2, 2006")
	case period.Month:
		name = start.Format("January 2006")
	case period.Day, period.Quarter, period.Year:
	}
	if end.After(now) && !start.After(now) {
		name += ", so far"
	}
	return name
}

// markAt is the label below the bar of a start, and where below it, in widths
// of the bar from its left; "" where there is none.
func markAt(start time.Time, step period.Unit, bars int) (label string, at float64) {
	switch {
	case step == period.Hour && bars <= 50:
		if start.Hour()%4 == 0 {
			return start.Format("15:04"), .5
		}
	case step == period.Hour:
		if start.Hour() == 12 {
			return start.Format("Mon 2"), 0
		}
	case step == period.Day:
		if start.YearDay()%(bars/6+1) == 0 {
			return start.Format("Jan 2"), .5
		}
	case step == period.Week:
		if _, week := start.ISOWeek(); week%(bars/6+1) == 0 {
			return start.Format("Jan 2"), .5
		}
	default:
		if int(start.Month())%(bars/8+1) == 0 {
			return start.Format("Jan 2006"), .5
		}
	}
	return "", 0
}

// lowerLabels are dimensions for use within a sentence.
func lowerLabels(dimensions []string) string {
	names := make([]string, len(dimensions))
	for i, dimension := range dimensions {
		names[i] = lower(label(dimension))
	}
	return strings.Join(names, " and ")
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
