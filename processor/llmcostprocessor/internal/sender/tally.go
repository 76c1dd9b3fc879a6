// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sender

// Tally is what a scope of a batch has.
type Tally struct {
	Spans, LogRecords, DataPoints int64

	calls    int64
	notCalls []reasonCount // there are few
}

type reasonCount struct {
	reason string
	n      int64
}

// Add counts records that are not calls for a reason, one of dashboard.Reasons; "": they are calls.
func (t *Tally) Add(why string, n int64) {
	if why == "" {
		t.calls += n
		return
	}
	for i := range t.notCalls {
		if t.notCalls[i].reason == why {
			t.notCalls[i].n += n
			return
		}
	}
	t.notCalls = append(t.notCalls, reasonCount{why, n})
}

func (t *Tally) records() int64 { return t.Spans + t.LogRecords + t.DataPoints }
