// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// preset is a period that has a name. In completes "No calls …".
type preset struct {
	name, label, in string
	of              func(now time.Time) period.Period
}

// lastHours are whole hours until the end of the running one.
func lastHours(n int) func(time.Time) period.Period {
	return func(now time.Time) period.Period {
		end := period.Hour.Next(now)
		return period.Period{From: end.Add(-time.Duration(n) * time.Hour), To: end}
	}
}

// since is the unit that began n units ago, until the end of the running one.
func since(u period.Unit, n int) func(time.Time) period.Period {
	return func(now time.Time) period.Period { return period.Period{From: u.Add(now, -n), To: u.Next(now)} }
}

func before(u period.Unit) func(time.Time) period.Period {
	return func(now time.Time) period.Period { return period.Of(u, u.Add(now, -1)) }
}

var presets = []preset{
	{"24h", "24 hours", "in the last 24 hours", lastHours(24)},
	{"7d", "7 days", "in the last 7 days", lastHours(7 * 24)},
	{"30d", "30 days", "in the last 30 days", since(period.Day, 29)},
	{"today", "Today", "today", since(period.Day, 0)},
	{"yesterday", "Yesterday", "yesterday", before(period.Day)},
	{"week", "Week", "this week", since(period.Week, 0)},
	{"month", "Month", "this month", since(period.Month, 0)},
	{"last-month", "Last month", "last month", before(period.Month)},
	{"quarter", "Quarter", "this quarter", since(period.Quarter, 0)},
	{"12m", "12 months", "in the last 12 months", since(period.Month, 11)},
}

const maxBys = 2 // dimensions of the table

// selection is the part of the usage that the dashboard shows. It is kept in the URL.
type selection struct {
	preset   string // "": from and to
	from, to string
	tz       string // "": that of the configuration
	measure  spend.Measure
	by       []string
	where    map[string]string
	source   string

	sort, search string
	page         int
	columns      []string // nil: the usual ones

	callSort string
	callPage int

	path  string     // where it is shown; "" for spend
	extra url.Values // filters of single calls
	order string     // of sessions or traces

	dimensions []string // that there are

	missing []string // columns that the source does not have

	// What these mean, which is not in the URL.
	period period.Period
	step   period.Unit
	now    time.Time // in the time zone
}

func readChoice(p *params, dimensions []string, now time.Time, byDefault *time.Location) selection {
	c := selection{
		source: p.text("source"), where: p.where(dimensions), tz: p.text("tz"), from: p.text("from"), to: p.text("to"),
		sort: p.text("sort"), search: p.text("q"), page: p.number("page", 1, maxGroups),
		callSort: p.text("csort"), callPage: p.number("cpage", 1, maxGroups), columns: p.all("col"), dimensions: dimensions,
	}
	c.now = now.In(p.zone(byDefault))
	names := make([]string, len(presets))
	for i := range presets {
		names[i] = presets[i].name
	}
	c.preset = p.oneOf("range", names...)
	if c.from != "" { // an empty one is that of a form in which none was entered
		c.preset = ""
		c.period = p.period(c.now, 24)
	} else {
		c.period = c.named().of(c.now)
		c.to = ""
	}
	c.measure = spend.Measure(p.oneOf("show", string(spend.Cost), string(spend.Tokens), string(spend.Calls)))
	c.by = p.by(dimensions, dashboard.Model)
	if len(c.by) > maxBys {
		c.by = c.by[:maxBys]
	}
	c.step = stepFor(c.period)
	c.checkSort(p, dimensions)
	return c
}

// checkSort reports a column that does not exist.
func (c *selection) checkSort(p *params, dimensions []string) {
	if c.sort != "" {
		p.sortKey(c.sort, c.by)
	}
	if c.callSort != "" {
		p.callKey(c.callSort, dimensions)
	}
	for _, name := range c.columns {
		if !isTableColumn(name) {
			p.fail("col", errUnknownColumn(name, isTableColumn))
		}
	}
}

// named is the preset that is chosen, if one is.
func (c *selection) named() *preset {
	at := slices.IndexFunc(presets, func(p preset) bool { return p.name == c.preset })
	if at < 0 {
		return nil
	}
	return &presets[at]
}

