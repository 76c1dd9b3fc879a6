// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"hash/maphash"
	"slices"
)

// Most records are the only one of their call. Such a record is compact: it has a slot and
// entries in the indexes, and becomes a node only when something arrives that may be
// related to it. As a node it is what it would be, had it been one from the beginning:
//
//   - it names its model,
//   - no other record is of its site or its response,
//   - no call is around it or within it, as far as the spans between them are known,
//   - all records of its pool are of its scope,
//   - the other calls of its trace are compact too.

// maxCompact bounds how many records of a trace or a pool become nodes at once.
const maxCompact = 1024

// indexes find compact records.
type indexes struct {
	sites, responses, traces, pools index
	// above finds those around which a span is the first that is unknown.
	above index
}

// poolKey is a key of another type than responses have.
type poolKey struct{ pool uint64 }

func (c *Cache) hashSpan(trace [16]byte, span [8]byte) uint32 {
	return short(maphash.Comparable(c.seed, SpanKey{trace, span}))
}

func (c *Cache) hashPool(pool uint64) uint32 { return short(maphash.Comparable(c.seed, poolKey{pool})) }

// short is as much of a hash as indexes have.
func short(hash uint64) uint32 { return uint32(hash >> 32) }

// newcomer is a record that is added, with its hashes.
type newcomer struct {
	*Record
	print                 uint64
	site                  SpanKey
	siteHash, traceHash   uint64
	responseHash          uint64
	above                 [8]byte
	inherited             *Values
	pool                  place
	pooled                bool
	sameTrace, sameInPool uint16
}

// compactAt finds the compact record of a site.
func (c *Cache) compactAt(site SpanKey, hash uint64) (number uint64, found bool) {
	at, ok := c.indexes.sites.find(short(hash), c.slots.window)
	if !ok {
		return 0, false
	}
	c.slots.each(at, func(s *slot) uint32 { return s.sameSite }, func(n uint64, s *slot) bool {
		if s.site() == site {
			number, found = n, true
		}
		return !found
	})
	return number, found
}

// hasCompact reports whether a trace has compact records, and how many came to it.
func (c *Cache) newestOfTrace(trace [16]byte, hash uint64) (newest *slot) {
	at, ok := c.indexes.traces.find(short(hash), c.slots.window)
	if !ok {
		return nil
	}
	c.slots.each(at, func(s *slot) uint32 { return s.sameTrace }, func(_ uint64, s *slot) bool {
		if s.trace == trace {
			newest = s
		}
		return newest == nil
	})
	return newest
}

// below finds a compact record around which a span is the first that is unknown.
func (c *Cache) below(trace [16]byte, span [8]byte) (all []uint64) {
	at, ok := c.indexes.above.find(c.hashSpan(trace, span), c.slots.window)
	if !ok {
		return nil
	}
	c.slots.each(at, func(s *slot) uint32 { return s.sameAbove }, func(number uint64, s *slot) bool {
		if s.above == span && s.trace == trace {
			all = append(all, number)
		}
		return true
	})
	return all
}

// fits reports whether a record can be compact, and finds what is around it.
func (c *Cache) fits(n *newcomer) bool {
	if c.noneCompact || n.Flags.Has(Known) || n.Model == 0 || len(n.Payload) > maxPayload {
		return false
	}
	if _, streamed := sideOfStream(n.Record); streamed {
		return false
	}
	if n.Response != 0 && c.hasResponse(n) {
		return false
	}
	if n.Trace != [16]byte{} && !c.fitsTrace(n) {
		return false
	}
	return !c.options.PairByTime || c.fitsPool(n)
}

// maxPayload bounds the payloads of a chunk.
const maxPayload = 1 << 20

func (c *Cache) hasResponse(n *newcomer) bool {
	if c.responses[n.responseHash] != nil {
		return true
	}
	return c.compactOfResponse(n) != 0
}

