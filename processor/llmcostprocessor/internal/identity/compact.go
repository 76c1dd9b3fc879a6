// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"slices"
)

// Most records are the only one of their call. Such a record is compact: it has a slot and
// entries in the indexes, and becomes a node only when something arrives that may be
// related to it. As a node it is what it would be, had it been one from the beginning:
//
//   - it names its model,
//   - no other record than its twin is of its site or its response,
//   - no call is around it or within it, as far as the spans between them are known,
//   - all records of its pool are of its reporter,
//   - the other calls of its trace are compact too.

// maxCompact bounds how many records of a trace or a pool become nodes at once.
const maxCompact = 1024

// indexes find compact records.
type indexes struct {
	sites, responses, traces, pools index
	// above finds those around which a span is the first that is unknown.
	above index
}

// The one before of the same hash, in each of the indexes.
func ofSite(s *slot) *uint32     { return &s.sameSite }
func ofResponse(s *slot) *uint32 { return &s.sameResponse }
func ofTrace(s *slot) *uint32    { return &s.sameTrace }
func ofAbove(s *slot) *uint32    { return &s.sameAbove }
func ofPool(s *slot) *uint32     { return &s.samePool }

func (c *Cache) hashSpan(trace [16]byte, span [8]byte) uint32 {
	return c.short(c.seed.span(SpanKey{trace, span}))
}

func (c *Cache) hashPool(pool uint64) uint32 {
	return c.short(c.seed.pool(pool))
}

// short is as much of a hash as indexes have.
func (c *Cache) short(hash uint64) uint32 { return uint32(hash>>32) & c.hashBits }

// newcomer is a record that is added, with its hashes.
type newcomer struct {
	*Record
	print                 uint64
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
	c.slots.each(&c.indexes.sites, c.short(hash), ofSite, func(n uint64, s *slot) bool {
		if s.site() == site {
			number, found = n, true
		}
		return !found
	})
	return number, found
}

// newestOfTrace is the newest compact record of a trace, or nil.
func (c *Cache) newestOfTrace(trace [16]byte, hash uint64) (newest *slot) {
	c.slots.each(&c.indexes.traces, c.short(hash), ofTrace, func(_ uint64, s *slot) bool {
		if s.trace == trace {
			newest = s
		}
		return newest == nil
	})
	return newest
}

// below finds the compact records around which a span is the first that is unknown, the
// newest first. They are not alone when other spans have the same hash.
func (c *Cache) below(trace [16]byte, span [8]byte) (all []uint64, alone bool) {
	alone = true
	c.slots.each(&c.indexes.above, c.hashSpan(trace, span), ofAbove, func(number uint64, s *slot) bool {
		if s.above == span && s.trace == trace {
			all = append(all, number)
		} else {
			alone = false
		}
		return true
	})
	return all, alone
}

// raise has compact records, which are all of a span, wait for one that is around it. It is
// false when other spans have the same hash.
func (c *Cache) raise(numbers []uint64, trace [16]byte, from, to [8]byte) bool {
	x := &c.indexes.above
	var waiting []uint64
	if to != [8]byte{} {
		var alone bool
		if waiting, alone = c.below(trace, to); !alone {
			return false
		}
	}
	x.set(c.hashSpan(trace, from), uint32(c.slots.first-1), c.slots.window) // nothing
	all := append(slices.Clone(numbers), waiting...)
	slices.SortFunc(all, func(a, b uint64) int { return cmp.Compare(b, a) })
	for i, number := range all {
		s := c.slots.at(number)
		s.above, s.sameAbove = to, 0
		if i+1 < len(all) {
			s.sameAbove = uint32(all[i+1])
		}
	}
	switch {
	case to == [8]byte{}:
	case len(waiting) > 0:
		x.set(c.hashSpan(trace, to), uint32(all[0]), c.slots.window)
	default:
		x.put(c.hashSpan(trace, to), uint32(all[0]), c.slots.window)
	}
	return true
}

