// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/spend"
	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// table is a page of the groups.
type table struct {
	Label string
	Heads []tableHead
	Rows  []tableRow
	All   tableRow
	// Chosen are all columns, to be chosen from.
	Chosen []chosenColumn
	Pager  pager
	Search string
	Wide   bool // it has two dimensions
}

// tableHead is the head of a column, with the link that sorts by it.
type tableHead struct {
	Label, URL, Sorted string // Sorted: ascending, descending or ""
	Number             bool
}

type tableRow struct {
	Values []tableValue // by dimension
	Color  string       // class of the series in the chart
	Cells  []tableCell

	usage               *dashboard.Totals
	share               float64
	change, changeTitle string
}

type tableValue struct{ Value, URL string }

func cutDown(sort string) (name string, down bool) { return strings.CutPrefix(sort, "-") }

// isColumn reports whether rows can be sorted by a figure of this name.
func isColumn(name string) bool {
	_, known := spend.ColumnNamed(name)
	return known
}

// sortKeys are what the table is sorted by, as the API has it.
func (c *selection) sortKeys() []string {
	if c.sort != "" {
		return []string{c.sort}
	}
	if c.measure == spend.Failed {
		return []string{"-error_ratio", "-calls"}
	}
	return []string{"-" + string(c.measure), "-calls"}
}

// toggleSort is the order after a click on the head of a column, which is down at first and the
// other way round when rows are sorted by it, and how they are sorted by it now.
func toggleSort(current, name string, down bool) (next, sorted string) {
	if at, isDown := cutDown(current); at == name {
		if sorted = "ascending"; isDown {
			sorted = "descending"
		}
		down = !isDown
	}
	if down {
		return "-" + name, sorted
	}
	return name, sorted
}

// head sorts by a figure the largest first, by a text the first in the alphabet.
func (c selection) head(name, label string, figure bool) tableHead {
	head := tableHead{Label: label, Number: figure}
	c.page = 1
	c.sort, head.Sorted = toggleSort(c.sortKeys()[0], name, figure)
	head.URL = c.url()
	return head
}

// counted is what was counted in a period, by group.
type counted struct {
	rows []dashboard.Row
	all  dashboard.Totals
}

func newCounted(rows []dashboard.Row) *counted { return &counted{rows, spend.Sum(rows)} }

// totals are those of all groups; nil if c is.
func (c *counted) totals() *dashboard.Totals {
	if c == nil {
		return nil
	}
	return &c.all
}

// byGroup returns the totals of each group, by its key.
func (c *counted) byGroup() map[string]*dashboard.Totals {
	groups := make(map[string]*dashboard.Totals, len(c.rows))
	for i := range c.rows {
		groups[spend.GroupKey(c.rows[i].Group)] = &c.rows[i].Usage
	}
	return groups
}

// newTable makes the table of groups, with the colors that the chart has for the largest.
// before is nil if there is no period to compare with.
func newTable(now, before *counted, colors map[string]string, c selection) table {
	columns := c.shownColumns()
	made := table{Search: c.search, Wide: len(c.by) > 1, Heads: c.heads(columns)}
	var labels []string
	for _, dimension := range c.by {
		labels = append(labels, label(dimension))
	}
	made.Label = strings.Join(labels, " and ")
	for _, column := range tableColumns {
		if slices.Contains(c.missing, column.name) {
			continue
		}
		made.Chosen = append(made.Chosen, chosenColumn{column.name, column.label, slices.ContainsFunc(columns, func(shown tableColumn) bool { return shown.name == column.name })})
	}
	rows := slices.Clone(now.rows)
	if c.search != "" {
		rows = slices.DeleteFunc(rows, func(row dashboard.Row) bool { return !matchesSearch(row.Group, c.search) })
	}
	p := newParams(nil)
	var keys []spend.Key
	for _, key := range c.sortKeys() {
		keys = append(keys, p.sortKey(key, c.by))
	}
	spend.Sort(rows, keys)
	made.Pager = newPager(len(rows), c.page, tableRows, func(page int) string {
		other := c
		other.page = page
		return other.url()
	})
	var past map[string]*dashboard.Totals
	if before != nil {
		past = before.byGroup()
	}
	shown := pageOf(rows, tableRows, c.page)
	for i := range shown {
		key := spend.GroupKey(shown[i].Group)
		was := past[key]
		if was == nil && before != nil {
			was = &dashboard.Totals{} // the group is new
		}
		row := newTableRow(&shown[i].Usage, was, &now.all, columns, c.measure)
		row.Color = cmp.Or(colors[key], colorOfOthers)
		for j, value := range shown[i].Group {
			row.Values = append(row.Values, tableValue{text.Cut(valueLabel(value), shownDimRunes), c.only(c.by[j], value).url()})
		}
		linkCalls(&row, columns, c.callsPage(shown[i].Group...).url())
		made.Rows = append(made.Rows, row)
	}
	made.All = newTableRow(&now.all, before.totals(), &now.all, columns, c.measure)
	linkCalls(&made.All, columns, c.callsPage().url())
	return made
}

