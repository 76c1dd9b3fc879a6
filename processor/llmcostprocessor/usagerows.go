// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"sync"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

var _ dashboard.RowSource = usageSource{}

// sums has the memory of queries that are over.
var sums = sync.Pool{New: func() any { return new(ledger.Summing) }}

// EachRow adds the ledger's rows up.
func (b usageSource) EachRow(q dashboard.Query, want dashboard.Wanted, see func(*dashboard.Row)) error {
	query, err := b.ledgerQuery(&q)
	if err != nil {
		return err
	}
	query.Parts, query.Only = partsOf(want.Figures), want.Groups
	memory := sums.Get().(*ledger.Summing)
	defer sums.Put(memory)
	row := dashboard.Row{Start: timeOfHour(query.First)}
	b.eachGroup(memory, query, func(group *ledger.Group) {
		if group.Step >= 0 {
			row.Start = q.Steps[group.Step]
		}
		row.Group = group.Values
		fillTotals(&row.Usage, &group.Row, want.Figures)
		see(&row)
	})
	return nil
}

// eachGroup calls see with the groups of which corrections left something.
func (b usageSource) eachGroup(memory *ledger.Summing, query ledger.Query, see func(*ledger.Group)) {
	var doubtful [][]string
	groups := b.ledger.SumWith(memory, query)
	for i := range groups {
		switch {
		case query.Parts == 0:
			if groups[i].Row != (ledger.Row{}) {
				see(&groups[i])
			}
		case groups[i].Row.Calls != [len(ledger.Statuses)]int64{}:
			see(&groups[i])
		default:
			doubtful = append(doubtful, groups[i].Values) // what is not known of it may be there, or not
		}
	}
	if len(doubtful) > 0 {
		query.Parts, query.Only = 0, doubtful
		b.eachGroup(memory, query, see)
	}
}

// partsOf are figures as the ledger has them. Whether there is a row at all is seen from its calls.
func partsOf(figures dashboard.Figures) ledger.Parts {
	if figures == 0 {
		return 0
	}
	parts := ledger.PartCalls
	for figure, part := range map[dashboard.Figures]ledger.Parts{
		dashboard.CostFigures: ledger.PartCost, dashboard.SavedFigures: ledger.PartSaved, dashboard.EstimateFigures: ledger.PartEstimates,
		dashboard.DurationFigures: ledger.PartTimes, dashboard.UsageFigures: ledger.PartUsage,
	} {
		if figures&figure != 0 {
			parts |= part
		}
	}
	return parts
}
