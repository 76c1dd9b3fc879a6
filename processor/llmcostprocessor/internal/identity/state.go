// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"slices"
)

// State is what a cache knows about a call, for an engine that collects the states from
// many caches: each of them has seen some of the records, in some order, maybe twice. Of
// the states of one ID the engine keeps that of the highest version.
type State struct {
	// ID is the same in every cache that has seen the same record; "" if nothing
	// distinguishes the record from others.
	ID string
	// Version is the higher the more of the call a cache has seen. It depends on nothing
	// else: who sees the same records again, as after a restart, makes the same version.
	Version uint64
	// Counted is what represents the call; nil for an ID that is not a call: what it names is
	// a duplicate of the call Of, or the sum of several calls, where that is "".
	Counted *Counted
	Of      string
	// Site is the span of the call, zero when unknown. Above is the nearest span around it
	// that is not known not to be a call.
	Site  SpanKey
	Above [8]byte
	// At is when the record ended, in nanoseconds since 1970.
	At int64
}

// States calls visit with what the last result has changed, and with what the cache knows
// about the calls of all records of its batch, copies too: a batch that is sent again,
// because its states did not arrive, has the same states. It must be called before the
// next records are added.
func (c *Cache) States(result *Result, spans []Span, visit func(State)) {
	w := &c.work
	calls, slots := map[*call]bool{}, map[uint64]bool{}
	ofCall := func(of *call) {
		if of != nil && !calls[of] {
			calls[of] = true
			c.statesOfCall(of, visit)
		}
	}
	ofNode := func(n *node) {
		ofCall(n.call)
		for evidence := range byContent { // the IDs of others may be others now
			ofCall(c.sharer(n, evidence))
		}
	}
	ofSlot := func(number uint64) {
		if n := c.nodes[number]; n != nil {
			ofNode(n)
			return
		}
		if number < c.slots.first || number >= c.slots.next || c.slots.at(number).state != slotCompact {
			return
		}
		if twin := c.slots.at(number).twin; twin != 0 {
			number = min(number, c.slots.number(twin))
		}
		if !slots[number] {
			slots[number] = true
			visit(c.stateOfSlot(number))
		}
	}
	for i, n := range w.nodes {
		if n != nil {
			ofNode(n)
		} else if w.places[i] != 0 {
			ofSlot(w.places[i])
		}
	}
	for _, n := range w.sums {
		ofNode(n)
	}
	for i := range result.Changes {
		change := &result.Changes[i]
		if change.of != nil && change.of.winner != nil {
			ofNode(change.of.winner)
		}
	}
	c.eachBelow(spans, ofNode, ofSlot)
}

// eachBelow calls visit with the calls that are within spans: what is around them is known
// better now. In traces of many calls it does not look.
func (c *Cache) eachBelow(spans []Span, ofNode func(*node), ofSlot func(uint64)) {
	traces := map[[16]byte]map[[8]byte]bool{}
	for i := range spans {
		s := &spans[i]
		if traces[s.Trace] == nil {
			traces[s.Trace] = map[[8]byte]bool{}
		}
		traces[s.Trace][s.Span] = true
	}
	for trace, added := range traces {
		within := func(r *Record) (found bool) {
			c.climbKnown(r, func(span [8]byte) { found = found || added[span] })
			return found
		}
		hash := c.traceHash(trace)
		count := 0
		if known := c.traces[hash]; known.calls != nil && !known.large {
			for n := range known.all {
				if count++; count > c.maxScan.calls {
					break
				}
				if within(&n.Record) {
					ofNode(n)
				}
			}
		}
		var compact []uint64
		c.slots.each(&c.indexes.traces, c.short(hash), ofTrace, func(number uint64, s *slot) bool {
			if s.trace == trace {
				compact = append(compact, number)
			}
			return len(compact) <= c.maxScan.calls
		})
		for _, number := range compact {
			if r, _ := c.slots.record(number); within(&r) {
				ofSlot(number)
			}
		}
	}
}

// climbKnown follows the spans up that are not calls, and returns the first of which that is
// not known.
func (c *Cache) climbKnown(r *Record, visit func([8]byte)) (above [8]byte) {
	at := r.enclosing()
	for range maxDepth {
		if at == [8]byte{} || at == r.Span && !r.withinOwn() {
			return [8]byte{}
		}
		link := c.linkOf(r.Trace, at)
		if link == nil {
			return at
		}
		visit(at)
		at = link.parent
	}
	return [8]byte{}
}

