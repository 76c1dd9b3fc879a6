// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/chart"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const latencyPath = "/latency"

// latencyColumns are those of the table of errors and latency.
var latencyColumns = []string{"calls", "error_ratio", "average_duration", "p50", "p95", "p99"}

// latencyView shows errors and durations over time.
type latencyView struct {
	shell
	NoSource, NoneHere, NoneFailed bool
	SumsOnly                       bool // without what only a ledger has
	NoFailures                     bool // of the selection: the source does not have them
	SpanLabel                      string
	Presets, Bys, Sources          []option
	Filters                        []filter
	Notes                          []string
	Stats                          []stat
	Errors                         *chartView // nil: no call failed
	Latency                        *graphView
	Table                          table
	Types                          []errorTypeView
	FirstTokens                    []firstTokenView
	KeptNote                       string
	Failed                         []callView
	AllFailed                      string
	JSON                           string
}

type errorTypeView struct {
	Type, Status, URL, Models, Last, Share string
	Count                                  int64
	At                                     time.Time
	Width                                  float64
}

type firstTokenView struct {
	Model, URL, P50, P95, P99 string
	Calls                     int64
}

func (b *dashboardServer) latencyPage(r *http.Request) (content, error) {
	view := latencyView{shell: b.newShell("Errors and latency", "latency")}
	p := newParams(r.URL.Query())
	usage, none, err := b.shownUsage(p)
	if err != nil {
		return content{}, err
	}
	if view.NoSource = none; none {
		return content{template: "latency.html", data: view}, nil
	}
	dimensions := usage.Dimensions()
	c := readChoice(p, dimensions, b.now(), b.zone)
	if err := p.err(); err != nil {
		return content{}, err
	}
	c.path, c.measure, c.columns = latencyPath, spend.Failed, latencyColumns
	view.SpanLabel, view.Presets, view.Bys, view.Sources, view.Filters = c.label(), c.presetOptions(), c.byOptions(dimensions), c.sourceOptions(b.usage.ids()), c.filters()
	extent := usage.Extent()
	c.keepStep(&extent)
	view.JSON, view.Notes = c.stepsURL("json"), append(notesOf(&extent, c), failureNote(&extent, c)...)
	view.SumsOnly, c.missing = extent.SumsOnly, missingOf(&extent, c.by, c.where)
	if view.NoFailures = !extent.HasFailures(c.by, c.where); view.NoFailures {
		return content{template: "latency.html", data: view}, nil
	}
	if err := view.addUsage(usage, c); err != nil {
		return content{}, err
	}
	if !view.NoneHere && !view.SumsOnly {
		b.addKept(&view, usage, c)
	}
	return content{template: "latency.html", data: view}, nil
}

// addUsage adds what the ledger has: all calls.
func (view *latencyView) addUsage(usage dashboard.Usage, c selection) error {
	groups, err := usage.Usage(c.query(c.by...))
	if err != nil {
		return err
	}
	counted := newCounted(groups)
	all := counted.totals()
	if view.NoneHere = all.Calls == 0; view.NoneHere {
		return nil
	}
	query, starts := c.query(c.by...), c.period.Starts(c.step)
	query.Steps = starts
	steps, err := usage.Usage(query)
	if err != nil {
		return err
	}
	view.Stats = []stat{
		{Name: "Calls", Value: text.Count(all.Calls)},
		{Name: "Failed", Value: text.Count(all.Errors + all.Timeouts), Note: text.CountOf(all.Errors, "error") + ", " + text.CountOf(all.Timeouts, "timeout")},
		{Name: "Error rate", Value: percentOr(spend.ErrorRate(all))},
		{Name: "p50", Value: quantile(all, .5), Note: "estimated"},
		{Name: "p95", Value: quantile(all, .95), Note: "estimated"},
		{Name: "p99", Value: quantile(all, .99), Note: "estimated"},
	}
	stack := spend.NewStack(steps, starts, c.measure, chartSeries)
	var colors map[string]string
	if view.NoneFailed = all.Errors+all.Timeouts == 0; !view.NoneFailed {
		failed := slices.DeleteFunc(slices.Clone(steps), func(row dashboard.Row) bool { return row.Usage.Errors+row.Usage.Timeouts == 0 })
		errors := spend.NewStack(failed, starts, c.measure, chartSeries)
		view.Errors = newChart(errors, c)
		colors = colorsOf(&errors)
	}
	view.Latency = newLines(&stack, c)
	view.Table = newTable(counted, nil, colors, c)
	return nil
}

// quantiles are the lines of the chart of durations.
var quantiles = []struct {
	name, color string
	of          float64
}{{"p50", "s2", .5}, {"p95", "s0", .95}, {"p99", "s1", .99}}

