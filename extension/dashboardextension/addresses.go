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
)

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

// hiddenValues are the values that a form keeps, besides its own fields.
func (c *selection) hiddenValues(own ...string) []keptValue { return keep(c.values(), own...) }

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
