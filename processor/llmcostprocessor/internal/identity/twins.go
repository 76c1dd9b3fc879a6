// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import "slices"

// A span and the log record that was written in it, as Arc events make them of each call, are
// twins: two compact records of one call, to which no other is related. Both become nodes when
// one does, since they are of one trace, and both are forgotten at once. As nodes they are what
// they would be, had they been nodes from the beginning.
type twins struct {
	first, second, winner, other *node
	nonzero                      uint32
}

func newTwins(first, second *node) *twins {
	t := &twins{first: first, second: second, winner: first, other: second, nonzero: first.NonZero | second.NonZero}
	if rank(first, second, t.nonzero) > 0 {
		t.winner, t.other = second, first
	}
	return t
}

// twinOf returns the compact record of a site as a node, if a record is its twin, and finds
// what is around that; else nil. The first of two twins is of an earlier batch.
func (w *work) twinOf(number uint64, n *newcomer) *node {
	c := w.Cache
	if c.noneCompact || number < c.slots.first || number >= w.firstSlot || !isPlain(n.Record) {
		return nil
	}
	s := c.slots.at(number)
	if s.state != slotCompact || s.twin != 0 || s.content != 0 || n.Content != 0 || s.flags&IsSpan == n.Flags&IsSpan ||
		s.response != n.Response || s.resource != n.Resource || c.slots.chunkOf(number).scope(s) != n.Scope {
		return nil
	}
	first := c.slots.node(number)
	span, log := &first.Record, n.Record
	if n.Flags.Has(IsSpan) {
		span, log = log, span
	}
	if !log.withinOwn() || !compatible(span, log) || !c.fitsTwin(number, n) || c.options.PairByTime && !c.fitsPool(n) {
		return nil
	}
	return first
}

// fitsTwin reports whether no call is around a record or within it but its twin, and the span
// of both is not known as one that is not a call, too.
func (c *Cache) fitsTwin(twin uint64, n *newcomer) bool {
	newest := c.newestOfTrace(n.Trace, n.traceHash)
	if newest == nil || newest.inTrace >= maxCompact || c.linkAt(n.site(), n.siteHash) != nil {
		return false
	}
	n.sameTrace = newest.inTrace + 1
	within, _ := c.below(n.Trace, n.Span)
	if slices.ContainsFunc(within, func(other uint64) bool { return other != twin }) {
		return false
	}
	if !n.Flags.Has(IsSpan) {
		n.above = n.Span
		return true
	}
	above, inherited, ok := c.climb(n.Trace, n.Parent, n.Span)
	n.above, n.inherited = above, inherited
	return ok
}

// addTwin remembers the twin of a compact record, and corrects what is counted for their call.
func (w *work) addTwin(first *node, n *newcomer, index int, arrived uint32) {
	c := w.Cache
	before := c.entryOf(first.slot)
	number, s := w.addSlot(n, arrived)
	second := &node{Record: *n.Record, print: n.print}
	if n.inherited != nil {
		second.tied().inherited = n.inherited
	}
	t, of := newTwins(first, second), c.slots.at(first.slot)
	s.call, s.twin, of.twin = of.call, uint32(first.slot), uint32(number)
	s.lesser, of.lesser = t.other == second, t.other == first
	record, in := -1, t.entry()
	if t.winner == second {
		record = index
	}
	if before.Payload == in.Payload && slices.Equal(before.Values(), in.Values()) {
		before.more, in = in.more, before
	}
	w.countMerged(SameSpan)
	w.places[index] = number
	w.ofSlots = append(w.ofSlots, ofSlot{index, len(w.changes)})
	w.changes = append(w.changes, Change{Call: of.call, Out: before, In: in, Record: record, slot: first.slot})
}

// twinsAt are the compact twins of which one has a number, as nodes that are not remembered.
func (c *Cache) twinsAt(number uint64) *twins {
	other := c.slots.number(c.slots.at(number).twin)
	return newTwins(c.slots.node(min(number, other)), c.slots.node(max(number, other)))
}

// entry is what the ledger has of the call of twins.
func (t *twins) entry() *Counted {
	span, _ := t.split()
	values := t.winner.Values.overlay(t.other.Values).overlay(span.inherited())
	merged := []Merged{{SpanKey{t.other.Trace, t.other.Span}, t.other.Scope, SameSpan}}
	return &Counted{Payload: t.winner.Payload, more: &more{values: values, merged: merged}}
}

func (t *twins) split() (span, log *node) {
	if t.first.Flags.Has(IsSpan) {
		return t.first, t.second
	}
	return t.second, t.first
}

// join puts the nodes of twins together.
func (t *twins) join() {
	span, log := t.split()
	if inherited := span.Values.overlay(span.inherited()); inherited != nil {
		log.tied().inherited = inherited
	}
	base := []*node{t.first, t.second}
	slices.SortFunc(base, canonical)
	t.first.tied().base, t.second.tied().base = base, base
}

// count makes a call of the nodes, as it was counted.
func (t *twins) count(id uint64, place uint8) {
	group := []*node{t.winner, t.other}
	of := &call{id: id, winner: t.winner, group: &group, counted: t.entry(), marked: t.first}
	of.counted.Place = place
	t.first.call, t.second.call = of, of
	t.other.merged = true
}

// stateOfTwins is the state of the call of twins.
func (c *Cache) stateOfTwins(t *twins) State {
	span, _ := t.split()
	s := State{ID: span.firstID(span.print), Counted: t.entry(), Site: span.site()}
	c.complete(&s, &span.Record, versionOf(&t.winner.Record, t.nonzero, s.Counted, 2, 0))
	return s
}
