// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import "slices"

// merge merges the lists of all sources in one order, at most limit items; 0 is all.
func merge[S, T any](from []*source[S], limit int, list func(S) []T, compare func(a, b T) int) []T {
	var all []T
	for _, shown := range from {
		all = append(all, list(shown.asked)...)
	}
	slices.SortStableFunc(all, compare)
	if limit > 0 && len(all) > limit {
		all = all[:limit]
	}
	return all
}
