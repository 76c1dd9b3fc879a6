// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/prometheussource"
	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// What a source of sums alone does not have, as columns: never, and unless rows and conditions are
// of the dimensions that failed calls and durations are known by.
var (
	ledgerColumns  = []string{"cache_saved", "estimated", "estimated_cost"}
	failureColumns = []string{"errors", "timeouts", "error_ratio", "average_duration", "p50", "p95", "p99"}
)

// missingOf are the columns that a source does not have for some rows.
func missingOf(extent *dashboard.Extent, by []string, where map[string]string) (columns []string) {
	if !extent.SumsOnly {
		return nil
	}
	columns = ledgerColumns
	if !extent.HasFailures(by, where) {
		columns = slices.Concat(columns, failureColumns)
	}
	return columns
}

// failureNote reports that there are no errors and durations of a selection.
func failureNote(extent *dashboard.Extent, c selection) []string {
	if extent.HasFailures(c.by, c.where) {
		return nil
	}
	return []string{"Errors and durations are known by " + strings.Join(extent.FailuresBy, " and ") + " alone: those of this selection are on the dashboards of the collectors."}
}

// figuresWithout are figures without those of columns that are missing.
func figuresWithout(stats []stat, missing []string) []stat {
	stats = slices.DeleteFunc(stats, func(s stat) bool { return slices.Contains(missing, s.column) })
	if slices.Contains(missing, "errors") {
		for i := range stats {
			if stats[i].column == "calls" {
				stats[i].Note = ""
			}
		}
	}
	return stats
}

// collectorDimension is that of a source of several collectors.
const collectorDimension = prometheussource.Collector
