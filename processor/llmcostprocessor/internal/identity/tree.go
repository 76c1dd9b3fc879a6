// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import "slices"

// maxDepth bounds how far spans are followed up and down.
const maxDepth = 256

// scan bounds a pass over all calls of a trace: it is made where there are few, or
// not so many times more than the batch has added.
type scan struct{ calls, times int }

// updateTrace finds what is around each call of a trace to which a batch has added so
// many spans, and returns those calls for which it changed.
//
// A link that was forgotten is not unlearned: what was found around a call stays
// until something nearer is found.
func (c *Cache) updateTrace(trace [16]byte, added int) (changed []*node) {
	hash := c.traceHash(trace)
	known := c.traces[hash]
	switch {
	case known.calls == nil:
		return nil
	case known.large:
		return c.updateLarge(trace, c.trees[hash])
	}
	calls := slices.Collect(known.all)
	for _, n := range calls {
		up, inherited := c.ascend(n)
		changed = c.enclose(n, up, inherited, changed)
	}
	if len(calls) > max(c.maxScan.calls, c.maxScan.times*added) {
		known.large = true
		c.traces[hash], c.trees[hash] = known, newTree(calls, c.linksOf(trace))
	}
	return changed
}

// enclose notes what is around a call, and the attribution of all that is.
func (c *Cache) enclose(n, up *node, inherited *Values, changed []*node) []*node {
	separate, changed := c.separate(n, up, changed)
	if separate {
		up = nil
	}
	if up == nil {
		up = n.up
	}
	inherited = inherited.overlay(n.inherited())
	named := c.namedBy(n)
	if up == n.up && inherited.equal(n.inherited()) && named == n.named() {
		return changed
	}
	if inherited != nil {
		n.tied().inherited = inherited
	}
	if named != "" {
		n.tied().named = named
	}
	changed = append(changed, n)
	if up != n.up {
		changed = append(changed, n.setUp(up)...)
		changed = n.deepen(changed)
	}
	return changed
}

// ascend follows the spans up from a call: to the nearest call, and for the
// attribution as far as they are known.
func (c *Cache) ascend(n *node) (up *node, inherited *Values) {
	if n.withinOwn() {
		if own := c.linkOf(n.Trace, n.Span); own != nil {
			up, inherited, _ = c.walk(n.Trace, own.parent, [8]byte{})
			return up, own.values.overlay(inherited)
		}
		// A span that stands for the last of several calls has the events of all of them:
		// it is not around the others, but has what they leave out.
		spans := c.spansAt(SpanKey{n.Trace, n.Span})
		for _, span := range spans {
			inherited = inherited.overlay(span.Values)
		}
		for _, span := range spans {
			_, above, _ := c.walk(n.Trace, span.Parent, span.Span)
			inherited = inherited.overlay(above)
		}
		return nil, inherited
	}
	up, inherited, circle := c.walk(n.Trace, n.Parent, n.Span)
	if circle {
		return nil, inherited
	}
	return up, inherited
}

// spansAt are the records of a call's span that are spans, in the canonical order.
func (c *Cache) spansAt(key SpanKey) (spans []*node) {
	for n := c.atSite(key); n != nil; n = n.nextInSite {
		if n.Content == 0 && n.Flags.Has(IsSpan) {
			spans = append(spans, n)
		}
	}
	slices.SortFunc(spans, canonical)
	return spans
}

// namedBy is the payload of the call whose span a log record was written in, if that names
// the model and the record does not.
func (c *Cache) namedBy(n *node) string {
	if n.Model != 0 || !n.withinOwn() {
		return ""
	}
	for _, span := range c.spansAt(SpanKey{n.Trace, n.Span}) {
		if span.Model != 0 {
			return span.Payload
		}
	}
	return n.named() // what was forgotten is not unlearned
}

// walk follows the spans up, beginning with one. It ends where it comes to own again:
// in spans that are around each other.
func (c *Cache) walk(trace [16]byte, at, own [8]byte) (up *node, inherited *Values, circle bool) {
	for i := range maxDepth {
		if at == own && own != [8]byte{} && i > 0 {
			return up, inherited, true
		}
		if at == [8]byte{} {
			break
		}
		if around := c.spanOf(SpanKey{trace, at}); around != nil {
			if up == nil {
				up = around
			}
			inherited = inherited.overlay(c.valuesOf(around))
			next := around.Parent
			if own := c.linkOf(trace, at); own != nil && around.withinOwn() {
				inherited, next = inherited.overlay(own.values), own.parent
			}
			at = next
			continue
		}
		link := c.linkOf(trace, at)
		if link == nil {
			break
		}
		inherited = inherited.overlay(link.values)
		at = link.parent
	}
	return up, inherited, false
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

// deepen counts how many calls are around a call and those within it.
func (n *node) deepen(changed []*node) []*node {
	depth := uint16(0)
	if n.up != nil {
		depth = min(n.up.depth+1, maxDepth)
	}
	if depth == n.depth {
		return changed
	}
	n.depth = depth
	changed = append(changed, n)
	for _, inner := range n.inner() {
		changed = inner.deepen(changed)
	}
	return changed
}
