// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"fmt"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

type table struct {
	Label string
	Rows  []tableRow
	All   *tableRow
}

type tableRow struct {
	Value, URL          string
	Color               string // class of the series in the chart
	Usage               dashboard.Totals
	Share               float64
	Cost, AverageCost   string
	AverageSeconds, P95 string
	ErrorRate           string
	Failing             bool
	CacheRead, Saved    string
}

type top struct {
	Label, URL string
	Rows       []topRow
}

type topRow struct {
	Value, URL, Amount string
	Width              float64
}

func newTable(rows []dashboard.Row, all *dashboard.Totals, c selection) table {
	made := table{Label: label(c.by)}
	groups := spend.Top(spend.Rank(rows, c.measure), tableGroups)
	for i := range groups {
		row := newTableRow(&groups[i].Usage, all, c.measure)
		row.Value, row.Color = "all others", colorOf(i, groups[i].Others)
		if !groups[i].Others {
			value := groups[i].Values[0]
			row.Value = text.Cut(valueLabel(value), shownDimRunes)
			row.URL = c.only(c.by, value).url()
		}
		made.Rows = append(made.Rows, row)
	}
	sum := newTableRow(all, all, c.measure)
	made.All = &sum
	return made
}

func newTableRow(t, all *dashboard.Totals, m spend.Measure) tableRow {
	row := tableRow{
		Usage: *t, Cost: cost(t), AverageCost: "–", AverageSeconds: "–", P95: quantile(t, .95),
		ErrorRate: percentOr(spend.ErrorRate(t)), CacheRead: percentOr(spend.CacheReadShare(t)),
		Saved: saved(t), Failing: t.Errors+t.Timeouts > 0,
	}
	row.Share, _ = spend.Ratio(m.Of(t), m.Of(all))
	if average, ok := spend.AverageDollars(t); ok {
		row.AverageCost = text.Rate(average)
	}
	if average, ok := spend.AverageSeconds(t); ok {
		row.AverageSeconds = text.Seconds(average)
	}
	return row
}

func newTop(rows []dashboard.Row, dimension string, all *dashboard.Totals, c selection) top {
	made := top{Label: label(dimension), URL: c.groupedBy(dimension).url()}
	for _, group := range spend.Top(spend.Rank(rows, c.measure), topGroups) {
		share, _ := spend.Ratio(c.measure.Of(&group.Usage), c.measure.Of(all))
		row := topRow{Value: "all others", Amount: amount(c.measure, &group.Usage), Width: 100 * max(share, 0)}
		if !group.Others {
			row.Value = text.Cut(valueLabel(group.Values[0]), shownDimRunes)
			row.URL = c.only(dimension, group.Values[0]).url()
		}
		made.Rows = append(made.Rows, row)
	}
	return made
}

// colorOf is the class of the series that a rank has in the chart.
func colorOf(rank int, others bool) string {
	if others || rank >= chartSeries {
		return "sx"
	}
	return fmt.Sprintf("s%d", rank)
}
