// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"
	"strings"
)

// work is what one batch changes.
type work struct {
	*Cache
	added   []*node
	touched []touched
	changes []Change
	merged  map[Rule]int64
	sums    []*node // that are no longer calls, and named one

	// Of the records of the batch: their nodes, or else the numbers of their slots, and
	// whether they are copies.
	nodes  []*node
	places []uint64
	copies []bool
	// Of those that are compact what is counted.
	counted   []Counted
	more      []more
	ofSlots   []ofSlot // that the batch has added, the first of which is firstSlot
	firstSlot uint64
	without   uint64 // the hash of a trace that has no compact records
	outcomes  []Outcome
	// The record that is being inserted.
	own      Record
	newcomer newcomer
}

// ofSlot is the index of a record in the batch, and that of its change if it is compact.
type ofSlot struct{ record, change int }

// begin begins a batch of so many records, with the memory of the last one.
func (w *work) begin(c *Cache, records int) {
	*w = work{
		Cache: c, firstSlot: c.slots.next,
		added: again(w.added, 0), touched: again(w.touched, 0), changes: again(w.changes, 0), ofSlots: again(w.ofSlots, 0),
		nodes: again(w.nodes, records), places: again(w.places, records), copies: again(w.copies, records),
		counted: again(w.counted, records), more: again(w.more, records), outcomes: again(w.outcomes, records),
	}
}

// maxKept bounds the batches whose memory is used again, in records.
const maxKept = 10_000

// again returns a slice of n zeros, with the memory of one that has none behind its end.
func again[T any](old []T, n int) []T {
	if cap(old) > maxKept || cap(old) < n {
		return make([]T, n)
	}
	clear(old)
	return old[:n]
}

// decideOutcomes finds what the records of the batch have become.
func (w *work) decideOutcomes() {
	for i, n := range w.nodes {
		if n == nil {
			n = w.Cache.nodes[w.places[i]]
		}
		if n == nil {
			w.outcomes[i] = Outcome{Copy: w.copies[i], Marks: true}
			if number := w.places[i]; number >= w.slots.first && w.slots.at(number).lesser {
				w.outcomes[i].Rule = SameSpan
			}
			continue
		}
		n.index = 0
		w.outcomes[i] = n.outcome(w.copies[i])
	}
}

// separate copies the payloads that are remembered when they are few of their batch: payloads
// are parts of one text, all of which would be remembered with them.
func (w *work) separate() {
	if 2*len(w.ofSlots) >= len(w.nodes) {
		return
	}
	for number := max(w.firstSlot, w.slots.first); number < w.slots.next; number++ {
		payload := w.slots.payload(number)
		*payload = strings.Clone(*payload)
	}
	for i := range w.changes {
		if in := w.changes[i].In; in != nil {
			in.Payload = strings.Clone(in.Payload)
		}
	}
}

// touched is a trace, and how many spans were added to it.
type touched struct {
	trace [16]byte
	added int
}

func (w *work) touch(trace [16]byte) {
	if n := len(w.touched); n > 0 && w.touched[n-1].trace == trace {
		w.touched[n-1].added++
		return
	}
	w.touched = append(w.touched, touched{trace, 1})
}

// resolve groups what the batch has touched.
func (w *work) resolve() {
	if len(w.added) == 0 && len(w.touched) == 0 {
		return
	}
	w.added = slices.DeleteFunc(w.added, func(n *node) bool {
		gone := w.Cache.nodes[n.slot] != n
		if gone {
			w.single(n) // the batch has more records than the cache
		}
		return gone
	})
	dirty := slices.Clone(w.added)
	added := map[[16]byte]int{}
	for _, t := range w.touched {
		added[t.trace] += t.added
	}
	for _, t := range w.touched {
		if n, due := added[t.trace]; due {
			delete(added, t.trace)
			dirty = append(dirty, w.updateTrace(t.trace, n)...)
		}
	}
	w.recount(append(dirty, w.regroup(dirty)...))
	w.changes = slices.DeleteFunc(w.changes, func(c Change) bool { return c.In == nil && c.Out == nil })
}

// regroup groups the records that are related to the dirty ones by all rules except
// stream and concurrent, has the matchings pair them again where their possible
// partners change, and returns the records whose group changed.
func (w *work) regroup(dirty []*node) (changed []*node) {
	regrouped := slices.Clone(w.added)
	pass := w.nextPass()
	for i := 0; i < len(dirty); i++ { // it grows
		seed := dirty[i]
		if seed.pass == pass || w.isIsolated(seed) {
			continue
		}
		nodes, crowd := w.unitOf(seed, pass)
		if crowd != nil {
			crowded := w.crowd(crowd, nil)
			regrouped = append(regrouped, crowded...)
			dirty = append(append(dirty, crowded...), seed)
			continue
		}
		u := unit{nodes: nodes}
		regrouped = append(regrouped, u.resolve()...)
	}
	pass = w.nextPass()
	regrouped = slices.DeleteFunc(slices.Clone(regrouped), func(n *node) bool {
		twice := n.pass == pass
		n.pass = pass
		return twice
	})
	changed = regrouped
	for _, n := range regrouped {
		changed = append(changed, w.streams.remove(n)...)
		changed = append(changed, w.parallel.remove(n)...)
	}
	for _, n := range regrouped {
		changed = append(changed, w.streams.insert(n)...)
		if w.options.PairByTime {
			for _, other := range w.expandPool(n) {
				changed = append(append(changed, other), w.parallel.insert(other)...)
			}
			changed = append(changed, w.parallel.insert(n)...)
		}
	}
	return changed
}

// recount decides for the records that are dirty, and those that are grouped with
// them, what stands for their calls.
func (w *work) recount(dirty []*node) {
	pass := w.nextPass()
	for _, seed := range dirty {
		if seed.pass == pass {
			continue
		}
		if seed.base() == nil && seed.call.members() == nil && w.parallel.partner[seed] == nil && w.streams.partner[seed] == nil {
			seed.pass = pass
			w.countAlone(seed)
		} else {
			component := w.closure(seed, pass, w.grouped)
			w.reconcile(component, w.groups(component))
		}
	}
}

// closure is a record with all that are related to it, directly or by others.
func (c *Cache) closure(seed *node, pass uint32, related func(*node, func(*node))) []*node {
	seed.pass = pass
	all := []*node{seed}
	for i := 0; i < len(all); i++ {
		related(all[i], func(other *node) {
			if other.pass != pass {
				other.pass = pass
				all = append(all, other)
			}
		})
	}
	return all
}

func (c *Cache) nextPass() uint32 {
	c.pass++
	return c.pass
}

// isIsolated reports whether no record is, or was, related to this one.
func (c *Cache) isIsolated(n *node) bool {
	return n.up == nil && n.ties == nil && !n.aggregate && !n.around && n.nextInSite == nil && n.nextOfResponse == nil &&
		c.sites[c.siteHash(n)] == n && (n.Response == 0 || c.responses[c.responseHash(n)] == n)
}

// grouped calls visit with the records that one is grouped with, or was.
func (c *Cache) grouped(n *node, visit func(*node)) {
	for _, other := range n.base() {
		visit(other)
	}
	for _, other := range n.call.members() {
		visit(other)
	}
	c.parallel.eachPartner(n, visit)
	c.streams.eachPartner(n, visit)
}
