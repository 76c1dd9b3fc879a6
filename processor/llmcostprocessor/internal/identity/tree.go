// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import "slices"

// maxDepth bounds how far spans are followed up.
const maxDepth = 1000

// updateTrace finds what is around each call of a trace, and returns those calls
// for which it changed.
//
// A link that was forgotten is not unlearned: what was found around a call stays
// until something nearer is found.
func (c *Cache) updateTrace(trace [16]byte) (changed []*node) {
	known := c.traces[c.traceHash(trace)]
	if known.calls == nil {
		return nil
	}
	spans := c.linksOf(trace)
	if known.calls.nextInTrace == known.calls && len(spans) == 0 {
		return nil
	}
	for n := range known.all {
		up, inherited := c.ascend(n, spans)
		if up == nil {
			up = n.up
		}
		inherited = inherited.overlay(n.inherited())
		if up == n.up && inherited.equal(n.inherited()) {
			continue
		}
		if up != n.up {
			changed = append(changed, n.setUp(up)...)
		}
		if inherited != nil {
			n.tied().inherited = inherited
		}
		changed = append(changed, n)
	}
	for n := range known.all {
		if depth := n.measureDepth(); depth != n.depth {
			n.depth = depth
			changed = append(changed, n)
		}
	}
	return changed
}

// ascend follows the spans up: to the nearest call, and for the attribution as far
// as they are known.
func (c *Cache) ascend(n *node, spans map[[8]byte]*link) (up *node, inherited *Values) {
	at, own := n.Parent, n.Span
	for range maxDepth {
		if at == own && own != [8]byte{} {
			return nil, inherited // spans that are around each other
		}
		if at == [8]byte{} {
			break
		}
		if around := c.spanOf(SpanKey{n.Trace, at}); around != nil {
			if up == nil {
				up = around
			}
			inherited = inherited.overlay(c.valuesOf(around))
			at = around.Parent
			continue
		}
		link, known := spans[at]
		if !known {
			break
		}
		inherited = inherited.overlay(link.values)
		at = link.parent
	}
	return up, inherited
}

// setUp notes what is around a record, and returns what was before.
func (n *node) setUp(up *node) (before []*node) {
	if n.up != nil {
		n.up.ties.inner = slices.DeleteFunc(n.up.ties.inner, func(other *node) bool { return other == n })
		before = []*node{n.up}
	}
	n.up = up
	if up != nil {
		ties := up.tied()
		ties.inner = append(ties.inner, n)
	}
	return before
}

// valuesOf are the values of all records of a span.
func (c *Cache) valuesOf(n *node) *Values {
	head := c.sites[c.siteHash(n)]
	if head == n && n.nextInSite == nil {
		return n.Values
	}
	var all []*node
	for other := head; other != nil; other = other.nextInSite {
		all = append(all, other)
	}
	slices.SortFunc(all, canonical)
	values := n.Values
	for _, other := range all {
		values = values.overlay(other.Values)
	}
	return values
}

// spanOf is the first record of a call's span, in the canonical order.
func (c *Cache) spanOf(key SpanKey) *node {
	var first *node
	for n := c.atSite(key); n != nil; n = n.nextInSite {
		if n.Content == 0 && (first == nil || n.Flags&IsSpan > first.Flags&IsSpan || n.Flags&IsSpan == first.Flags&IsSpan && canonical(n, first) < 0) {
			first = n
		}
	}
	return first
}

func (n *node) measureDepth() (depth uint16) {
	for at := n.up; at != nil && depth < maxDepth; at = at.up {
		depth++
	}
	return depth
}
