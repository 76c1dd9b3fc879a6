// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

// Recent is a call that is remembered by itself.
type Recent struct {
	// Key is that of its row: the overflow's, when it has none of its own. nil where a
	// correction took the call out.
	Key *Key
	Figures
	Provider, Convention, Reading, Estimated string
	Detail
	id uint64
}

// Detail is what only single calls have.
type Detail struct {
	// Merged are the other records that report the call.
	Merged []Merged
}

// Merged is a record that reports a call that another record represents.
type Merged struct {
	Trace [16]byte
	Span  [8]byte
	Scope string
	Rule  string
}

// ring holds the newest calls. A call has a place by its ID, which are numbers one
// after another. It grows to its limit, and then overwrites the oldest.
type ring struct {
	limit int
	calls []Recent
}

// place is that of a call; nil when it has been overwritten.
func (r *ring) place(id uint64) *Recent {
	if r.limit == 0 {
		return nil
	}
	i := int(id % uint64(r.limit))
	if i >= len(r.calls) {
		r.calls = append(r.calls, make([]Recent, i+1-len(r.calls))...)
	}
	if r.calls[i].id > id {
		return nil
	}
	return &r.calls[i]
}

// set adds a call, or replaces what is known of it.
func (r *ring) set(id uint64, key *Key, c *Call, detail Detail) {
	if to := r.place(id); to != nil {
		*to = Recent{Key: key, Figures: c.Figures, Provider: c.Provider, Convention: c.Convention, Reading: c.Reading, Estimated: c.Estimated, Detail: detail, id: id}
	}
}

func (r *ring) describe(id uint64, detail Detail) {
	if to := r.place(id); to != nil && to.id == id {
		to.Detail = detail
	}
}

// remove removes a call. Its place stays empty until it is overwritten.
func (r *ring) remove(id uint64) {
	if to := r.place(id); to != nil && to.id == id {
		*to = Recent{}
	}
}

// Recent are the calls that are remembered, in no order.
func (l *Ledger) Recent() []Recent {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := make([]Recent, 0, len(l.recent.calls))
	for i := range l.recent.calls {
		if l.recent.calls[i].Key != nil {
			calls = append(calls, l.recent.calls[i])
		}
	}
	return calls
}
