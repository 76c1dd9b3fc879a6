// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Group is the sum of the calls with one set of values.
type Group struct {
	Values []string
	Usage  dashboard.Totals
	// Others is set for the sum of the groups that were left out.
	Others bool
}

// Rank sums rows by group over all starts, the largest measure first. Groups of equal
// measure are ordered by calls, then by value.
func Rank(rows []dashboard.Row, m Measure) []Group {
	index := map[string]int{}
	var groups []Group
	for i := range rows {
		key := GroupKey(rows[i].Group)
		at, ok := index[key]
		if !ok {
			at = len(groups)
			index[key] = at
			groups = append(groups, Group{Values: rows[i].Group})
		}
		Add(&groups[at].Usage, &rows[i].Usage)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(
			cmp.Compare(m.Of(&b.Usage), m.Of(&a.Usage)),
			cmp.Compare(b.Usage.Calls, a.Usage.Calls),
			slices.Compare(a.Values, b.Values),
		)
	})
	return groups
}

// Top keeps the first n of ranked groups and sums the others in one more, if there are
// several others.
func Top(groups []Group, n int) []Group {
	if len(groups) <= n+1 {
		return groups
	}
	others := Group{Others: true}
	for i := range groups[n:] {
		Add(&others.Usage, &groups[n+i].Usage)
	}
	return append(slices.Clone(groups[:n]), others)
}

// GroupKey distinguishes sets of values, whatever the values hold.
func GroupKey(values []string) string {
	var key strings.Builder
	for _, value := range values {
		key.WriteString(strings.ReplaceAll(value, "\x00", "\x00\x01"))
		key.WriteString("\x00\x02")
	}
	return key.String()
}

// positions finds where the group of some values is among groups. Values of no group are
// the others', which come last.
func positions(groups []Group) func(values []string) int {
	index := make(map[string]int, len(groups))
	for i := range groups {
		if !groups[i].Others {
			index[GroupKey(groups[i].Values)] = i
		}
	}
	return func(values []string) int {
		if at, ok := index[GroupKey(values)]; ok {
			return at
		}
		return len(groups) - 1
	}
}

// Within returns, by the index of a group, what rows have of it, in the order of the groups and
// without those that have no calls.
func Within(groups []Group, rows []dashboard.Row) iter.Seq2[int, *dashboard.Totals] {
	position := positions(groups)
	sums := map[int]*dashboard.Totals{}
	for i := range rows {
		at := position(rows[i].Group)
		if sums[at] == nil {
			sums[at] = &dashboard.Totals{}
		}
		Add(sums[at], &rows[i].Usage)
	}
	return func(yield func(int, *dashboard.Totals) bool) {
		for _, at := range slices.Sorted(maps.Keys(sums)) {
			if sums[at].Calls > 0 && !yield(at, sums[at]) {
				return
			}
		}
	}
}
