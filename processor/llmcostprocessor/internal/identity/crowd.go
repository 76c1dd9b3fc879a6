// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// Whether records report one call depends on all that are related to them. So that a
// record costs no more time the more there are, records of which more than maxUnit are
// related are crowded: their response IDs are taken for made up, and a span around a
// call is taken for an aggregate. Records of one span are one call still, but for those
// of a span that has more than maxSite.
//
// What is crowded stays so, and so becomes what is related to it: a record is crowded
// in the end whatever the order.

const maxSite = 32

// Crowding is how many records are crowded: how many became so, and how many of these are
// remembered.
type Crowding struct{ Total, Remembered int64 }

// Crowding returns how many records are related to too many others to be compared.
func (c *Cache) Crowding() Crowding { return c.crowding }

// findCopy finds a record in a list, and reports whether the list is too long for more.
func (c *Cache) findCopy(hash, fingerprint uint64) (known *node, many bool) {
	count := 0
	for n := c.sites[hash]; n != nil; n = n.nextInSite {
		if n.print == fingerprint {
			return n, false
		}
		count++
		many = n.crowded && count >= maxSite
	}
	return nil, many
}

// unitOf is a record with all that are related to it. When these are too many, or some
// are crowded and others are not, it returns one instead that has to be crowded.
func (c *Cache) unitOf(seed *node, pass uint32) (all []*node, crowd *node) {
	seed.pass = pass
	all = []*node{seed}
	for i := 0; i < len(all) && crowd == nil; i++ {
		c.relatives(all[i], func(other *node) {
			switch {
			case seed.crowded && !other.crowded:
				crowd = other
			case !seed.crowded && other.crowded:
				crowd = seed
			case other.pass != pass:
				other.pass = pass
				all = append(all, other)
			}
		})
		if !seed.crowded && len(all) > c.maxUnit {
			crowd = seed
		}
	}
	if crowd != nil {
		for _, n := range all {
			n.pass = 0
		}
	}
	return all, crowd
}

// crowd makes a record crowded, and all that are related to it, and returns those that
// became so.
func (c *Cache) crowd(seed *node, changed []*node) []*node {
	if seed.crowded {
		return changed
	}
	all := []*node{seed}
	seed.crowded = true
	for i := 0; i < len(all); i++ {
		n := all[i]
		visit := func(other *node) {
			if !other.crowded {
				other.crowded = true
				all = append(all, other)
			}
		}
		c.relatives(n, visit)
		c.distantRelatives(n, visit)
	}
	for _, n := range all {
		c.crowding.Total++
		if c.nodes[n.slot] == n {
			c.crowding.Remembered++
		}
		if n.up != nil {
			n.up.around = true
		}
	}
	for _, n := range all {
		n.up, n.depth = nil, 0
		if n.ties != nil {
			n.ties.inner = nil
		}
	}
	return append(changed, all...)
}

// separate notes that a call is around another without relating them, when one of them is
// crowded. It reports whether it did.
func (c *Cache) separate(n, up *node, changed []*node) (bool, []*node) {
	if up == nil || !n.crowded && !up.crowded {
		return false, changed
	}
	changed = c.crowd(n, c.crowd(up, changed))
	if !up.around {
		up.around = true
		changed = append(changed, up)
	}
	return true, changed
}
