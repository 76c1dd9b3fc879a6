// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"strconv"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	kinds "github.com/otelcol-arc/otelcol-arc/internal/usage"
)

type callView struct {
	dashboard.Call
	When    string
	Address string // of its page
	URL     string
	Links   []tableValue // of the dimensions
	Named   []string
	Cost    string
	Took    string
	Failed  bool
	Used    []string // what was used, by kind
	Records int      // that report the call
}

// callTable is a page of calls.
type callTable struct {
	Heads []tableHead
	Calls []callView
}

// callList is the newest of some calls, and how many there are.
type callList struct {
	Count int64
	JSON  string
	Calls []callView
}

func (b *dashboardServer) addCalls(view *spendView, usage dashboard.Usage, c selection) {
	dimensions := usage.Dimensions()
	until := c.until()
	query := dashboard.CallQuery{From: until.From, To: until.To, Where: c.where}
	link := func(name, value string) string {
		values := c.periodValues()
		values.Set(name, value)
		return c.apiURL("/api/calls", values)
	}
	merged, bad := query, query
	merged.MergedBy, bad.Problems = mergedByTime, true
	view.MergedByTime = b.listCalls(usage.Calls(merged), link("merged_by", mergedByTime), c)
	view.BadCalls = b.listCalls(usage.Calls(bad), link("problems", "true"), c)

	calls, count := c.callsOfPage(usage, query)
	view.CallPager = newPager(count, c.callPage, callRows, func(page int) string {
		other := c
		other.callPage = page
		return other.url() + "#calls"
	})
	for i := range calls {
		view.CallTable.Calls = append(view.CallTable.Calls, b.newCallView(&calls[i], c))
	}
	view.CallTable.Heads = c.callHeads(dimensions, "-cost", "#calls")
}

// callsOfPage are the calls of a page, the most expensive first unless others are asked for,
// and how many there are in all.
func (c *selection) callsOfPage(usage dashboard.Usage, query dashboard.CallQuery) (calls []dashboard.Call, count int) {
	source, counts := usage.(dashboard.CallSource)
	if c.callSort == "" && counts {
		count = source.CountCalls(query)
		query.MostExpensive, query.Limit = true, c.callPage*callRows
		return pageOf(usage.Calls(query), callRows, c.callPage), count
	}
	calls = usage.Calls(query)
	keys := []callKey{{of: callColumns["cost"], down: true}, {of: callColumns["time"], down: true}}
	if c.callSort != "" {
		keys = []callKey{newParams(nil).callKey(c.callSort, usage.Dimensions())}
	}
	sortCalls(calls, keys)
	return pageOf(calls, callRows, c.callPage), len(calls)
}

// mergedByTime is the rule that is a heuristic.
const mergedByTime = "concurrent"

func (b *dashboardServer) listCalls(calls []dashboard.Call, json string, c selection) callList {
	list := callList{Count: int64(len(calls)), JSON: json}
	for i := range calls[:min(len(calls), listedCalls)] {
		list.Calls = append(list.Calls, b.newCallView(&calls[i], c))
	}
	return list
}

func (b *dashboardServer) newCallView(call *dashboard.Call, c selection) callView {
	shown := callView{
		Call: *call, When: call.Time.In(c.now.Location()).Format("Jan 2, 15:04:05"), Address: callPage(call.ID, c.source), URL: traceURL(b.cfg.TraceURL, call.TraceID, call.SpanID),
		Cost: noPrice, Took: "–", Failed: call.Status != "success", Records: 1 + len(call.Merged),
	}
	for i, value := range call.Values {
		name := text.Cut(valueLabel(value), shownDimRunes)
		shown.Named = append(shown.Named, name)
		if i < len(c.dimensions) {
			shown.Links = append(shown.Links, tableValue{name, c.only(c.dimensions[i], value).url()})
		}
	}
	if call.Dollars != nil {
		shown.Cost = text.Dollars(*call.Dollars)
	}
	if call.Seconds != nil {
		shown.Took = text.Seconds(*call.Seconds)
	}
	for _, kind := range kinds.Kinds() {
		if n := call.Amounts[kind]; n != 0 {
			shown.Used = append(shown.Used, strconv.FormatFloat(float64(n)/float64(kind.Scale()), 'f', -1, 64)+" "+kind.String())
		}
	}
	return shown
}