// stepFor is the width of the bars of a chart, of which there are some ten to two hundred.
func stepFor(of period.Period) period.Unit {
	switch days := of.To.Sub(of.From).Hours() / 24; {
	case days <= 8:
		return period.Hour
	case days <= 100:
		return period.Day
	case days <= 500:
		return period.Week
	default:
		return period.Month
	}
}

// keepStep makes the steps days where the ledger has added hours up by now.
func (c *selection) keepStep(extent *dashboard.Extent) {
	if c.step == period.Hour && c.period.From.Before(extent.HoursSince) && extent.Since.Before(extent.HoursSince) {
		c.step = period.Day
	}
}

// label names the period.
func (c *selection) label() string {
	if preset := c.named(); preset != nil {
		return preset.in
	}
	const day = "Jan 2, 2006"
	from, to := c.period.From, c.period.To
	if !period.Day.Floor(from).Equal(from) || !period.Day.Floor(to).Equal(to) {
		return "from " + from.Format(day+" 15:04") + " to " + to.Format(day+" 15:04")
	}
	if last := period.Day.Add(to, -1); last.After(from) {
		return "from " + from.Format(day) + " to " + last.Format(day)
	}
	return "on " + from.Format(day)
}

// until is the part of the period that is not in the future.
func (c *selection) until() period.Period {
	of := c.period
	if end := period.Hour.Next(c.now); end.Before(of.To) {
		of.To = end
	}
	return of
}

// query is the query for the usage of a selection.
func (c *selection) query(by ...string) dashboard.Query { return queryOf(c.until(), nil, by, c.where) }

// url is the dashboard's address with a selection.
func (c selection) url() string {
	path := cmp.Or(c.path, "/")
	if values := c.values(); len(values) > 0 {
		return path + "?" + values.Encode()
	}
	return path
}

func (c *selection) values() url.Values {
	values := url.Values{}
	set := func(name, value, byDefault string) {
		if value != byDefault {
			values.Set(name, value)
		}
	}
	set("source", c.source, "")
	if c.preset != "" {
		set("range", c.preset, presets[0].name)
	}
	set("from", c.from, "")
	set("to", c.to, "")
	set("tz", c.tz, "")
	if c.path != latencyPath { // which has a measure and columns of its own
		set("show", string(cmp.Or(c.measure, spend.Cost)), string(spend.Cost))
		for _, column := range c.columns {
			values.Add("col", column)
		}
	}
	if len(c.by) != 1 || c.by[0] != dashboard.Model {
		values["by"] = c.by
	}
	c.addWhere(values)
	set("sort", c.sort, "")
	set("q", c.search, "")
	set("page", strconv.Itoa(c.page), "1")
	set("csort", c.callSort, "")
	set("cpage", strconv.Itoa(c.callPage), "1")
	maps.Copy(values, c.extra)
	set("order", c.order, "")
	return values
}

func (c *selection) addWhere(values url.Values) {
	for _, dimension := range slices.Sorted(maps.Keys(c.where)) {
		values.Add("where", dimension+"="+c.where[dimension])
	}
}

// hidden are the values that a form keeps, besides its own fields.
func (c *selection) hidden(own ...string) []keptValue { return keep(c.values(), own...) }

// keep are the values of a form that are not its own fields, nor pages.
func keep(values url.Values, own ...string) (kept []keptValue) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(own, name) || name == "page" || name == "cpage" {
			continue
		}
		for _, value := range values[name] {
			kept = append(kept, keptValue{name, value})
		}
	}
	return kept
}

type keptValue struct{ Name, Value string }

// tableURL is the address of the rows of the table in the API: in its order, all pages.
func (c *selection) tableURL(format string) string {
	values := c.periodValues()
	values.Set("format", format)
	values["by"] = c.by
	for _, key := range c.sortKeys() {
		values.Add("sort", key)
	}
	if c.search != "" {
		values.Set("search", c.search)
	}
	if format == "csv" {
		for _, column := range c.shownColumns() {
			if column.name != "change" { // the period before has an address of its own
				values.Add("column", column.name)
			}
		}
	}
	return c.apiURL("/api/usage", values)
}

// stepsURL is the address of the figures of the chart in the API.
func (c *selection) stepsURL(format string) string {
	values := c.periodValues()
	values.Set("format", format)
	values.Set("step", string(c.step))
	values["by"] = c.by
	return c.apiURL("/api/usage", values)
}

