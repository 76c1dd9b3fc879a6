// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

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
