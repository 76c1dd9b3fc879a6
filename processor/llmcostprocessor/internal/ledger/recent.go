// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

// Recent is a call that is remembered by itself.
type Recent struct {
	// Key is that of its row: the overflow's, when it has none of its own.
	Key *Key
	Figures
}

// ring holds the newest calls. It grows to its limit, and then writes over the
// oldest.
type ring struct {
	limit int
	calls []Recent
	next  int
}

func (r *ring) add(key *Key, f *Figures) {
	if r.limit == 0 {
		return
	}
	if len(r.calls) < r.limit {
		r.calls = append(r.calls, Recent{})
	}
	at := &r.calls[r.next]
	at.Key, at.Figures = key, *f
	if r.next++; r.next == r.limit {
		r.next = 0
	}
}

// Recent are the calls that are remembered, in no order.
func (l *Ledger) Recent() []Recent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Recent(nil), l.recent.calls...)
}
