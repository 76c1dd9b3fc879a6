// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// links remembers the spans that are not calls: the newest ones, in a ring.
type links struct {
	window
	ring          []link
	spans, traces index
}

type link struct {
	trace               [16]byte
	span, parent        [8]byte
	values              *Values
	sameSpan, sameTrace uint32 // the ones before of the same hash
}

func (l *links) at(number uint64) *link { return &l.ring[(number-1)%uint64(cap(l.ring))] }

// each calls visit with the links of a list, the newest first.
func (l *links) each(at uint32, before func(*link) uint32, visit func(*link)) {
	last := l.next
	for l.has(at) {
		number := l.number(at)
		if number >= last {
			return // it is one of before the numbers began again
		}
		one := l.at(number)
		visit(one)
		last, at = number, before(one)
	}
}

// addLink remembers a span, of which site is the hash, and notes what it is around.
func (w *work) addLink(s *Span, site uint64) {
	c := w.Cache
	l := &c.links
	hash := c.traceHash(s.Trace)
	known := c.traces[hash]
	if known.calls != nil {
		w.touch(s.Trace)
	}
	if c.options.Spans == 0 || c.linkAt(s.SpanKey, site) != nil {
		return // the first report of a span counts
	}
	if l.ring == nil {
		l.ring = make([]link, 0, c.options.Spans) // links are pointed at
		l.window = window{first: 1, next: 1}
	}
	if l.next-l.first == uint64(c.options.Spans) {
		if old := l.at(l.first); len(c.trees) > 0 {
			if t := c.trees[c.traceHash(old.trace)]; t != nil {
				t.removeLink(old)
			}
		}
		l.first++
	}
	if len(l.ring) < cap(l.ring) {
		l.ring = l.ring[:len(l.ring)+1]
	}
	number := l.next
	l.next++
	added := l.at(number)
	*added = link{trace: s.Trace, span: s.Span, parent: s.Parent, values: s.Values}
	added.sameSpan = l.spans.put(c.short(site), uint32(number), l.window)
	added.sameTrace = l.traces.put(c.short(hash), uint32(number), l.window)
	if known.large {
		c.trees[hash].addLink(added)
	}
	if known.calls == nil {
		w.surround(added, hash)
	}
}

// surround notes that a span that is not a call is around compact records: they become
// nodes if that matters to them.
func (w *work) surround(l *link, hash uint64) {
	c := w.Cache
	if w.without == hash {
		return
	}
	if c.newestOfTrace(l.trace, hash) == nil {
		w.without = hash // nor will there be any while the links of a batch are added
		return
	}
	within, alone := c.below(l.trace, l.span)
	if len(within) == 0 {
		return
	}
	above, inherited, ok := c.climb(l.trace, l.span, [8]byte{})
	if !ok || inherited != nil || !alone || !c.raise(within, l.trace, l.span, above) {
		w.expandTrace(l.trace, hash)
	}
}

// linkAt is the link of a span, or nil.
func (c *Cache) linkAt(site SpanKey, hash uint64) (found *link) {
	at, ok := c.links.spans.find(c.short(hash), c.links.window)
	if !ok {
		return nil
	}
	c.links.each(at, func(l *link) uint32 { return l.sameSpan }, func(l *link) {
		if l.span == site.Span && l.trace == site.Trace {
			found = l
		}
	})
	return found
}

// linkOf is the same without the hash.
func (c *Cache) linkOf(trace [16]byte, span [8]byte) *link {
	site := SpanKey{trace, span}
	return c.linkAt(site, c.seed.span(site))
}

// linksOf returns the spans of a trace.
func (c *Cache) linksOf(trace [16]byte) map[[8]byte]*link {
	at, ok := c.links.traces.find(c.short(c.traceHash(trace)), c.links.window)
	if !ok {
		return nil
	}
	found := map[[8]byte]*link{}
	c.links.each(at, func(l *link) uint32 { return l.sameTrace }, func(l *link) {
		if l.trace == trace {
			found[l.span] = l
		}
	})
	return found
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
	for number := c.links.first; number < c.links.next; number++ {
		if one := c.links.at(number); !c.HasCalls(one.trace) {
			visit(Span{SpanKey: SpanKey{one.trace, one.span}, Parent: one.parent, Values: one.values})
		}
	}
}

// HasCalls reports whether a call of the trace is remembered.
func (c *Cache) HasCalls(trace [16]byte) bool {
	hash := c.traceHash(trace)
	return c.traces[hash].calls != nil || c.newestOfTrace(trace, hash) != nil
}