// fits reports whether a record can be compact, and finds what is around it.
func (c *Cache) fits(n *newcomer) bool {
	if c.noneCompact || !isPlain(n.Record) {
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

// isPlain reports whether a record is of the kind that can be compact.
func isPlain(r *Record) bool {
	if r.Flags.Has(Known) || r.Model == 0 {
		return false
	}
	_, streamed := sideOfStream(r)
	return !streamed
}

func (c *Cache) hasResponse(n *newcomer) bool {
	if c.responses[n.responseHash] != nil {
		return true
	}
	return c.compactOfResponse(n) != 0
}

func (c *Cache) compactOfResponse(n *newcomer) (number uint64) {
	c.slots.each(&c.indexes.responses, c.short(n.responseHash), ofResponse, func(found uint64, s *slot) bool {
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
		if n.Span != [8]byte{} {
			if within, _ := c.below(n.Trace, n.Span); len(within) > 0 {
				return false
			}
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
	ofTrace := c.seed.trace(trace)
	for range maxDepth {
		if at == [8]byte{} {
			return at, inherited, true
		}
		if at == own {
			return at, nil, false
		}
		site := SpanKey{trace, at}
		hash := c.seed.inTrace(ofTrace, at)
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

// fitsPool reports whether no other reporter is in the pool of a record.
func (c *Cache) fitsPool(n *newcomer) bool {
	n.pool, n.pooled = sideOfParallel(n.Record)
	if !n.pooled {
		return true
	}
	if c.parallel.hasOther(n.pool) {
		return false
	}
	fits := true
	c.eachOfPool(n.pool.pool, func(number uint64, s *slot) bool {
		n.sameInPool = s.inPool + 1
		fits = s.inPool < maxCompact && c.slots.chunkOf(number).reporter(s) == n.reporter()
		return false
	})
	return fits
}

func (c *Cache) eachOfPool(pool uint64, visit func(uint64, *slot) bool) {
	c.slots.each(&c.indexes.pools, c.hashPool(pool), ofPool, func(number uint64, s *slot) bool {
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
	number, s := w.addSlot(n, arrived)
	s.call = w.next()
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

// addSlot adds the slot of a compact record, by which it is found.
func (w *work) addSlot(n *newcomer, arrived uint32) (uint64, *slot) {
	c := w.Cache
	number, s := c.slots.append()
	c.slots.set(s, n.Record, n.print, n.inherited)
	at := uint32(number)
	s.arrived, s.above, s.inTrace, s.inPool = arrived, n.above, n.sameTrace, n.sameInPool
	s.sameSite = c.indexes.sites.put(c.short(n.siteHash), at, c.slots.window)
	if n.Response != 0 {
		s.sameResponse = c.indexes.responses.put(c.short(n.responseHash), at, c.slots.window)
	}
	if n.Trace != [16]byte{} {
		s.sameTrace = c.indexes.traces.put(c.short(n.traceHash), at, c.slots.window)
		if n.above != [8]byte{} {
			s.sameAbove = c.indexes.above.put(c.hashSpan(n.Trace, n.above), at, c.slots.window)
		}
	}
	if n.pooled {
		s.samePool = c.indexes.pools.put(c.hashPool(n.pool.pool), at, c.slots.window)
	}
	c.live++
	return number, s
}

// copyAt is the number of the compact record of a site that has a fingerprint, by that of one
// of them; 0 for none.
func (c *Cache) copyAt(number, fingerprint uint64) uint64 {
	s := c.slots.at(number)
	if s.print == fingerprint {
		return number
	}
	if s.twin != 0 && c.slots.at(c.slots.number(s.twin)).print == fingerprint {
		return c.slots.number(s.twin)
	}
	return 0
}

// entryOf is what the ledger has of a compact record without its twin.
func (c *Cache) entryOf(number uint64) *Counted {
	r, inherited := c.slots.record(number)
	counted := &Counted{Payload: r.Payload, Place: c.slots.at(number).place}
	if values := r.Values.overlay(inherited); values != nil {
		counted.more = &more{values: values}
	}
	return counted
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
	var numbers []uint64
	c.slots.each(&c.indexes.traces, c.short(hash), ofTrace, func(number uint64, s *slot) bool {
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

// expandOne makes a node of a compact record: one of this batch as if it came only now. The
// first of twins becomes a node before the second.
func (w *work) expandOne(number uint64) *node {
	c := w.Cache
	s := c.slots.at(number)
	n := c.slots.node(number)
	s.state = slotNode
	c.nodes[number] = n
	c.enlist(n, c.siteHash(n))
	var both *twins
	if s.twin != 0 {
		if first := c.slots.number(s.twin); first < number {
			both = newTwins(c.nodes[first], n)
			both.join()
		}
	}
	if number >= w.firstSlot {
		of := w.ofSlots[number-w.firstSlot]
		n.index = int32(of.record + 1)
		w.changes[of.change] = Change{}
		if both != nil {
			w.merged[SameSpan]--
		}
		w.added = append(w.added, n)
		w.nodes[of.record] = n
		return n
	}
	if both != nil {
		both.count(s.call, c.slots.at(both.first.slot).place)
	} else {
		n.call = &call{id: s.call, winner: n, counted: c.entryOf(number), marked: n}
	}
	if c.options.PairByTime {
		c.parallel.insert(n)
	}
	return n
}

// expandPool makes nodes of the compact records of a record's pool when it is of another
// reporter, and returns them.
func (w *work) expandPool(n *node) (all []*node) {
	c := w.Cache
	place, ok := sideOfParallel(&n.Record)
	if !ok || n.aggregate {
		return nil
	}
	var numbers []uint64
	c.eachOfPool(place.pool, func(number uint64, s *slot) bool {
		if c.slots.chunkOf(number).reporter(s) == n.reporter() {
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
