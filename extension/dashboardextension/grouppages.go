// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/conversation"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

// grouping is what the calls of a page are grouped by.
type grouping struct {
	path, name, plural string // as /sessions, session, sessions
	by                 conversation.Key
	filter             string // of calls of one group
	none               string // what calls without it lack
}

var (
	sessionGrouping = grouping{"/sessions", "Session", "Sessions", conversation.BySession, "session", "no session or conversation ID"}
	traceGrouping   = grouping{"/traces", "Trace", "Traces", conversation.ByTrace, "trace_id", "no trace ID"}
)

// groupsView lists sessions or traces.
type groupsView struct {
	shell
	NoSource     bool
	SumsOnly     bool // without single calls
	Name, Plural string
	Path, Find   string
	SpanLabel    string
	Presets      []option
	Sources      []option
	Kinds        []option
	Filters      []filter
	Form         []keptValue
	Stats        []stat
	Notes        []string
	Heads        []tableHead
	Groups       []groupView
	Pager        pager
	CSV, JSON    string
}

type groupView struct {
	ID, URL, Calls, CallsURL, Cost, Failed, Took, Last string
	Bad                                                bool
	To                                                 time.Time
	Agents, Users, Models                              string
	Tokens                                             string
	Width                                              float64
}

var orderLabels = map[string]string{
	"cost": "Cost", "calls": "Calls", "failed": "Failed", "tokens": "Tokens", "duration": "Took", "time": "Last call",
}

func (b *dashboardServer) groupsPage(g grouping) func(*http.Request) (content, error) {
	return func(r *http.Request) (content, error) {
		view := groupsView{shell: b.newShell(g.plural, "sessions"), Name: g.name, Plural: g.plural, Path: g.path}
		p := newParams(r.URL.Query())
		usage, none, err := b.shownUsage(p)
		if err != nil {
			return content{}, err
		}
		if view.NoSource = none; none {
			return content{template: "groups.html", data: view}, nil
		}
		order := p.oneOf("order", conversation.Orders...)
		c, query := b.readCallsChoice(p, usage, g.path)
		if c.order = order; order == conversation.Orders[0] {
			c.order = ""
		}
		if err := p.err(); err != nil {
			return content{}, err
		}
		if extent := usage.Extent(); extent.SumsOnly {
			view.SumsOnly, view.Sources = true, c.sourceOptions(b.usage.ids())
			return content{template: "groups.html", data: view}, nil
		}
		view.addControls(g, c)
		view.Sources = c.sourceOptions(b.usage.ids())
		calls := usage.Calls(query)
		groups, without := conversation.Of(calls, g.by)
		conversation.Sort(groups, order)
		view.Stats = append([]stat{{Name: g.plural, Value: text.Count(int64(len(groups)))}}, callStats(calls)...)
		if note := describeKept(usage); note != "" {
			view.Notes = append(view.Notes, "Sums of the calls that are kept: "+note+".")
		}
		if without > 0 {
			view.Notes = append(view.Notes, "Not listed: "+text.CountOf(int64(without), "call")+" with "+g.none+".")
		}
		view.addGroups(g, c, groups)
		return content{template: "groups.html", data: view}, nil
	}
}

// addControls adds what the groups are chosen and sorted by.
func (view *groupsView) addControls(g grouping, c selection) {
	view.SpanLabel, view.Presets, view.Filters = c.label(), c.presetOptions(), c.filters()
	for _, kind := range []grouping{sessionGrouping, traceGrouping} {
		other := c.onFirstPage()
		other.path = kind.path
		view.Kinds = append(view.Kinds, option{kind.plural, other.url(), kind.path == g.path})
	}
	view.Form, view.Find = c.hiddenValues("find"), c.extra.Get("find")
	view.Heads = append(view.Heads, tableHead{Label: g.name})
	for _, order := range conversation.Orders {
		other := c.onFirstPage()
		head := tableHead{Label: orderLabels[order], Number: order != "time"}
		if other.order = order; order == conversation.Orders[0] {
			other.order = ""
		}
		if head.URL = other.url(); other.order == c.order {
			head.Sorted = "descending"
		}
		view.Heads = append(view.Heads, head)
	}
	values := c.periodValues()
	maps.Copy(values, c.extra)
	give(values, "order", c.order)
	view.JSON = c.apiURL("/api"+g.path, values)
	values.Set("format", "csv")
	view.CSV = c.apiURL("/api"+g.path, values)
}

// addGroups adds a page of the groups.
func (view *groupsView) addGroups(g grouping, c selection, groups []conversation.Group) {
	view.Pager = newPager(len(groups), c.callPage, listRows, func(page int) string {
		other := c
		other.callPage = page
		return other.url()
	})
	largest := 0.0
	for i := range groups {
		largest = max(largest, groups[i].Dollars)
	}
	shown := pageOf(groups, listRows, c.callPage)
	for i := range shown {
		view.Groups = append(view.Groups, newGroupView(g, &shown[i], c, largest))
	}
}

func newGroupView(g grouping, group *conversation.Group, c selection, largest float64) groupView {
	calls := c.callsPage().withFilter(g.filter, group.ID)
	calls.callSort = "time"
	traces := c.onFirstPage().withFilter(g.filter, group.ID)
	traces.path, traces.order = traceGrouping.path, ""
	view := groupView{
		ID: text.Cut(group.ID, shownDimRunes), URL: traces.url(), CallsURL: calls.url(), Calls: text.Count(group.Calls), Cost: cost(&group.Totals),
		Failed: text.Count(group.Failed()), Bad: group.Failed() > 0, Took: text.Seconds(group.Took().Seconds()),
		Last: group.To.In(c.now.Location()).Format("Jan 2, 15:04:05"), To: group.To, Agents: listOfNames(group.Agents), Users: listOfNames(group.Users),
		Models: listOfNames(group.Models), Tokens: text.Short(float64(group.Tokens.Input + group.Tokens.Output)),
	}
	if g.path == traceGrouping.path {
		view.URL = tracePage(group.ID, c.source)
	}
	share, _ := spend.Ratio(group.Dollars, largest)
	view.Width = 100 * max(share, 0)
	return view
}

// listOfNames has the first three names.
func listOfNames(names []string) string {
	const most = 3
	shown := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, text.Cut(name, 40))
	}
	list := strings.Join(shown, ", ")
	if more := len(names) - most; more > 0 {
		list += " and " + text.Count(int64(more)) + " more"
	}
	return list
}

func tracePage(id, source string) string {
	return addressOf("/traces/"+url.PathEscape(id), source, url.Values{})
}
