// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

type top struct {
	Label, URL string
	Rows       []topRow
}

type topRow struct {
	Value, URL, Amount string
	Width              float64
}

func newTop(rows []dashboard.Row, dimension string, all *dashboard.Totals, c selection) top {
	made := top{Label: label(dimension), URL: c.groupedBy(dimension).url()}
	for _, group := range spend.Top(spend.Rank(rows, c.measure), topGroups) {
		share, _ := spend.Ratio(c.measure.Of(&group.Usage), c.measure.Of(all))
		row := topRow{Value: "all others", URL: made.URL, Amount: amount(c.measure, &group.Usage), Width: 100 * max(share, 0)}
		if !group.Others {
			row.Value = text.Cut(valueLabel(group.Values[0]), shownDimRunes)
			row.URL = c.only(dimension, group.Values[0]).url()
		}
		made.Rows = append(made.Rows, row)
	}
	return made
}
