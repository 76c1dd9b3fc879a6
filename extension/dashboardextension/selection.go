// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// span is a time range that the dashboard can show, and the width of its bars.
type span struct {
	name, label string
	step        period.Unit
	from        func(now time.Time) time.Time
}

var spans = []span{
	{"24h", "24 hours", period.Hour, func(now time.Time) time.Time { return now.Truncate(time.Hour).Add(-23 * time.Hour) }},
	{"7d", "7 days", period.Hour, func(now time.Time) time.Time { return now.Truncate(time.Hour).Add(-167 * time.Hour) }},
	{"30d", "30 days", period.Day, func(now time.Time) time.Time { return now.Truncate(24*time.Hour).AddDate(0, 0, -29) }},
}

// selection is the part of the usage that the dashboard shows. It is kept in the URL.
type selection struct {
	span    span
	measure spend.Measure
	by      string
	where   map[string]string
	source  string
}

func readChoice(p *params, dimensions []string) selection {
	c := selection{source: p.text("source"), where: p.where(dimensions)}
	name := p.oneOf("range", spans[0].name, spans[1].name, spans[2].name)
	c.span = spans[slices.IndexFunc(spans, func(s span) bool { return s.name == name })]
	c.measure = spend.Measure(p.oneOf("show", string(spend.Cost), string(spend.Tokens), string(spend.Calls)))
	c.by = dashboard.Model
	if by := p.by(dimensions); len(by) > 0 {
		c.by = by[0]
	}
	return c
}

// query is the query for the usage of a selection.
func (c selection) query(now time.Time) dashboard.Query {
	now = now.UTC()
	return dashboard.Query{From: c.span.from(now), To: now.Truncate(time.Hour).Add(time.Hour), Where: c.where}
}

// url is the dashboard's address with a selection.
func (c selection) url() string {
	values := url.Values{}
	set := func(name, value, byDefault string) {
		if value != byDefault {
			values.Set(name, value)
		}
	}
	set("source", c.source, "")
	set("range", c.span.name, spans[0].name)
	set("show", string(c.measure), string(spend.Cost))
	set("by", c.by, dashboard.Model)
	for _, dimension := range slices.Sorted(maps.Keys(c.where)) {
		values.Add("where", dimension+"="+c.where[dimension])
	}
	if len(values) == 0 {
		return "/"
	}
	return "/?" + values.Encode()
}

// hourlyURL is the address of the usage of a selection, by the hour.
func (c selection) hourlyURL(now time.Time, format string) string {
	query := c.query(now)
	values := url.Values{"format": {format}, "by": {c.by}, "hours": {whole(int64(query.To.Sub(query.From).Hours()))}, "limit": {"100"}}
	for _, dimension := range slices.Sorted(maps.Keys(c.where)) {
		values.Add("where", dimension+"="+c.where[dimension])
	}
	return c.apiURL("/api/usage/hourly", values)
}

// callsURL is the address of all calls that are remembered.
func (c selection) callsURL(format string) string {
	return c.apiURL("/api/calls/export", url.Values{"format": {format}})
}

// apiURL is an address of the API for the chosen ledger.
func (c selection) apiURL(path string, values url.Values) string {
	if c.source != "" {
		values.Set("source", c.source)
	}
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

func (c selection) spanOptions() []option {
	var options []option
	for _, s := range spans {
		other := c
		other.span = s
		options = append(options, option{s.label, other.url(), s.name == c.span.name})
	}
	return options
}

func (c selection) measureOptions() []option {
	labels := map[spend.Measure]string{spend.Cost: "Cost", spend.Tokens: "Tokens", spend.Calls: "Calls"}
	var options []option
	for _, m := range spend.Measures {
		other := c
		other.measure = m
		options = append(options, option{labels[m], other.url(), m == c.measure})
	}
	return options
}

func (c selection) byOptions(dimensions []string) []option {
	var options []option
	for _, dimension := range dimensions {
		options = append(options, option{label(dimension), c.groupedBy(dimension).url(), dimension == c.by})
	}
	return options
}

func (c selection) sourceOptions(ids []string) []option {
	if len(ids) < 2 {
		return nil
	}
	var options []option
	for i, id := range ids {
		other := selection{span: c.span, measure: c.measure, by: dashboard.Model, source: id}
		options = append(options, option{id, other.url(), id == c.source || c.source == "" && i == 0})
	}
	return options
}

func (c selection) groupedBy(dimension string) selection {
	c.by = dimension
	return c
}

// only keeps the calls whose dimension has a value.
func (c selection) only(dimension, value string) selection {
	c.where = maps.Clone(c.where)
	if c.where == nil {
		c.where = map[string]string{}
	}
	c.where[dimension] = value
	return c
}

func (c selection) without(dimension string) selection {
	c.where = maps.Clone(c.where)
	delete(c.where, dimension)
	return c
}

// label is the display name of a dimension.
func label(dimension string) string {
	switch dimension {
	case dashboard.Model:
		return "Model"
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
