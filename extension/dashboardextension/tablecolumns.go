// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

// tableColumn is a column that the table of groups can have.
type tableColumn struct {
	name, label string // the name is that of the API
	usual       bool
	cell        func(row *tableRow) tableCell
}

type tableCell struct {
	Text, Title string
	URL         string
	Strong, Bad bool
}

func plain(s string) tableCell { return tableCell{Text: s} }

func tokens(n int64) tableCell { return tableCell{Text: text.Short(float64(n)), Title: text.Count(n)} }

func secondsOf(seconds float64, ok bool) tableCell {
	if !ok {
		return plain("–")
	}
	return plain(text.Seconds(seconds))
}

var tableColumns = []tableColumn{
	{"share", "Share", true, func(r *tableRow) tableCell { return plain(text.Percent(r.share)) }},
	{"cost", "Cost", true, func(r *tableRow) tableCell { return tableCell{Text: cost(r.usage), Strong: true} }},
	{"change", "Change", true, func(r *tableRow) tableCell { return tableCell{Text: r.change, Title: r.changeTitle} }},
	{"calls", "Calls", true, func(r *tableRow) tableCell { return plain(text.Count(r.usage.Calls)) }},
	{"average_cost", "Cost a call", true, func(r *tableRow) tableCell {
		if average, ok := spend.AverageDollars(r.usage); ok {
			return plain(text.Dollars(average))
		}
		return plain("–")
	}},
	{"average_duration", "Average time", true, func(r *tableRow) tableCell { return secondsOf(spend.AverageSeconds(r.usage)) }},
	{"p50", "p50", false, func(r *tableRow) tableCell { return plain(quantile(r.usage, .5)) }},
	{"p95", "p95", true, func(r *tableRow) tableCell { return plain(quantile(r.usage, .95)) }},
	{"p99", "p99", false, func(r *tableRow) tableCell { return plain(quantile(r.usage, .99)) }},
	{"error_ratio", "Errors", true, func(r *tableRow) tableCell {
		return tableCell{Text: percentOr(spend.ErrorRate(r.usage)), Bad: r.usage.Errors+r.usage.Timeouts > 0}
	}},
	{"input_tokens", "Tokens in", true, func(r *tableRow) tableCell { return tokens(r.usage.Tokens.Input) }},
	{"output_tokens", "Out", true, func(r *tableRow) tableCell { return tokens(r.usage.Tokens.Output) }},
	{"reasoning_tokens", "Reasoning", false, func(r *tableRow) tableCell { return tokens(r.usage.Tokens.Reasoning) }},
	{"cache_read_ratio", "From caches", true, func(r *tableRow) tableCell { return plain(percentOr(spend.CacheReadShare(r.usage))) }},
	{"cache_saved", "Caching saved", true, func(r *tableRow) tableCell { return plain(cacheSavings(r.usage)) }},
	{"unpriced", "Without a price", false, func(r *tableRow) tableCell { return plain(text.Count(r.usage.Unpriced)) }},
	{"estimated_cost", "Estimated", false, func(r *tableRow) tableCell { return plain(text.Dollars(r.usage.EstimatedDollars)) }},
}

func isTableColumn(name string) bool {
	return slices.ContainsFunc(tableColumns, func(column tableColumn) bool { return column.name == name })
}

// errUnknownColumn names the columns that isKnown knows, in the order of the table.
func errUnknownColumn(name string, isKnown func(string) bool) error {
	var names []string
	for _, column := range tableColumns {
		if isKnown(column.name) {
			names = append(names, column.name)
		}
	}
	return fmt.Errorf("must be one of %s, is %q", strings.Join(names, ", "), name)
}

// shownColumns are those that are chosen.
func (c *selection) shownColumns() (shown []tableColumn) {
	for _, column := range tableColumns {
		if slices.Contains(c.missing, column.name) {
			continue
		}
		if len(c.columns) == 0 && column.usual || slices.Contains(c.columns, column.name) {
			shown = append(shown, column)
		}
	}
	return shown
}

type chosenColumn struct {
	Name, Label string
	Shown       bool
}
