// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"strings"
	"time"
)

// Total is what a model's calls add up to since Start.
type Total struct {
	// Start is when counting began: before the first call was counted.
	Start time.Time `json:"start"`
	// Listed models are in the price table, which bounds them.
	Listed bool `json:"listed,omitempty"`
	Row
	// Exported is what left as counters: these never decrease, so what a correction
	// takes away is worked off against what comes next.
	Exported Marks `json:"exported,omitzero"`
	// Examples are the newest calls of each bucket of the durations; they are not
	// persisted across restarts.
	Examples [len(Bounds) + 1]Example `json:"-"`
}

// Example is a call that stands for others.
type Example struct {
	Trace    [16]byte // zero: there is none
	Span     [8]byte
	End      int64 // nanoseconds since 1970
	Duration time.Duration
}

func (l *Ledger) total(model string, listed bool, start time.Time) (total *Total, within bool) {
	l.dirty = true
	if total, ok := l.totals[model]; ok {
		return total, model != Overflow
	}
	// The overflow itself is not one of the models that the limit is about: not
	// when it is loaded, and not when an application calls its model so.
	within = model != Overflow && (listed || l.free < l.limits.Models)
	if !within {
		model = Overflow
		if total, ok := l.totals[model]; ok {
			return total, false
		}
	}
	total = &Total{Start: start, Listed: listed}
	l.totals[strings.Clone(model)] = total
	if !listed && within {
		l.free++
	}
	return total, within
}

// count adds a call, and keeps it as the example of its bucket.
func (t *Total) count(f *Figures, took timing) {
	t.add(f, took)
	if f.Timed && f.Trace != [16]byte{} {
		t.Examples[took.bucket] = Example{Trace: f.Trace, Span: f.Span, End: f.End, Duration: f.Duration}
	}
}

// Totals are copies of the totals, by model.
func (l *Ledger) Totals() map[string]Total {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]Total, len(l.totals))
	for model, total := range l.totals {
		out[model] = *total
	}
	return out
}

// Export returns copies of the totals, by model, after what leaves as counters was
// noted: it never decreases.
func (l *Ledger) Export() map[string]Total {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]Total, len(l.totals))
	for model, total := range l.totals {
		before := total.Exported
		total.Exported.raise(&total.Row)
		if total.Exported != before {
			l.dirty = true
		}
		out[model] = *total
	}
	return out
}
