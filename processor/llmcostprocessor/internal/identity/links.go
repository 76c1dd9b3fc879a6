// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// links remembers the spans that are not calls: the newest ones, in a ring. Those
// of a trace are a list, since most traces are never asked for.
type links struct {
	ring   []link
	traces [][16]byte // of the ring
	next   int
}

type link struct {
	trace        uint64 // its hash
	span, parent [8]byte
	values       *Values
	before       int32 // of the same trace, from 1; 0 for none
}

// addLink remembers a span, and reports whether calls of its trace are remembered.
func (c *Cache) addLink(s *Span) bool {
	hash := c.traceHash(s.Trace)
	known := c.traces[hash]
	l := &c.links
	if c.options.Spans == 0 {
		return known.calls != nil
	}
	if known.large && c.trees[hash].links[s.Span] != nil {
		return false // it came before
	}
	if l.ring == nil {
		l.ring = make([]link, 0, c.options.Spans) // links are pointed at
		l.traces = make([][16]byte, c.options.Spans)
	}
	added := link{trace: hash, span: s.Span, parent: s.Parent, values: s.Values, before: known.link}
	if len(l.ring) < c.options.Spans {
		l.ring = append(l.ring, added)
		known.link = int32(len(l.ring))
	} else {
		old := &l.ring[l.next]
		of := c.traces[old.trace]
		if of.large {
			c.trees[old.trace].removeLink(old)
		}
		if old.trace != hash && int(of.link) == l.next+1 {
			of.link = 0
			c.setTrace(old.trace, of)
		}
		*old = added
		known.link = int32(l.next + 1)
		l.next = (l.next + 1) % c.options.Spans
	}
	l.traces[known.link-1] = s.Trace
	if known.large {
		c.trees[hash].addLink(&l.ring[known.link-1])
	}
	c.traces[hash] = known
	return known.calls != nil
}

// linksOf returns the spans of a trace.
func (c *Cache) linksOf(trace [16]byte) map[[8]byte]*link {
	hash := c.traceHash(trace)
	at, newest := c.traces[hash].link, -1
	if at == 0 {
		return nil
	}
	found := map[[8]byte]*link{}
	for at > 0 {
		one := &c.links.ring[at-1]
		// An overwritten entry is newer, or of another trace.
		age := c.ageOf(int(at - 1))
		if one.trace != hash || age <= newest {
			break
		}
		newest = age
		found[one.span] = one // the first report of a span counts
		at = one.before
	}
	return found
}

// ageOf is how many links have come after one.
func (c *Cache) ageOf(at int) int {
	if len(c.links.ring) < c.options.Spans {
		return len(c.links.ring) - 1 - at
	}
	return (c.links.next - 1 - at + c.options.Spans) % c.options.Spans
}

// Links calls visit with the remembered spans of a trace that are not calls.
func (c *Cache) Links(trace [16]byte, visit func(Span)) {
	for span, link := range c.linksOf(trace) {
		visit(Span{SpanKey: SpanKey{trace, span}, Parent: link.parent, Values: link.values})
	}
}

// LinksWithoutCalls calls visit with the remembered spans of the traces of which no
// call is remembered, the oldest first.
func (c *Cache) LinksWithoutCalls(visit func(Span)) {
	for i := range c.links.ring {
		at := (c.links.next + i) % len(c.links.ring)
		if one := &c.links.ring[at]; c.traces[one.trace].calls == nil {
			visit(Span{SpanKey: SpanKey{c.links.traces[at], one.span}, Parent: one.parent, Values: one.values})
		}
	}
}

// HasCalls reports whether a call of the trace is remembered.
func (c *Cache) HasCalls(trace [16]byte) bool { return c.traces[c.traceHash(trace)].calls != nil }