func (c *Cache) compactOfResponse(n *newcomer) (number uint64) {
	at, ok := c.indexes.responses.find(short(n.responseHash), c.slots.window)
	if !ok {
		return 0
	}
	c.slots.each(at, func(s *slot) uint32 { return s.sameResponse }, func(found uint64, s *slot) bool {
		if s.response == n.Response {
			number = found
		}
		return number == 0
	})
	return number
}

// fitsTrace reports whether no call is around a record or within it.
func (c *Cache) fitsTrace(n *newcomer) bool {
	if c.traces[n.traceHash].calls != nil {
		return false
	}
	if newest := c.newestOfTrace(n.Trace, n.traceHash); newest != nil {
		if newest.inTrace >= maxCompact {
			return false
		}
		n.sameTrace = newest.inTrace + 1
		if n.Span != [8]byte{} && len(c.below(n.Trace, n.Span)) > 0 {
			return false
		}
	}
	begin, own := n.Parent, n.Span
	if n.withinOwn() {
		begin, own = n.Span, [8]byte{}
	}
	above, inherited, ok := c.climb(n.Trace, begin, own)
	n.above, n.inherited = above, inherited
	return ok
}

// climb follows the spans up that are not calls, to the first that is unknown. It is
// false when it comes to a call, to own again, or too far.
func (c *Cache) climb(trace [16]byte, at, own [8]byte) (above [8]byte, inherited *Values, ok bool) {
	for range maxDepth {
		if at == [8]byte{} {
			return at, inherited, true
		}
		if at == own {
			return at, nil, false
		}
		site := SpanKey{trace, at}
		hash := maphash.Comparable(c.seed, site)
		if number, found := c.compactAt(site, hash); found && c.slots.at(number).content == 0 {
			return at, nil, false
		}
		link := c.linkAt(site, hash)
		if link == nil {
			return at, inherited, true
		}
		inherited = inherited.overlay(link.values)
		at = link.parent
	}
	return at, nil, false
}

// fitsPool reports whether no other scope is in the pool of a record.
func (c *Cache) fitsPool(n *newcomer) bool {
	n.pool, n.pooled = sideOfParallel(n.Record)
	if !n.pooled {
		return true
	}
	if c.parallel.hasOther(n.pool) {
		return false
	}
	at, ok := c.indexes.pools.find(c.hashPool(n.pool.pool), c.slots.window)
	if !ok {
		return true
	}
	fits := true
	c.eachOfPool(at, n.pool.pool, func(number uint64, s *slot) bool {
		n.sameInPool = s.inPool + 1
		fits = s.inPool < maxCompact && c.slots.chunkOf(number).scope(s) == n.Scope
		return false
	})
	return fits
}

func (c *Cache) eachOfPool(at uint32, pool uint64, visit func(uint64, *slot) bool) {
	c.slots.each(at, func(s *slot) uint32 { return s.samePool }, func(number uint64, s *slot) bool {
		if of, ok := s.pool(); !ok || of != pool {
			return true
		}
		return visit(number, s)
	})
}

// pool is where the record of a slot is paired.
func (s *slot) pool() (uint64, bool) {
	at, ok := sideOfParallel(&Record{Scope: "any", Resource: s.resource, Start: s.start, End: s.end, Usage: s.Usage, Flags: s.flags})
	return at.pool, ok && s.scope > 0
}

