// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// tree is what is known of a large trace, by span: with it, what a batch adds to the
// trace is found without a pass over all of it.
type tree struct {
	links map[[8]byte]*link
	// within are the calls and the links directly within each span.
	within map[[8]byte]family
	// What has come since the trace was updated.
	addedCalls []*node
	addedLinks [][8]byte
}

type family struct {
	calls map[*node]struct{}
	links map[[8]byte]struct{}
}

func newTree(calls []*node, links map[[8]byte]*link) *tree {
	t := &tree{links: make(map[[8]byte]*link, len(links)), within: map[[8]byte]family{}}
	for _, l := range links {
		t.addLink(l)
	}
	for _, n := range calls {
		t.addCall(n)
	}
	t.addedCalls, t.addedLinks = nil, nil
	return t
}

func (t *tree) addCall(n *node) {
	f := t.within[n.enclosing()]
	if f.calls == nil {
		f.calls = map[*node]struct{}{}
	}
	f.calls[n] = struct{}{}
	t.within[n.enclosing()] = f
	t.addedCalls = append(t.addedCalls, n)
}

func (t *tree) removeCall(n *node) {
	delete(t.within[n.enclosing()].calls, n)
	t.discard(n.enclosing())
}

// addLink adds a span that is not a call. The first report of a span counts.
func (t *tree) addLink(l *link) {
	if t.links[l.span] != nil {
		return
	}
	t.links[l.span] = l
	f := t.within[l.parent]
	if f.links == nil {
		f.links = map[[8]byte]struct{}{}
	}
	f.links[l.span] = struct{}{}
	t.within[l.parent] = f
	t.addedLinks = append(t.addedLinks, l.span)
}

func (t *tree) removeLink(l *link) {
	if t.links[l.span] != l {
		return
	}
	delete(t.links, l.span)
	delete(t.within[l.parent].links, l.span)
	t.discard(l.parent)
}

func (t *tree) discard(parent [8]byte) {
	if f := t.within[parent]; len(f.calls) == 0 && len(f.links) == 0 {
		delete(t.within, parent)
	}
}

// updateLarge finds what is around the calls that were added, and around those within
// what was added.
func (c *Cache) updateLarge(trace [16]byte, t *tree) []*node {
	d := descent{Cache: c, tree: t, trace: trace, visited: map[[8]byte]bool{}}
	calls, links := t.addedCalls, t.addedLinks
	t.addedCalls, t.addedLinks = nil, nil
	for _, n := range calls {
		up, inherited := c.ascend(n)
		d.changed = d.enclose(n, up, inherited, d.changed)
	}
	for _, n := range calls {
		d.from(n.Span)
	}
	for _, span := range links {
		d.from(span)
	}
	return d.changed
}

// descent hands down to calls what is around them.
type descent struct {
	*Cache
	*tree
	trace   [16]byte
	visited map[[8]byte]bool
	changed []*node
}

// from updates the calls within a span.
func (d *descent) from(span [8]byte) {
	if f := d.within[span]; len(f.calls) == 0 && len(f.links) == 0 {
		return
	}
	if up, inherited, circle := d.walk(d.trace, span, span); !circle {
		d.below(span, up, inherited, 0)
	}
}

// below updates the calls within a span, which are within up and inherit from all
// that is around them.
func (d *descent) below(span [8]byte, up *node, inherited *Values, depth int) {
	if span == [8]byte{} || d.visited[span] || depth == maxDepth {
		return
	}
	d.visited[span] = true
	f := d.within[span]
	for n := range f.calls {
		if n.withinOwn() {
			up, inherited := d.ascend(n)
			d.changed = d.enclose(n, up, inherited, d.changed)
			continue
		}
		d.changed = d.enclose(n, up, inherited, d.changed)
		if first := d.spanOf(SpanKey{d.trace, n.Span}); first == n {
			d.below(n.Span, n, d.valuesOf(n).overlay(inherited), depth+1)
		}
	}
	for inner := range f.links {
		up, inherited := up, d.tree.links[inner].values.overlay(inherited)
		if first := d.spanOf(SpanKey{d.trace, inner}); first != nil {
			if !first.withinOwn() {
				continue // it is a call, too, and reached from what is around that
			}
			up, inherited = first, d.valuesOf(first).overlay(inherited) // written in it
		}
		d.below(inner, up, inherited, depth+1)
	}
}