func newLines(stack *spend.Stack, c selection) *graphView {
	view := &graphView{Title: "Duration of calls", Zone: c.now.Location().String()}
	seconds := make([][]float64, len(quantiles)) // NaN where there is none
	for i, start := range stack.Starts {
		sum := stack.Slot(i)
		row := graphRow{Name: slotName(start, c.step, c.now)}
		for q := range quantiles {
			took, _, ok := spend.Quantile(&sum, quantiles[q].of)
			if !ok {
				took = math.NaN()
			}
			seconds[q] = append(seconds[q], took)
			row.Values = append(row.Values, quantile(&sum, quantiles[q].of))
		}
		view.Rows = append(view.Rows, row)
		if label, at := markAt(start, c.step, len(stack.Starts)); label != "" {
			if x := 100 * (float64(i) + at - .5) / float64(max(len(stack.Starts)-1, 1)); x >= 0 && x < 99 {
				view.Marks = append(view.Marks, mark{label, x})
			}
		}
	}
	all := append(slices.Concat(seconds...), 0)
	scale := chart.Around(all...)
	view.setScale(scale, text.Seconds)
	whole := stack.Whole()
	for q := range quantiles {
		view.Lines = append(view.Lines, lineView{Name: quantiles[q].name, Color: quantiles[q].color, Path: scale.Line(seconds[q]), Last: quantile(&whole, quantiles[q].of) + " in all"})
	}
	return view
}

// addKept adds what single calls alone have: the types of errors, and the times to the first
// token.
func (b *dashboardServer) addKept(view *latencyView, usage dashboard.Usage, c selection) {
	until := c.until()
	calls := usage.Calls(dashboard.CallQuery{From: until.From, To: until.To, Where: c.where})
	if words := describeKept(usage); words != "" {
		view.KeptNote = "What follows is of the calls that are kept: " + words + "."
	}
	list := c.callsPage().withFilter("status", "failed")
	view.AllFailed = list.url()
	view.Types = errorTypes(calls, list)
	view.FirstTokens = firstTokens(calls, c)
	for i := range calls {
		if calls[i].Status != "success" && len(view.Failed) < callRows {
			view.Failed = append(view.Failed, b.newCallView(&calls[i], c))
		}
	}
}

// errorTypes counts failed calls by the type of the error, the most frequent first.
func errorTypes(calls []dashboard.Call, list selection) (types []errorTypeView) {
	type key struct{ kind, status string }
	models, at := map[key][]string{}, map[key]int{}
	failed := int64(0)
	for i := range calls {
		call := &calls[i]
		if call.Status == "success" {
			continue
		}
		failed++
		of := key{call.ErrorType, call.Status}
		index, known := at[of]
		if !known {
			index = len(types)
			at[of] = index
			address := list.withFilter("status", call.Status)
			if call.ErrorType != "" {
				address = address.withFilter("error_type", call.ErrorType)
			}
			types = append(types, errorTypeView{Type: text.Cut(valueLabel(call.ErrorType), shownDimRunes), Status: call.Status, URL: address.url()})
		}
		row := &types[index]
		row.Count++
		if call.Time.After(row.At) {
			row.At, row.Last = call.Time, call.Time.In(list.now.Location()).Format("Jan 2, 15:04:05")
		}
		if model := call.Values[0]; !slices.Contains(models[of], model) {
			models[of] = append(models[of], model)
		}
	}
	for of, index := range at {
		slices.Sort(models[of])
		types[index].Models = listOfNames(models[of])
		share := float64(types[index].Count) / float64(failed)
		types[index].Share, types[index].Width = text.Percent(share), 100*share
	}
	slices.SortFunc(types, func(a, b errorTypeView) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Type, b.Type), strings.Compare(a.Status, b.Status))
	})
	return types[:min(len(types), listedModels)]
}

// firstTokens are the times to the first token by model, those with most calls first.
func firstTokens(calls []dashboard.Call, c selection) (rows []firstTokenView) {
	seconds := map[string][]float64{}
	for i := range calls {
		if first := calls[i].FirstToken; first != nil {
			model := calls[i].Values[0]
			seconds[model] = append(seconds[model], *first)
		}
	}
	for model, times := range seconds {
		slices.Sort(times)
		rows = append(rows, firstTokenView{
			Model: text.Cut(valueLabel(model), shownDimRunes), URL: c.only(dashboard.Model, model).url(), Calls: int64(len(times)),
			P50: text.Seconds(nearestRank(times, .5)), P95: text.Seconds(nearestRank(times, .95)), P99: text.Seconds(nearestRank(times, .99)),
		})
	}
	slices.SortFunc(rows, func(a, b firstTokenView) int {
		return cmp.Or(cmp.Compare(b.Calls, a.Calls), strings.Compare(a.Model, b.Model))
	})
	return rows[:min(len(rows), listedModels)]
}

// nearestRank is a quantile of sorted values, by the nearest rank.
func nearestRank(sorted []float64, q float64) float64 {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}
