// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"strings"
	"time"
)

// insert remembers a record, unless the same is there.
func (w *work) insert(r *Record, by *hashes, index int, now time.Time) {
	c := w.Cache
	own, fingerprint := r, fingerprintOf(r)
	if r.Parent == r.Span && r.Parent != [8]byte{} {
		w.own = *r // the record is the caller's
		own = &w.own
		own.Parent = [8]byte{}
	}
	arrived := uint32(now.Unix())
	site := own.site()
	if site == (SpanKey{}) {
		// It cannot be distinguished from others, and counts.
		w.nodes[index] = &node{Record: *own, print: fingerprint, arrived: arrived, index: int32(index + 1)}
		w.single(w.nodes[index])
		return
	}
	w.newcomer = newcomer{Record: own, print: fingerprint, siteHash: by.site, traceHash: by.trace, responseHash: by.response}
	added := &w.newcomer
	number, found := c.compactAt(site, added.siteHash)
	if found {
		if known := c.copyAt(number, fingerprint); known != 0 {
			w.places[index], w.copies[index] = known, true
			return
		}
		c.evictFor(1)
		if first := w.twinOf(number, added); first != nil {
			w.addTwin(first, added, index, arrived)
			return
		}
		number, found = c.compactAt(site, added.siteHash) // unless it was forgotten
	}
	if !found && c.sites[added.siteHash] == nil && c.fits(added) {
		c.evictFor(1)
		w.addCompact(added, index, arrived)
		return
	}
	if found {
		w.expand(number)
	}
	w.insertNode(added, index, arrived)
}

// insertNode remembers a record to which others may be related.
func (w *work) insertNode(r *newcomer, index int, arrived uint32) {
	c := w.Cache
	n := &node{Record: *r.Record, print: r.print, arrived: arrived, index: int32(index + 1)}
	hash := r.siteHash
	known, many := c.findCopy(hash, n.print)
	if known == nil && many {
		n.overflow = true
		hash = c.siteHash(n)
		known, _ = c.findCopy(hash, n.print)
	}
	if known != nil {
		w.nodes[index], w.copies[index] = known, true
		return
	}
	c.evictFor(1)
	if n.Response != 0 {
		if number := c.compactOfResponse(r); number != 0 {
			w.expand(number)
		}
	}
	if n.Trace != [16]byte{} {
		w.expandTrace(n.Trace, r.traceHash)
	}
	number, s := c.slots.append()
	s.state, n.slot = slotNode, number
	w.ofSlots = append(w.ofSlots, ofSlot{record: index})
	n.Payload = strings.Clone(n.Payload) // it is a part of those of the batch
	c.nodes[number] = n
	c.live++
	c.enlist(n, hash)
	if n.Trace != [16]byte{} {
		w.touch(n.Trace)
	}
	w.nodes[index] = n
	w.added = append(w.added, n)
}

// enlist has a record found by its site, its response and its trace.
func (c *Cache) enlist(n *node, site uint64) {
	n.nextInSite, c.sites[site] = c.sites[site], n
	if n.Response != 0 {
		key := c.responseHash(n)
		n.nextOfResponse = c.responses[key]
		if n.nextOfResponse != nil && n.nextOfResponse.crowded {
			n.nextOfResponse.nextOfResponse = nil // those before it are related to nothing
		}
		c.responses[key] = n
	}
	if n.Trace != [16]byte{} {
		key := c.traceHash(n.Trace)
		known := c.traces[key]
		known.append(n)
		if known.large {
			c.trees[key].addCall(n)
		}
		c.traces[key] = known
	}
}
