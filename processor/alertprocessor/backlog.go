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
// the least severe and oldest first. It keeps up to twice the limit of resolutions, so
// that no incident stays open; there are more only when labels change at every
// evaluation, and then the least severe and oldest give way, too.
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
	kept = dropLeastSevere(kept, alertevent.Firing, len(kept)-limit)
	return dropLeastSevere(kept, alertevent.Resolved, len(kept)-2*limit)
}

// dropLeastSevere drops up to n decisions about alerts in a state, of the least
// severe the oldest.
func dropLeastSevere(all []decision, state alertevent.State, n int) []decision {
	if n <= 0 {
		return all
	}
	var candidates []int // indexes
	for i, d := range all {
		if d.alert.State == state {
			candidates = append(candidates, i)
		}
	}
	slices.SortStableFunc(candidates, func(a, b int) int {
		return cmp.Compare(all[a].alert.SeverityRank(), all[b].alert.SeverityRank())
	})
	drop := map[int]bool{}
	for _, i := range candidates[:min(n, len(candidates))] {
		drop[i] = true
	}
	kept := all[:0]
	for i, d := range all {
		if !drop[i] {
			kept = append(kept, d)
		}
	}
	return kept
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