// stateOfSlot is the state of the call of a compact record.
func (c *Cache) stateOfSlot(number uint64) State {
	if c.slots.at(number).twin != 0 {
		return c.stateOfTwins(c.twinsAt(number))
	}
	r, _ := c.slots.record(number)
	counted := c.entryOf(number)
	s := State{ID: r.firstID(c.slots.at(number).print), Counted: counted, Site: SpanKey{r.Trace, r.Span}}
	c.complete(&s, &r, versionOf(&r, r.NonZero, counted, 1, 0))
	return s
}

// complete notes what is around a call: a version that knows more of it is higher.
func (c *Cache) complete(s *State, r *Record, version uint64) {
	s.At = r.End
	links := uint64(0)
	s.Above = c.climbKnown(r, func([8]byte) { links++ })
	s.Version = version + min(links, maxLinks)<<linksShift
}

// statesOfCall calls visit with the state of a call, and with those of the IDs that others
// of its records have: they are not calls.
func (c *Cache) statesOfCall(of *call, visit func(State)) {
	group := of.members()
	if group == nil {
		group = []*node{of.winner}
	}
	name := nameOf(group)
	if of.winner.aggregate {
		name = nil
	}
	ids := map[string]bool{}
	id, evidence := "", byResponse
	if name != nil {
		id, evidence = c.idOf(name)
		name.released = max(name.released, c.denials(name, evidence))
	}
	if name != nil && of.counted != nil {
		ids[id] = true
		s := State{ID: id, Counted: of.counted, Site: SpanKey{name.Trace, name.Span}}
		var nonzero uint32
		var before uint64
		for _, n := range group {
			nonzero |= n.NonZero
			if sameName(n, name) {
				before = max(before, n.version)
			}
		}
		c.eachPointed(name, evidence, func(other *node) {
			if other.aggregate { // it named a call by this ID before it was a sum
				before = max(before, other.version)
			}
		})
		c.complete(&s, &name.Record, versionOf(&of.winner.Record, nonzero, s.Counted, len(group), name.released))
		if s.Version < before { // records are grouped in another way than before
			s.Version = before + 1
		}
		name.version = s.Version
		visit(s)
	}
	retract := func(n *node, old string, evidence int) {
		if old == "" || ids[old] {
			return
		}
		n.denied |= 1 << evidence
		ids[old] = true
		s := State{ID: old, Of: id, Site: SpanKey{n.Trace, n.Span}}
		c.complete(&s, &n.Record, uint64(c.releasedBy(n, evidence))<<releasedShift|notACallBit)
		visit(s)
	}
	for _, n := range group {
		own, evidence := c.idOf(n)
		retract(n, own, evidence)
		// What it was named before, unless another call has that name now.
		for before := range evidences {
			if n.namedBy&(1<<before) != 0 && before != evidence && c.sharer(n, before) == nil {
				retract(n, n.callID(before, n.print), before)
				n.buried = true
			}
		}
		n.namedBy = 1 << evidence
	}
}

// bury notes which records of a call give it their ID. One that did not, and does now, has a
// higher version than the one by which it is not a call.
func bury(group []*node) {
	name := group[0]
	if len(group) > 1 {
		name = nameOf(group)
	}
	released, again := uint8(0), false
	for _, n := range group {
		switch {
		case n.aggregate || name == nil || !sameName(n, name):
			n.buried = true
		default:
			released, again = max(released, n.released), again || n.buried
			n.buried = false
		}
	}
	if name != nil && !name.aggregate {
		if name.released = released; again {
			name.released = min(released+1, maxReleased)
		}
	}
}

// sameName reports whether two records give a call the same ID.
func sameName(a, b *node) bool {
	return a.Response == b.Response && (a.Response != 0 || a.site() == b.site())
}

// nameOf is the record whose ID a call has, in every cache that has seen the same
// records: the innermost span. It is nil where all are sums of calls.
func nameOf(group []*node) *node {
	named := slices.DeleteFunc(slices.Clone(group), func(n *node) bool { return n.aggregate })
	if len(named) == 0 {
		return nil
	}
	return slices.MinFunc(named, func(a, b *node) int {
		return cmp.Or(
			cmp.Compare(b.Flags&IsSpan, a.Flags&IsSpan),
			cmp.Compare(b.Start, a.Start),
			cmp.Compare(a.End, b.End),
			slices.Compare(a.Span[:], b.Span[:]),
			cmp.Compare(a.print, b.print),
		)
	})
}
