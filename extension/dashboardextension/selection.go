// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"net/url"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

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
		c.period = c.chosenPreset().of(c.now)
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
	if preset := c.chosenPreset(); preset != nil {
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
