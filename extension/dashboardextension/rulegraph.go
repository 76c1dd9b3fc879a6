// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/chart"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// maxAlertName bounds what distinguishes an alert or a series, in runes.
const maxAlertName = 120

// graphView is a rule's expression over time.
type graphView struct {
	Title  string
	Expr   string
	Ticks  []tick
	Marks  []mark
	Lines  []lineView
	More   int
	LimitY float64
	Limit  string // "" without a threshold
	Rows   []graphRow
	Zone   string
}

// setScale sets the labels of the values, the largest first.
func (v *graphView) setScale(scale chart.Scale, label func(float64) string) {
	for _, value := range slices.Backward(scale.Ticks) {
		v.Ticks = append(v.Ticks, tick{label(value), scale.Y(value)})
	}
}

type lineView struct{ Name, Color, Path, Last string }

// graphRow is a line of the table of the same values.
type graphRow struct {
	Name   string
	Values []string
}

func newGraphView(g *dashboard.Graph, q *ruleRequest) *graphView {
	view := &graphView{Title: "Value of " + q.rule.Name, Expr: g.Expr, More: g.More, Zone: q.to.Location().String(), Marks: timeMarks(q.from, q.to)}
	if g.Operator != "" {
		view.Title = "What " + q.rule.Name + " compares"
	}
	var all []float64
	for i := range g.Series {
		all = append(all, g.Series[i].Values...)
	}
	if g.Operator != "" {
		all = append(all, g.Limit)
	}
	scale := chart.Around(all...)
	view.setScale(scale, func(value float64) string { return number(&value) })
	if g.Operator != "" {
		view.Limit, view.LimitY = g.Operator+" "+number(&g.Limit), min(max(scale.Y(g.Limit), 0), 100)
	}
	for i := range g.Series {
		s := &g.Series[i]
		line := lineView{Name: labelText(s.Labels, nil), Color: colorOf(i), Path: scale.Line(s.Values), Last: "no value now"}
		if n := len(s.Values); n > 0 && !math.IsNaN(s.Values[n-1]) {
			line.Last = number(&s.Values[n-1])
		}
		view.Lines = append(view.Lines, line)
	}
	view.Rows = graphRows(g)
	return view
}

// graphRows are about 24 of the values, with the newest last.
func graphRows(g *dashboard.Graph) []graphRow {
	if len(g.Series) == 0 {
		return nil
	}
	var rows []graphRow
	n := len(g.Series[0].Values)
	for i := (n - 1) % max(1, n/24); i < n; i += max(1, n/24) {
		row := graphRow{Name: g.From.Add(time.Duration(i) * g.Step).UTC().Format("Jan 2, 15:04:05")}
		for _, s := range g.Series {
			value := "–"
			if i < len(s.Values) && !math.IsNaN(s.Values[i]) {
				value = number(&s.Values[i])
			}
			row.Values = append(row.Values, value)
		}
		rows = append(rows, row)
	}
	return rows
}

// labelText names a series or an alert by its labels but for some.
func labelText(labels, without map[string]string) string {
	var list []string
	for _, pair := range pairs(labels, "=") {
		name, value, _ := strings.Cut(pair, "=")
		if name != alertevent.LabelName && name != "__name__" && without[name] != value {
			list = append(list, pair)
		}
	}
	if len(list) == 0 {
		return "value"
	}
	return text.Cut(strings.Join(list, ", "), maxAlertName)
}

// timeMarks are labels below a time axis at round times of UTC.
func timeMarks(from, to time.Time) []mark {
	length := to.Sub(from)
	step, form := 24*time.Hour, "Jan 2"
	for _, s := range []time.Duration{10 * time.Minute, time.Hour, 4 * time.Hour} {
		if length/s <= 7 {
			step, form = s, "15:04"
			break
		}
	}
	var marks []mark
	for at := from.UTC().Truncate(step).Add(step); at.Before(to); at = at.Add(step) {
		if x := 100 * float64(at.Sub(from)) / float64(length); x > 2 && x < 98 {
			marks = append(marks, mark{at.Format(form), x})
		}
	}
	return marks
}