func (c *selection) periodValues() url.Values {
	values := url.Values{"from": {c.period.From.Format(time.RFC3339)}, "to": {c.until().To.Format(time.RFC3339)}, "tz": {c.period.From.Location().String()}}
	c.addWhere(values)
	return values
}

// callsURL is the address of all calls of the period that are remembered.
func (c *selection) callsURL(format string) string {
	values := c.periodValues()
	values.Set("format", format)
	if c.callSort != "" {
		values.Set("sort", c.callSort)
	}
	return c.apiURL("/api/calls/export", values)
}

// apiURL is an address of the API for the chosen ledger.
func (c *selection) apiURL(path string, values url.Values) string {
	return addressOf(path, c.source, values)
}

// addressOf is the address of what a source has; of the first one for "".
func addressOf(path, source string, values url.Values) string {
	give(values, "source", source)
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// option is a link to another selection.
type option struct {
	Label   string
	URL     string
	Current bool
}

func (c selection) presetOptions() []option {
	var options []option
	for _, p := range presets {
		other := c.onFirstPage()
		other.preset, other.from, other.to = p.name, "", ""
		options = append(options, option{p.label, other.url(), p.name == c.preset})
	}
	return options
}

func (c selection) measureOptions() []option {
	labels := map[spend.Measure]string{spend.Cost: "Cost", spend.Tokens: "Tokens", spend.Calls: "Calls"}
	var options []option
	for _, m := range spend.Measures {
		other := c.onFirstPage()
		other.measure = m
		options = append(options, option{labels[m], other.url(), m == c.measure})
	}
	return options
}

func (c selection) byOptions(dimensions []string) []option {
	var options []option
	for _, dimension := range dimensions {
		options = append(options, option{label(dimension), c.groupedBy(dimension).url(), dimension == c.by[0]})
	}
	return options
}

// andOptions are the dimensions that the table can be split by besides the first.
func (c selection) andOptions(dimensions []string) []option {
	options := []option{{"None", c.groupedBy(c.by[0]).url(), len(c.by) == 1}}
	for _, dimension := range dimensions {
		if dimension != c.by[0] {
			options = append(options, option{label(dimension), c.groupedBy(c.by[0], dimension).url(), len(c.by) > 1 && dimension == c.by[1]})
		}
	}
	return options
}

func (c selection) sourceOptions(ids []string) []option {
	return sourceOptions(ids, c.source, func(id string) string {
		other := selection{
			preset: c.preset, from: c.from, to: c.to, tz: c.tz, measure: c.measure, by: []string{dashboard.Model}, source: id, page: 1, callPage: 1,
		}
		return other.url()
	})
}

// sourceOptions are the sources to choose from, if there are several, and their addresses. The
// first is chosen by default.
func sourceOptions(ids []string, chosen string, address func(id string) string) (options []option) {
	if len(ids) < 2 {
		return nil
	}
	for i, id := range ids {
		options = append(options, option{id, address(id), id == chosen || chosen == "" && i == 0})
	}
	return options
}

// onFirstPage is a selection of other rows.
func (c selection) onFirstPage() selection {
	c.page, c.callPage = 1, 1
	return c
}

func (c selection) groupedBy(dimensions ...string) selection {
	c = c.onFirstPage()
	c.by, c.search = dimensions, ""
	if name, _ := cutDown(c.sort); !isColumn(name) {
		c.sort = "" // a dimension
	}
	return c
}

// only keeps the calls whose dimension has a value.
func (c selection) only(dimension, value string) selection {
	c = c.onFirstPage()
	c.where = maps.Clone(c.where)
	if c.where == nil {
		c.where = map[string]string{}
	}
	c.where[dimension] = value
	return c
}

func (c selection) without(dimension string) selection {
	c = c.onFirstPage()
	c.where = maps.Clone(c.where)
	delete(c.where, dimension)
	return c
}

// label is the display name of a dimension.
func label(dimension string) string {
	switch dimension {
	case dashboard.Model:
		return "Model"
	case dashboard.Provider:
		return "Provider"
	case collectorDimension:
		return "Collector"
	case "service.name":
		return "Service"
	case "gen_ai.agent.name":
		return "Agent"
	case "user.id", "enduser.id":
		return "User"
	case "session.id", "gen_ai.conversation.id":
		return "Session"
	case "team", "team.name":
		return "Team"
	default:
		return dimension
	}
}

// valueLabel is the display name of a dimension's value, which can be empty.
func valueLabel(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}
