// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"time"
)

// Evicted is how many records were forgotten before the window was over, since
// more came than the cache holds.
func (c *Cache) Evicted() int64 { return c.evicted }

// expire forgets what is older than the window.
func (c *Cache) expire(now time.Time) {
	oldest := now.Add(-c.options.Window).Unix()
	for c.slots.first < c.slots.next {
		s := c.slots.at(c.slots.first)
		arrived := s.arrived
		if s.state == slotNode {
			arrived = c.nodes[c.slots.first].arrived
		}
		if s.state != slotFree && int64(arrived) > oldest {
			break
		}
		c.dequeue()
	}
}

// evictFor forgets the oldest records when the cache is too full for so many more. It does
// before those of a batch are added, so that these are not forgotten with them.
func (c *Cache) evictFor(n int) {
	for c.live+n > c.options.Records && c.slots.first < c.slots.next {
		before := c.live
		c.dequeue()
		c.evicted += int64(before - c.live)
	}
}

// dequeue forgets what came first.
func (c *Cache) dequeue() {
	switch s := c.slots.at(c.slots.first); s.state {
	case slotCompact:
		c.live--
		if s.twin != 0 {
			c.slots.at(c.slots.number(s.twin)).state = slotFree
			c.live--
		}
	case slotNode:
		c.evict(c.nodes[c.slots.first])
	case slotFree:
	}
	c.slots.dequeue()
}

// evict forgets a record with all others that its being counted depends on: what
// was decided about them is final.
func (c *Cache) evict(n *node) {
	if n.call.members() == nil && c.streams.partner[n] == nil && c.parallel.partner[n] == nil && c.isIsolated(n) {
		c.remove(n)
		return
	}
	for _, n := range c.closure(n, c.nextPass(), c.related) {
		c.remove(n)
	}
}

// related calls visit with the records that are directly related to one.
func (c *Cache) related(n *node, visit func(*node)) {
	c.relatives(n, visit)
	for _, other := range n.call.members() {
		visit(other)
	}
	c.parallel.eachPartner(n, visit)
	c.streams.eachPartner(n, visit)
}

// relatives calls visit with the records of the same span and, unless there are too
// many, with those of the same response and those directly around and within it.
func (c *Cache) relatives(n *node, visit func(*node)) {
	for other := c.sites[c.siteHash(n)]; other != nil; other = other.nextInSite {
		visit(other)
	}
	if !n.crowded {
		c.distantRelatives(n, visit)
	}
}

func (c *Cache) distantRelatives(n *node, visit func(*node)) {
	if n.Response != 0 {
		for other := c.responses[c.responseHash(n)]; other != nil; other = other.nextOfResponse {
			visit(other)
		}
	}
	if n.up != nil {
		visit(n.up)
	}
	for _, inner := range n.inner() {
		visit(inner)
	}
}

func (c *Cache) remove(n *node) {
	c.slots.at(n.slot).state = slotFree
	delete(c.nodes, n.slot)
	c.live--
	if n.crowded {
		c.crowding.Remembered--
	}
	inSite := func(n *node) **node { return &n.nextInSite }
	site := c.siteHash(n)
	c.set(c.sites, site, without(c.sites[site], n, inSite))
	if n.Response != 0 {
		hash := c.responseHash(n)
		c.set(c.responses, hash, without(c.responses[hash], n, func(n *node) **node { return &n.nextOfResponse }))
	}
	if n.Trace != [16]byte{} {
		hash := c.traceHash(n.Trace)
		known := c.traces[hash]
		known.remove(n)
		if known.large {
			c.trees[hash].removeCall(n)
		}
		if known.calls == nil {
			delete(c.trees, hash)
			known.large = false
		}
		c.setTrace(hash, known)
	}
	c.parallel.drop(n)
	c.streams.drop(n)
	n.up, n.ties, n.call = nil, nil, nil
}

func (c *Cache) set(lists map[uint64]*node, hash uint64, head *node) {
	if head == nil {
		delete(lists, hash)
	} else {
		lists[hash] = head
	}
}

func (c *Cache) setTrace(hash uint64, known trace) {
	if known == (trace{}) {
		delete(c.traces, hash)
	} else {
		c.traces[hash] = known
	}
}

// without takes a record out of a list, and returns its head.
func without(head, n *node, next func(*node) **node) *node {
	if head == n {
		head = *next(n)
	}
	for at := head; at != nil; at = *next(at) {
		if *next(at) == n {
			*next(at) = *next(n)
			break
		}
	}
	*next(n) = nil
	return head
}
