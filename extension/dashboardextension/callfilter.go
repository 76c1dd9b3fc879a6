// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// callStatuses and costStatuses are what single calls can be chosen by.
var (
	callStatuses = []string{"", "success", "failed", "error", "timeout"}
	costStatuses = []string{"", "priced", "estimated", "reported", "unpriced"}
)

var traceForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// readCallFilters reads what single calls are chosen by besides their time and dimensions,
// and returns the parameters as they were given.
func (p *params) readCallFilters(to *dashboard.CallQuery) (given url.Values) {
	given = url.Values{}
	for name, field := range map[string]*string{
		"find": &to.Find, "response_id": &to.ResponseID, "user": &to.User, "session": &to.Session, "agent": &to.Agent, "error_type": &to.ErrorType,
	} {
		*field = strings.TrimSpace(p.text(name))
		give(given, name, *field)
	}
	if to.TraceID = strings.ToLower(strings.TrimSpace(p.text("trace_id"))); to.TraceID != "" {
		give(given, "trace_id", to.TraceID)
		if !traceForm.MatchString(to.TraceID) {
			p.fail("trace_id", fmt.Errorf("must be 32 hexadecimal digits, is %q", to.TraceID))
		}
	}
	to.Status, to.CostStatus = p.oneOf("status", callStatuses...), p.oneOf("cost_status", costStatuses...)
	give(given, "status", to.Status)
	give(given, "cost_status", to.CostStatus)
	to.MinDollars, to.MaxDollars = p.dollars("min_cost", given), p.dollars("max_cost", given)
	if to.MinDollars != nil && to.MaxDollars != nil && *to.MinDollars > *to.MaxDollars {
		p.fail("min_cost", errors.New("must not be above max_cost"))
	}
	return given
}

func give(to url.Values, name, value string) {
	if value != "" {
		to.Set(name, value)
	}
}

// dollars is an amount of dollars that is not negative; nil for none.
func (p *params) dollars(name string, given url.Values) *float64 {
	value := strings.TrimSpace(p.text(name))
	if value == "" {
		return nil
	}
	amount, err := strconv.ParseFloat(strings.TrimPrefix(value, "$"), 64)
	if err != nil || amount < 0 || math.IsNaN(amount) || math.IsInf(amount, 0) {
		p.fail(name, fmt.Errorf("must be an amount of dollars, is %q", value))
		return nil
	}
	given.Set(name, strconv.FormatFloat(amount, 'f', -1, 64))
	return &amount
}

// filterLabels are the names of the filters on the dashboard.
var filterLabels = map[string]string{
	"find": "Find", "trace_id": "Trace", "response_id": "Response ID", "user": "User", "session": "Session", "agent": "Agent", "status": "Status",
	"error_type": "Error", "cost_status": "Cost is", "min_cost": "Costs at least $", "max_cost": "Costs at most $",
}

// filters are the chips of the filters, each with the address without it.
func (c *selection) filters() (chips []filter) {
	for _, dimension := range slices.Sorted(maps.Keys(c.where)) {
		chips = append(chips, filter{label(dimension), text.Cut(valueLabel(c.where[dimension]), shownDimRunes), c.without(dimension).url()})
	}
	for _, name := range slices.Sorted(maps.Keys(c.extra)) {
		other := c.onFirstPage()
		other.extra = maps.Clone(c.extra)
		other.extra.Del(name)
		chips = append(chips, filter{filterLabels[name], text.Cut(c.extra.Get(name), shownDimRunes), other.url()})
	}
	return chips
}

// callsPage is a selection of single calls, of a group if values are given.
func (c selection) callsPage(values ...string) selection {
	c = c.onFirstPage()
	c.path, c.extra = "/calls", maps.Clone(c.extra)
	c.order, c.measure, c.sort, c.search, c.columns = "", "", "", "", nil
	for i, value := range values {
		c = c.only(c.by[i], value)
	}
	c.by = []string{dashboard.Model}
	return c
}

// withFilter is a selection with one filter more.
func (c selection) withFilter(name, value string) selection {
	c = c.onFirstPage()
	c.extra = maps.Clone(c.extra)
	if c.extra == nil {
		c.extra = url.Values{}
	}
	c.extra.Set(name, value)
	return c
}
