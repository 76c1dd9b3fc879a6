// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// billingHours are how far back a comparison goes that names no period: two weeks.
const billingHours = 14 * 24

// billingJSON compares what was counted with what was billed, by day (UTC).
type billingJSON struct {
	From      time.Time             `json:"from"`
	To        time.Time             `json:"to"`
	Rows      []billingRowJSON      `json:"rows"`
	Contracts []billingContractJSON `json:"contracts"`
}

type billingRowJSON struct {
	Day             string       `json:"day"`
	Provider        string       `json:"provider"`
	Model           string       `json:"model"`
	Item            string       `json:"item"`
	Counted         dollars      `json:"counted_dollars"`
	Billed          dollars      `json:"billed_dollars"`
	Difference      dollars      `json:"difference_dollars"`
	DifferenceRatio float64      `json:"difference_ratio"`
	Cause           string       `json:"cause"`
	Calls           int64        `json:"calls"`
	Unpriced        int64        `json:"unpriced"`
	CountedAmounts  amountsJSON  `json:"counted_amounts"`
	BilledAmounts   *amountsJSON `json:"billed_amounts"`
	BilledRequests  *int64       `json:"billed_requests"`
}

type billingContractJSON struct {
	Provider   string   `json:"provider"`
	Models     []string `json:"models"`
	Percent    string   `json:"percent"`
	Days       int      `json:"days"`
	Adjustment string   `json:"adjustment"`
}

func (b *dashboardServer) getBilling(r *http.Request) (response, error) {
	p := newParams(r.URL.Query())
	usage, err := b.usageOf(p)
	if err != nil {
		return response{}, err
	}
	of := p.period(b.now().UTC(), billingHours)
	csv := p.oneOf("format", "json", "csv") == "csv"
	if err := p.err(); err != nil {
		return response{}, err
	}
	billing := usage.Billing(of.From, of.To)
	rows := make([]billingRowJSON, len(billing.Lines))
	for i := range billing.Lines {
		rows[i] = newBillingRowJSON(&billing.Lines[i])
	}
	if csv {
		return csvResponse("usage-billing", billingLines(rows)), nil
	}
	contracts := make([]billingContractJSON, len(billing.Contracts))
	for i, c := range billing.Contracts {
		contracts[i] = billingContractJSON{c.Provider, append([]string{}, c.Models...), c.Percent, c.Days, c.Adjustment}
	}
	return response{data: billingJSON{From: of.From, To: of.To, Rows: rows, Contracts: contracts}}, nil
}

func newBillingRowJSON(l *dashboard.BillingLine) billingRowJSON {
	j := billingRowJSON{
		Day: l.Day.Format(time.DateOnly), Provider: l.Provider, Model: l.Model, Item: l.Item,
		Counted: dollars(l.Counted), Billed: dollars(l.Billed), Difference: dollars(l.Billed - l.Counted), DifferenceRatio: l.Ratio, Cause: l.Cause,
		Calls: l.Calls, Unpriced: l.Unpriced, CountedAmounts: newAmountsJSON(&l.CountedAmounts),
	}
	if l.HasUsage {
		amounts, requests := newAmountsJSON(&l.BilledAmounts), l.BilledRequests
		j.BilledAmounts, j.BilledRequests = &amounts, &requests
	}
	return j
}

func billingLines(rows []billingRowJSON) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		if !yield([]string{
			"day", "provider", "model", "item", "counted_dollars", "billed_dollars", "difference_dollars", "difference_ratio", "cause", "calls", "unpriced", "billed_requests",
		}, nil) {
			return
		}
		for i := range rows {
			row := &rows[i]
			requests := ""
			if row.BilledRequests != nil {
				requests = whole(*row.BilledRequests)
			}
			if !yield([]string{
				row.Day, cell(row.Provider), cell(row.Model), cell(row.Item), decimal(&row.Counted), decimal(&row.Billed), decimal(&row.Difference),
				decimal(&row.DifferenceRatio), row.Cause, whole(row.Calls), whole(row.Unpriced), requests,
			}, nil) {
				return
			}
		}
	}
}

// causes describes the causes of differences.
var causes = map[string]string{
	"":                  "equal",
	"not_final":         "the report is not final yet",
	"not_counting":      "counting began later",
	"uncounted_traffic": "traffic that was not counted",
	"not_billed":        "counted, but not billed",
	"cached_tokens":     "other tokens came from a cache",
	"tier":              "another service tier",
	"fees":              "a fee that is not of a model",
	"unpriced_models":   "calls without a price",
	"other_price":       "another price",
	"unknown":           "unknown: the report has no usage",
}

// billingView is the section "Counted and billed".
type billingView struct {
	Rows      []billingRowView
	More      int
	Contracts []dashboard.BillingContract
	JSON, CSV string
}

type billingRowView struct {
	dashboard.BillingLine
	Name, Explained string
	Large           bool // a difference that the shipped rule fires for
}

// largeDifference is that of the shipped rule LLMBillDiffers.
const largeDifference = 0.05

func newBillingView(usage dashboard.Usage, c selection, now time.Time) *billingView {
	billing := usage.Billing(now.Add(-billingHours*time.Hour), now)
	if len(billing.Lines) == 0 {
		return nil
	}
	view := &billingView{
		Contracts: billing.Contracts,
		JSON:      c.apiURL("/api/usage/billing", url.Values{}), CSV: c.apiURL("/api/usage/billing", url.Values{"format": {"csv"}}),
	}
	for i := range billing.Lines {
		line := &billing.Lines[i]
		if len(view.Rows) == listedModels {
			view.More = len(billing.Lines) - listedModels
			break
		}
		row := billingRowView{BillingLine: *line, Name: strings.TrimSpace(line.Model + line.Item), Explained: causes[line.Cause]}
		row.Large = line.Cause != "" && line.Cause != "not_final" && line.Cause != "not_counting" && (line.Ratio > largeDifference || line.Ratio < -largeDifference)
		view.Rows = append(view.Rows, row)
	}
	return view
}
