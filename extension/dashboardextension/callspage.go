// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/conversation"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

const listRows = 50 // of a page of calls, sessions or traces

// callsView lists single calls.
type callsView struct {
	shell
	NoSource  bool
	SumsOnly  bool // without single calls
	SpanLabel string
	Presets   []option
	Sources   []option
	Filters   []filter
	Form      []keptValue
	Given     map[string]string // of the form
	Model     string
	Models    []string // that are there, to be chosen from
	Statuses  []string
	Costs     []string
	Stats     []stat
	Note      string
	Calls     []callView
	Heads     []tableHead
	Pager     pager
	CSV, JSON string
}

// readCallsChoice reads the selection of a page about single calls.
func (b *dashboardServer) readCallsChoice(p *params, usage dashboard.Usage, path string) (selection, dashboard.CallQuery) {
	var query dashboard.CallQuery
	extra := p.readCallFilters(&query)
	model := p.text("model")
	c := readChoice(p, usage.Dimensions(), b.now(), b.zone)
	c.path, c.extra = path, extra
	if model != "" {
		c = c.only(dashboard.Model, model)
	}
	until := c.until()
	query.From, query.To, query.Where = until.From, until.To, c.where
	return c, query
}

func (b *dashboardServer) callsPage(r *http.Request) (content, error) {
	view := callsView{shell: b.newShell("Calls", "calls")}
	p := newParams(r.URL.Query())
	usage, none, err := b.shownUsage(p)
	if err != nil {
		return content{}, err
	}
	if view.NoSource = none; none {
		return content{template: "calls.html", data: view}, nil
	}
	c, query := b.readCallsChoice(p, usage, "/calls")
	if err := p.err(); err != nil {
		return content{}, err
	}
	if extent := usage.Extent(); extent.SumsOnly {
		view.SumsOnly, view.Sources = true, c.sourceOptions(b.usage.ids())
		return content{template: "calls.html", data: view}, nil
	}
	calls := usage.Calls(query) // the newest first
	if c.callSort != "" {
		sortCalls(calls, []callKey{newParams(nil).callKey(c.callSort, usage.Dimensions())})
	}
	if view.Note, err = noteMissing(usage, c, len(calls)); err != nil {
		return content{}, err
	}
	view.Stats = callStats(calls)
	view.SpanLabel, view.Presets, view.Sources, view.Filters = c.label(), c.presetOptions(), c.sourceOptions(b.usage.ids()), c.filters()
	view.Form = c.hiddenValues("find", "status", "cost_status", "model", "min_cost", "max_cost")
	view.Given, view.Statuses, view.Costs, view.Models = singleValues(c.extra), callStatuses, costStatuses, modelsOf(usage, c)
	view.Pager = newPager(len(calls), c.callPage, listRows, func(page int) string {
		other := c
		other.callPage = page
		return other.url()
	})
	shown := pageOf(calls, listRows, c.callPage)
	for i := range shown {
		view.Calls = append(view.Calls, b.newCallView(&shown[i], c))
	}
	view.Heads = c.callHeads(usage.Dimensions(), "-time", "")
	view.CSV, view.JSON = c.callsURL("csv"), c.callsURL("json")
	return content{template: "calls.html", data: view}, nil
}

// singleValues are the single values of parameters.
func singleValues(values url.Values) map[string]string {
	all := map[string]string{}
	for name := range values {
		all[name] = values.Get(name)
	}
	return all
}

// modelsOf are the models of the period, the most expensive first.
func modelsOf(usage dashboard.Usage, c selection) (models []string) {
	rows, err := usage.Usage(queryOf(c.until(), nil, []string{dashboard.Model}, nil))
	if err != nil {
		return nil
	}
	for _, group := range spend.Top(spend.Rank(rows, spend.Cost), listedModels) {
		if !group.Others && group.Values[0] != "" {
			models = append(models, group.Values[0])
		}
	}
	return models
}

// noteMissing reports which of the calls of the period are kept.
func noteMissing(usage dashboard.Usage, c selection, found int) (string, error) {
	source, ok := usage.(dashboard.CallSource)
	if !ok {
		return "This source has no single calls.", nil
	}
	rows, err := usage.Usage(c.query())
	if err != nil {
		return "", err
	}
	all := spend.Sum(rows)
	kept := source.CallsKept()
	if len(c.extra) == 0 && kept.Dropped == 0 && int64(found) == all.Calls {
		return "", nil // they are all there
	}
	note := "Of the calls kept: "
	if len(c.extra) == 0 {
		note = text.Count(int64(found)) + " of the " + text.Count(all.Calls) + " calls that the ledger counts " + c.label() + " are kept: "
	}
	words := describeLimits(&kept)
	if !kept.Since.IsZero() {
		words += "; from " + kept.Since.In(c.now.Location()).Format("Jan 2, 2006 15:04") + " on all are there"
	}
	return note + words + ".", nil
}

func describeLimits(kept *dashboard.CallsKept) string {
	words := "the newest " + text.Count(int64(kept.NewestLimit))
	if kept.ExpensivePerDay > 0 {
		words += ", and the " + text.Count(int64(kept.ExpensivePerDay)) + " most expensive of each day"
	}
	if kept.Dropped > 0 {
		words += ". " + text.Count(kept.Dropped) + " others are counted, and no longer kept"
	}
	return words
}

// describeKept describe which calls are kept; "" where none was dropped.
func describeKept(usage dashboard.Usage) string {
	source, ok := usage.(dashboard.CallSource)
	if !ok {
		return ""
	}
	kept := source.CallsKept()
	if kept.Dropped == 0 {
		return ""
	}
	return describeLimits(&kept)
}

// callStats are the sums of calls.
func callStats(calls []dashboard.Call) []stat {
	var sum dashboard.Totals
	for i := range calls {
		conversation.Add(&sum, &calls[i])
	}
	stats := []stat{
		{Name: "Calls", Value: text.Count(sum.Calls)},
		{Name: "Cost", Value: text.Dollars(sum.Dollars)},
		{Name: "Failed", Value: text.Count(sum.Errors + sum.Timeouts), Note: percentOr(spend.ErrorRate(&sum))},
		{Name: "Tokens in", Value: text.Short(float64(sum.Tokens.Input))},
		{Name: "Tokens out", Value: text.Short(float64(sum.Tokens.Output))},
	}
	if sum.Unpriced > 0 {
		stats[1].Note = text.Count(sum.Unpriced) + " without a price"
	}
	if average, known := spend.AverageSeconds(&sum); known {
		stats = append(stats, stat{Name: "Average time", Value: text.Seconds(average)})
	}
	return stats
}

// callHeads are the heads of the columns of calls, each with the link that sorts by it.
func (c selection) callHeads(dimensions []string, byDefault, anchor string) (heads []tableHead) {
	head := func(name, label string, figure bool) {
		made := tableHead{Label: label, Number: figure}
		other := c
		other.callPage = 1
		other.callSort, made.Sorted = toggleSort(cmp.Or(c.callSort, byDefault), name, figure || name == "time")
		made.URL = other.url() + anchor
		heads = append(heads, made)
	}
	head("time", "When", false)
	for _, dimension := range dimensions {
		head(dimension, label(dimension), false)
	}
	for _, column := range [][2]string{{"cost", "Cost"}, {"duration", "Took"}, {"input_tokens", "Tokens in"}, {"output_tokens", "Out"}} {
		head(column[0], column[1], true)
	}
	return heads
}

// callPage is the address of a call.
func callPage(id, source string) string {
	return addressOf("/calls/"+url.PathEscape(id), source, url.Values{})
}

func decimalOf(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
