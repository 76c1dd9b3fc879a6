// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"iter"
	"net/http"
	"time"
)

// costJSON is a line of /api/usage/costs.
type costJSON struct {
	Provider      string   `json:"provider"`
	Model         string   `json:"model"`
	Item          string   `json:"item"`
	Calls         int64    `json:"calls"`
	Unpriced      int64    `json:"unpriced"`
	Counted       dollars  `json:"counted_dollars"`
	Estimated     dollars  `json:"estimated_dollars"`
	ReportedCalls int64    `json:"reported_calls"`
	Reported      dollars  `json:"reported_dollars"`
	Computed      dollars  `json:"computed_dollars"`
	Billed        *dollars `json:"billed_dollars"` // null: no bill is known
}

type costsJSON struct {
	From time.Time  `json:"from"`
	To   time.Time  `json:"to"`
	Rows []costJSON `json:"rows"`
}

func (b *dashboardServer) getCosts(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	of := p.costPeriod(b.now())
	csv := p.oneOf("format", "json", "csv") == "csv"
	if err := p.err(); err != nil {
		return response{}, err
	}
	rows := []costJSON{}
	for _, l := range usage.Costs(of.From, of.To) {
		row := costJSON{
			Provider: l.Provider, Model: l.Model, Item: l.Item, Calls: l.Calls, Unpriced: l.Unpriced, Counted: dollars(l.Counted), Estimated: dollars(l.Estimated),
			ReportedCalls: l.ReportedCalls, Reported: dollars(l.Reported), Computed: dollars(l.Computed),
		}
		if l.HasBill {
			row.Billed = (*dollars)(orNull(l.Billed, true))
		}
		rows = append(rows, row)
	}
	if err := usage.Extent().Err; err != nil {
		return response{}, err
	}
	if csv {
		return csvResponse("usage-costs", costLines(rows)), nil
	}
	return response{data: costsJSON{From: of.From, To: of.To, Rows: rows}}, nil
}

func costLines(rows []costJSON) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if !yield([]string{
			"provider", "model", "item", "calls", "unpriced", "counted_dollars", "estimated_dollars", "reported_calls", "reported_dollars", "computed_dollars", "billed_dollars",
		}, nil) {
			return
		}
		for i := range rows {
			row := &rows[i]
			if !yield([]string{
				cell(row.Provider), cell(row.Model), cell(row.Item), whole(row.Calls), whole(row.Unpriced), decimal(&row.Counted), decimal(&row.Estimated),
				whole(row.ReportedCalls), decimal(&row.Reported), decimal(&row.Computed), decimal(row.Billed),
			}, nil) {
				return
			}
		}
	}
}
