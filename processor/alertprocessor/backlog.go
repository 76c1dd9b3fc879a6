// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"cmp"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// maxPendingRecords bounds the alert records that wait for one pipeline.
const maxPendingRecords = 100_000

// decision is an alert record to be.
type decision struct {
	alert alertevent.Alert
	at    time.Time
}

// compactDecisions drops what a pipeline that does not accept anything need not get:
// first what a later decision about the same alert supersedes, then firing alerts,
// the least severe and oldest first. It keeps every resolution, so that no incident
// stays open, and may return more than limit for that. As there is at most one for
// each alert and receiver, their number is bounded by that of the alerts.
func compactDecisions(all []decision, limit int) []decision {
	type key struct{ fingerprint, receiver string }
	keyOf := func(d decision) key { return key{d.alert.Fingerprint(), d.alert.Receiver} }
	latest := make(map[key]int, len(all))
	for i, d := range all {
		latest[keyOf(d)] = i
	}
	kept := make([]decision, 0, len(latest))
	for i, d := range all {
		if latest[keyOf(d)] == i {
			kept = append(kept, d)
		}
	}
	excess := len(kept) - limit
	if excess <= 0 {
		return kept
	}
	var firing []int // indexes
	for i, d := range kept {
		if d.alert.State == alertevent.Firing {
			firing = append(firing, i)
		}
	}
	slices.SortStableFunc(firing, func(a, b int) int {
		return cmp.Compare(kept[a].alert.SeverityRank(), kept[b].alert.SeverityRank())
	})
	drop := map[int]bool{}
	for _, i := range firing[:min(excess, len(firing))] {
		drop[i] = true
	}
	out := kept[:0]
	for i, d := range kept {
		if !drop[i] {
			out = append(out, d)
		}
	}
	return out
}

// decisionsToLogs makes alert records.
func decisionsToLogs(resource pcommon.Resource) func(...decision) plog.Logs {
	return func(decisions ...decision) plog.Logs {
		ld, records := alertevent.NewLogs(resource)
		records.EnsureCapacity(len(decisions))
		for _, d := range decisions {
			alertevent.Write(records.AppendEmpty(), d.alert, d.at)
		}
		return ld
	}
}
