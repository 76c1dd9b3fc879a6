// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const (
	timelineRows = 12 // alerts of a rule that have a line of their own
	changesShown = 50 // changes of state in the table
)

// timelineRow is when one alert was pending or firing.
type timelineRow struct {
	Name, Now string
	Bars      []timelineBar
}

type timelineBar struct {
	Class, Title string
	X, Width     float64
}

// changeView is a change of an alert's state.
type changeView struct {
	At           time.Time
	State, Class string
	Alert        string
	Lasted       string // how long it was in the state before
}

func stateClass(state string) string {
	if state == "firing" {
		return "firing"
	}
	return "pending"
}

// newTimeline has a row for each alert, those that changed last first.
func newTimeline(intervals []dashboard.StateInterval, q *ruleRequest) (rows []timelineRow, more int) {
	type row struct {
		timelineRow
		last time.Time
	}
	var all []row
	for i := range intervals {
		in := &intervals[i]
		name := alertText(in, q)
		if len(all) == 0 || all[len(all)-1].Name != name {
			all = append(all, row{Name: name, Now: "inactive"})
		}
		r := &all[len(all)-1]
		bar := timelineBar{Class: stateClass(in.State), X: q.percentOf(in.From)}
		bar.Width = max(q.percentOf(in.To)-bar.X, .3)
		bar.Title = in.State + " from " + in.From.UTC().Format("Jan 2, 15:04:05") + " to " + in.To.UTC().Format("Jan 2, 15:04:05")
		if in.Open {
			bar.Title = in.State + " since " + in.From.UTC().Format("Jan 2, 15:04:05")
			bar.Width = max(100-bar.X, .3)
			if r.Now != "firing" {
				r.Now = in.State
			}
		}
		bar.X = min(bar.X, 100-bar.Width)
		r.Bars = append(r.Bars, bar)
		if in.To.After(r.last) {
			r.last = in.To
		}
	}
	slices.SortStableFunc(all, func(x, y row) int { return y.last.Compare(x.last) })
	for i := range all[:min(len(all), timelineRows)] {
		rows = append(rows, all[i].timelineRow)
	}
	return rows, max(0, len(all)-timelineRows)
}

func alertText(in *dashboard.StateInterval, q *ruleRequest) string {
	if name := labelText(in.Labels, q.rule.Labels); name != "value" {
		return name
	}
	return q.rule.Name
}

// newChanges are the changes of states, the newest first.
func newChanges(intervals []dashboard.StateInterval, q *ruleRequest) (changes []changeView, more int) {
	names := make([]string, len(intervals))
	for i := range intervals {
		names[i] = alertText(&intervals[i], q)
	}
	for i := range intervals {
		in, name := &intervals[i], names[i]
		change := changeView{At: in.From, State: in.State, Class: stateClass(in.State), Alert: name}
		changes = append(changes, change)
		followed := false // by another state at once
		for j := range intervals {
			followed = followed || i != j && names[j] == name && !intervals[j].From.Before(in.From) &&
				intervals[j].From.Sub(in.To).Abs() <= time.Second && intervals[j].State != in.State
		}
		if in.Open || followed {
			continue
		}
		end := changeView{At: in.To, State: "inactive", Class: "", Alert: name, Lasted: text.Ago(in.To.Sub(in.From))}
		if in.State == "firing" {
			end.State, end.Class = "resolved", "ok"
		}
		changes = append(changes, end)
	}
	slices.SortStableFunc(changes, func(x, y changeView) int { return y.At.Compare(x.At) })
	return changes[:min(len(changes), changesShown)], max(0, len(changes)-changesShown)
}
