// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// maxSteps bounds how many rows a query can ask for.
const maxSteps = 500 * 24

// usageSource answers queries of the dashboard from the ledger.
type usageSource struct{ *core }

var _ dashboard.Usage = usageSource{}

// show registers the core with the dashboards of the host, and returns what removes it.
func (c *core) show(host component.Host) (hide func()) {
	var hides []func()
	for _, page := range dashboard.Extensions(host) {
		hides = append(hides, page.ShowUsage(c.id, usageSource{c}))
	}
	return func() {
		for _, hide := range hides {
			hide()
		}
	}
}

// Dimensions are the model, those of the configuration, and the provider.
func (b usageSource) Dimensions() []string { return allDimensions(b.dimensions.names) }

func allDimensions(configured []string) []string {
	all := append([]string{dashboard.Model}, configured...)
	if !slices.Contains(all, dashboard.Provider) {
		all = append(all, dashboard.Provider)
	}
	return all
}

// Usage adds the ledger's rows up.
func (b usageSource) Usage(q dashboard.Query) ([]dashboard.Row, error) {
	query, err := b.ledgerQuery(&q)
	if err != nil {
		return nil, err
	}
	groups := b.ledger.Sum(query)
	// Groups are large: their order is made before they are moved.
	order := make([]int, 0, len(groups))
	for i := range groups {
		if groups[i].Row != (ledger.Row{}) { // corrections took out what there was
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(x, y int) int {
		return cmp.Or(cmp.Compare(groups[x].Step, groups[y].Step), slices.Compare(groups[x].Values, groups[y].Values))
	})
	rows := make([]dashboard.Row, len(order))
	for i, at := range order {
		group := &groups[at]
		start := timeOfHour(query.First)
		if group.Step >= 0 {
			start = q.Steps[group.Step]
		}
		rows[i] = dashboard.Row{Start: start, Group: group.Values, Usage: totalsOf(&group.Row)}
	}
	return rows, nil
}

func (b usageSource) ledgerQuery(q *dashboard.Query) (ledger.Query, error) {
	groupBy, err := columns(b.dimensions.names, q.GroupBy)
	if err != nil {
		return ledger.Query{}, err
	}
	where, err := whereOf(b.dimensions.names, q.Where)
	if err != nil {
		return ledger.Query{}, err
	}
	switch {
	case !q.From.Before(q.To):
		return ledger.Query{}, errors.New("the time from is not before the time to")
	case len(q.Steps) > maxSteps:
		return ledger.Query{}, fmt.Errorf("%d steps are more than %d", len(q.Steps), maxSteps)
	case !slices.IsSortedFunc(q.Steps, time.Time.Compare):
		return ledger.Query{}, errors.New("the steps are not in order")
	}
	query := ledger.Query{
		First: ledger.HourOf(q.From), Last: hoursUpTo(q.To) - 1, Starts: make([]int64, len(q.Steps)), By: groupBy, Where: where,
	}
	for i, start := range q.Steps {
		query.Starts[i] = ledger.HourOf(start)
	}
	return query, nil
}

// columnOf is the column of the ledger that a dimension is.
func columnOf(configured []string, name string) (column int, known bool) {
	if index := slices.Index(configured, name); index >= 0 {
		return ledger.Dimension(index), true
	}
	switch name {
	case dashboard.Model:
		return ledger.Model, true
	case dashboard.Provider:
		return ledger.Provider, true
	default:
		return 0, false
	}
}

func errNoDimension(what, name string, configured []string) error {
	return fmt.Errorf("%s: %q is no dimension; there are %s", what, name, strings.Join(allDimensions(configured), ", "))
}

// columns are those to group by.
func columns(configured, by []string) ([]int, error) {
	columns := make([]int, len(by))
	for i, name := range by {
		column, known := columnOf(configured, name)
		if !known {
			return nil, errNoDimension("group by", name, configured)
		}
		columns[i] = column
	}
	return columns, nil
}

// whereOf are values by column.
func whereOf(configured []string, values map[string]string) (map[int]string, error) {
	where := make(map[int]string, len(values))
	for name, value := range values {
		column, known := columnOf(configured, name)
		if !known {
			return nil, errNoDimension("where", name, configured)
		}
		where[column] = value
	}
	return where, nil
}

func timeOfHour(hour int64) time.Time { return time.Unix(hour*3600, 0).UTC() }

// hoursUpTo is the first hour that begins at t or later.
func hoursUpTo(t time.Time) int64 { return ledger.HourOf(t.Add(time.Hour - 1)) }

func totalsOf(row *ledger.Row) (totals dashboard.Totals) {
	fillTotals(&totals, row, 0)
	totals.Buckets = slices.Clone(totals.Buckets)
	return totals
}

// fillTotals sets the figures that are wanted to those of a row, whose buckets they share.
func fillTotals(to *dashboard.Totals, row *ledger.Row, wanted dashboard.Figures) {
	wants := func(figures dashboard.Figures) bool { return wanted == 0 || wanted&figures != 0 }
	if wants(dashboard.CallFigures) {
		to.Calls, to.Errors, to.Timeouts, to.Unpriced = row.Count(), row.Calls[ledger.Error], row.Calls[ledger.Timeout], row.Unpriced
	}
	if wants(dashboard.CostFigures) {
		to.Dollars = row.Cost.Dollars()
	}
	if wants(dashboard.SavedFigures) {
		to.SavedDollars = row.Saved.Dollars()
	}
	if wants(dashboard.EstimateFigures) {
		to.Estimated, to.EstimatedDollars = row.Estimates.Calls, row.Estimates.Cost.Dollars()
	}
	if wants(dashboard.DurationFigures) {
		to.Timed, to.Seconds, to.Buckets = int64(row.Timed()), row.Elapsed.Float(), row.Durations[:]
	}
	if wants(dashboard.UsageFigures) {
		to.Tokens, to.Amounts = dashboard.TokensOf(row.Usage.Amounts()), *row.Usage.Amounts()
	}
}

// hexOf is an ID in hex; "" for none.
func hexOf(id []byte) string {
	if !slices.ContainsFunc(id, func(b byte) bool { return b != 0 }) {
		return ""
	}
	return hex.EncodeToString(id)
}

func dollars(p money.Pico) *float64 {
	amount := p.Dollars()
	return &amount
}

// Extent is what the ledger holds.
func (b usageSource) Extent() dashboard.Extent {
	extent := b.ledger.Extent()
	out := dashboard.Extent{
		Rows: extent.Rows, RowsLimit: b.cfg.MaxRows, DayRows: extent.DayRows, DayRowsLimit: b.cfg.MaxDayRows, FoldedDays: extent.Folded,
		Zone: b.zone, Overflow: ledger.Overflow,
	}
	if extent.First != 0 {
		out.Since = timeOfHour(extent.First)
	}
	if extent.FirstHour != 0 {
		out.HoursSince = timeOfHour(extent.FirstHour)
	}
	return out
}

// Unpriced are the models that were called and have no price.
func (b usageSource) Unpriced() []dashboard.UnpricedModel { return b.gaps.Unpriced() }

// Estimates are what costs that are estimates, or missing, depend on.
func (b usageSource) Estimates() []dashboard.Estimate { return b.gaps.Estimates() }

// Disagreements are the models whose applications report costs of their own.
func (b usageSource) Disagreements() []dashboard.Disagreement {
	var out []dashboard.Disagreement
	for model, total := range b.ledger.Totals() {
		if compared := total.Compared; compared.Reported != compared.Computed {
			out = append(out, dashboard.Disagreement{
				Model: model, Calls: compared.Calls,
				Reported: compared.Reported.Dollars(), Computed: compared.Computed.Dollars(),
			})
		}
	}
	difference := func(d dashboard.Disagreement) float64 { return max(d.Reported-d.Computed, d.Computed-d.Reported) }
	slices.SortFunc(out, func(x, y dashboard.Disagreement) int {
		return cmp.Or(cmp.Compare(difference(y), difference(x)), cmp.Compare(x.Model, y.Model))
	})
	return out
}

// Prices describes the table that calls are priced by now.
func (b usageSource) Prices() dashboard.PriceTable {
	table := b.prices.Load()
	return dashboard.PriceTable{
		Version: table.Version(), Date: table.Date(), Models: table.Len(), Files: slices.Clone(b.cfg.Prices.Files),
		Sources: b.priceSources(table), InUse: pricesInUse(table),
	}
}

func (c *core) priceSources(table *price.Table) []dashboard.PriceSource {
	c.lists.mu.Lock()
	defer c.lists.mu.Unlock()
	var out []dashboard.PriceSource
	for _, s := range c.lists.sources {
		source := dashboard.PriceSource{URL: s.name, Fetched: s.state.Confirmed, Tried: s.attempt}
		if s.err != nil {
			source.Err = s.err.Error()
		}
		for _, list := range table.Lists() {
			if list.Name == s.name {
				source.Version, source.Models = list.Version, list.Models
			}
		}
		out = append(out, source)
	}
	return out
}

func pricesInUse(table *price.Table) []dashboard.PriceInUse {
	var out []dashboard.PriceInUse
	for _, m := range table.InUse() {
		each := dashboard.PriceInUse{Model: m.Name, Provider: m.Provider, Source: m.Source(), Checked: m.Checked()}
		if list := m.List(); list != nil {
			each.List = list.Name
		}
		out = append(out, each)
	}
	return slices.Compact(out)
}
