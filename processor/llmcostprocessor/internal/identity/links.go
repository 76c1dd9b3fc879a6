// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// links remembers the spans that are not calls: the newest ones, in a ring. Those
// of a trace are a list, since most traces are never asked for.
type links struct {
	limit int
	ring  []link
	next  int
	heads map[[16]byte]int32 // the newest of each trace
}

type link struct {
	trace        [16]byte
	span, parent [8]byte
	values       *Values
	before       int32 // of the same trace; -1 for none
}

func (l *links) init(limit int) {
	l.limit = limit
	l.heads = map[[16]byte]int32{}
}

// add remembers a span.
func (l *links) add(s *Span) {
	if l.limit == 0 {
		return
	}
	before := int32(-1)
	if head, ok := l.heads[s.Trace]; ok {
		before = head
	}
	new := link{trace: s.Trace, span: s.Span, parent: s.Parent, values: s.Values, before: before}
	if len(l.ring) < l.limit {
		l.ring = append(l.ring, new)
		l.heads[s.Trace] = int32(len(l.ring) - 1)
		return
	}
	if old := l.ring[l.next].trace; l.heads[old] == int32(l.next) && old != s.Trace {
		delete(l.heads, old)
	}
	l.ring[l.next] = new
	l.heads[s.Trace] = int32(l.next)
	l.next = (l.next + 1) % l.limit
}

// of returns the spans of a trace.
func (l *links) of(trace [16]byte) map[[8]byte]*link {
	head, ok := l.heads[trace]
	if !ok {
		return nil
	}
	found := map[[8]byte]*link{}
	for at, age := head, -1; at >= 0; {
		one := &l.ring[at]
		// What was written over is newer, or of another trace.
		if one.trace != trace || l.age(at) <= age {
			break
		}
		age = l.age(at)
		if _, newer := found[one.span]; !newer {
			found[one.span] = one
		}
		at = one.before
	}
	return found
}

// age is how many links have come after one.
func (l *links) age(at int32) int {
	if len(l.ring) < l.limit {
		return len(l.ring) - 1 - int(at)
	}
	return (l.next - 1 - int(at) + l.limit) % l.limit
}

// Links calls visit with the remembered spans of a trace that are not calls.
func (c *Cache) Links(trace [16]byte, visit func(Span)) {
	for span, link := range c.links.of(trace) {
		visit(Span{SpanKey: SpanKey{trace, span}, Parent: link.parent, Values: link.values})
	}
}

// HasCalls says whether a call of the trace is remembered.
func (c *Cache) HasCalls(trace [16]byte) bool { return c.traces[trace] != nil }