// addCompact remembers a record that fits, and counts it.
func (w *work) addCompact(n *newcomer, index int, arrived uint32) {
	c := w.Cache
	number, s := c.slots.append()
	c.slots.set(s, n.Record, n.print, n.inherited)
	at := uint32(number)
	s.arrived, s.above, s.inTrace, s.inPool = arrived, n.above, n.sameTrace, n.sameInPool
	s.sameSite = c.indexes.sites.put(short(n.siteHash), at, c.slots.window)
	if n.Response != 0 {
		s.sameResponse = c.indexes.responses.put(short(n.responseHash), at, c.slots.window)
	}
	if n.Trace != [16]byte{} {
		s.sameTrace = c.indexes.traces.put(short(n.traceHash), at, c.slots.window)
		if n.above != [8]byte{} {
			s.sameAbove = c.indexes.above.put(c.hashSpan(n.Trace, n.above), at, c.slots.window)
		}
	}
	if n.pooled {
		s.samePool = c.indexes.pools.put(c.hashPool(n.pool.pool), at, c.slots.window)
	}
	c.live++
	s.call = c.next()
	counted := &w.counted[index]
	counted.Payload = n.Payload
	if values := n.Values.overlay(n.inherited); values != nil {
		w.more[index].values = values
		counted.more = &w.more[index]
	}
	w.places[index] = number
	w.ofSlots = append(w.ofSlots, ofSlot{index, len(w.changes)})
	w.changes = append(w.changes, Change{Call: s.call, In: counted, Record: index, slot: number})
}

// expand makes nodes of a compact record and of all others of its trace, and returns
// them.
func (w *work) expand(number uint64) (all []*node) {
	c := w.Cache
	s := c.slots.at(number)
	if s.trace == [16]byte{} {
		return []*node{w.expandOne(number)}
	}
	return w.expandTrace(s.trace, c.traceHash(s.trace))
}

func (w *work) expandTrace(trace [16]byte, hash uint64) (all []*node) {
	c := w.Cache
	at, ok := c.indexes.traces.find(short(hash), c.slots.window)
	if !ok {
		return nil
	}
	var numbers []uint64
	c.slots.each(at, func(s *slot) uint32 { return s.sameTrace }, func(number uint64, s *slot) bool {
		if s.trace == trace {
			numbers = append(numbers, number)
		}
		return true
	})
	for _, number := range slices.Backward(numbers) {
		all = append(all, w.expandOne(number))
	}
	if len(all) > 0 {
		w.touch(trace)
	}
	return all
}

// expandOne makes a node of a compact record: one of this batch as if it came only now.
func (w *work) expandOne(number uint64) *node {
	c := w.Cache
	s := c.slots.at(number)
	r, inherited := c.slots.record(number)
	n := &node{Record: r, print: s.print, arrived: s.arrived, slot: number}
	s.state = slotNode
	c.nodes[number] = n
	c.enlist(n, c.siteHash(n))
	if inherited != nil {
		n.tied().inherited = inherited
	}
	if number >= w.firstSlot {
		of := w.ofSlots[number-w.firstSlot]
		n.index = int32(of.record + 1)
		w.changes[of.change] = Change{}
		w.added = append(w.added, n)
		w.nodes[of.record] = n
		return n
	}
	counted := &Counted{Payload: n.Payload, Place: s.place}
	if values := n.Values.overlay(inherited); values != nil {
		counted.more = &more{values: values}
	}
	n.call = &call{id: s.call, winner: n, counted: counted, marked: n}
	if c.options.PairByTime {
		c.parallel.insert(n)
	}
	return n
}

// expandPool makes nodes of the compact records of a record's pool when it is of another
// scope, and returns them.
func (w *work) expandPool(n *node) (all []*node) {
	c := w.Cache
	place, ok := sideOfParallel(&n.Record)
	if !ok || n.aggregate {
		return nil
	}
	at, ok := c.indexes.pools.find(c.hashPool(place.pool), c.slots.window)
	if !ok {
		return nil
	}
	var numbers []uint64
	c.eachOfPool(at, place.pool, func(number uint64, s *slot) bool {
		if c.slots.chunkOf(number).scope(s) == n.Scope {
			return false // all are
		}
		numbers = append(numbers, number)
		return true
	})
	for _, number := range slices.Backward(numbers) {
		if c.slots.at(number).state == slotCompact { // not with its trace
			all = append(all, w.expand(number)...)
		}
	}
	return all
}
