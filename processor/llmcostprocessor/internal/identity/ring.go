// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// trace is what is known of a trace of whose calls there are nodes.
type trace struct {
	calls *node // the last that arrived, of a ring
	large bool  // it has a tree
}

// append adds a call to the ring.
func (t *trace) append(n *node) {
	if t.calls == nil {
		n.nextInTrace = n
	} else {
		n.nextInTrace, t.calls.nextInTrace = t.calls.nextInTrace, n
	}
	t.calls = n
}

// remove takes a call out of the ring. It is mostly the first, since the oldest is
// forgotten first.
func (t *trace) remove(n *node) {
	before := t.calls
	for before.nextInTrace != n {
		before = before.nextInTrace
	}
	before.nextInTrace = n.nextInTrace
	switch {
	case before == n:
		t.calls = nil
	case t.calls == n:
		t.calls = before
	}
	n.nextInTrace = nil
}

// all are the calls, the first that arrived first.
func (t *trace) all(yield func(*node) bool) {
	if t.calls == nil {
		return
	}
	for n := t.calls.nextInTrace; yield(n) && n != t.calls; n = n.nextInTrace {
	}
}