// heads are those of the dimensions and columns of the table of groups.
func (c selection) heads(columns []tableColumn) (heads []tableHead) {
	for _, dimension := range c.by {
		heads = append(heads, c.head(dimension, label(dimension), false))
	}
	for _, column := range columns {
		switch column.name {
		case "change":
			heads = append(heads, tableHead{Label: column.label, Number: true})
		case "share":
			head := c.head(string(c.measure), column.label, true)
			if c.measure != spend.Tokens {
				head.Sorted = "" // the column of the measure itself is marked
			}
			heads = append(heads, head)
		default:
			heads = append(heads, c.head(column.name, column.label, true))
		}
	}
	return heads
}

// linkCalls links the number of calls to the calls themselves.
func linkCalls(row *tableRow, columns []tableColumn, url string) {
	for i := range columns {
		if columns[i].name == "calls" {
			row.Cells[i].URL = url
		}
	}
}

// matchesSearch reports whether a value of a group has a text, in either case.
func matchesSearch(group []string, search string) bool {
	search = strings.ToLower(search)
	return slices.ContainsFunc(group, func(value string) bool { return strings.Contains(strings.ToLower(valueLabel(value)), search) })
}

// newTableRow makes a row of totals. past is nil if there is no period to compare with.
func newTableRow(t, past, all *dashboard.Totals, columns []tableColumn, m spend.Measure) tableRow {
	row := tableRow{usage: t, change: "–"}
	row.share, _ = spend.Ratio(m.Of(t), m.Of(all))
	if past != nil {
		row.change, row.changeTitle = changeOf(m.Of(t), m.Of(past)), "before: "+amount(m, past)
	}
	for _, column := range columns {
		row.Cells = append(row.Cells, column.cell(&row))
	}
	return row
}

// changeOf is how much more or less something is than before.
func changeOf(now, past float64) string {
	switch {
	case past == 0 && now == 0:
		return "–"
	case past == 0:
		return "new"
	}
	change := now/past - 1
	switch {
	case change >= 9:
		return "× " + text.Count(int64(math.Round(change+1)))
	case change >= .0005:
		return "+" + text.Percent(change)
	case change <= -.0005:
		return "−" + text.Percent(-change)
	default:
		return "±0%"
	}
}

// colorOfOthers is the class of what has no series of its own in the chart.
const colorOfOthers = "sx"

// colorOf is the class of the series that a rank has in the chart.
func colorOf(rank int) string {
	if rank >= chartSeries {
		return colorOfOthers
	}
	return fmt.Sprintf("s%d", rank)
}

// colorsOf are the classes of the groups that have series of their own in a chart.
func colorsOf(stack *spend.Stack) map[string]string {
	colors := map[string]string{}
	for i, group := range stack.Groups {
		if !group.Others {
			colors[spend.GroupKey(group.Values)] = colorOf(i)
		}
	}
	return colors
}
