// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"slices"
)

// unit is a set of records outside of which none is related to one of them by
// span, response or nesting. How it is grouped depends on nothing else.
type unit struct {
	nodes []*node
}

// part are records of one span that are of one call.
type part struct {
	nodes     []*node // the first is that which compares
	up        *part
	within    []*part
	end       *part // the innermost of those that report the same call
	aggregate bool
	set       *part // of the union
}

// resolve groups the records, and returns those whose group changed.
func (u *unit) resolve() (changed []*node) {
	if len(u.nodes) == 1 {
		return u.nodes[0].setBase(nil, u.nodes[0].around, nil)
	}
	slices.SortFunc(u.nodes, canonical)
	parts := u.parts()
	for _, p := range parts {
		if p.up == nil {
			p.nest(0)
		}
	}
	if slices.ContainsFunc(u.nodes, func(n *node) bool { return n.around }) {
		parts[0].aggregate = true // the records are of one span: they are crowded
	}
	unite(parts)
	sets := map[*part][]*node{}
	for _, p := range parts {
		set := p.root()
		sets[set] = append(sets[set], p.nodes...)
	}
	for _, p := range parts {
		if p.root() != p {
			continue
		}
		base := sets[p]
		slices.SortFunc(base, canonical)
		if len(base) == 1 {
			base = nil
		}
		for _, n := range sets[p] {
			changed = n.setBase(base, p.aggregate, changed)
		}
	}
	return changed
}

func (n *node) setBase(base []*node, aggregate bool, changed []*node) []*node {
	if n.aggregate == aggregate && slices.Equal(n.base(), base) {
		return changed
	}
	n.tied().base, n.aggregate = base, aggregate
	return append(changed, n)
}

// parts divides the records by their spans, and what is of one span by what can be
// of one call: several events of calls may be written in one span.
func (u *unit) parts() []*part {
	bySite := map[SpanKey][]*part{}
	var all []*part
	for _, n := range u.nodes {
		site := n.site()
		i := slices.IndexFunc(bySite[site], func(p *part) bool {
			return !slices.ContainsFunc(p.nodes, func(other *node) bool { return !sameSite(n, other) })
		})
		if i >= 0 {
			bySite[site][i].nodes = append(bySite[site][i].nodes, n)
			continue
		}
		p := &part{nodes: []*node{n}}
		p.end, p.set = p, p
		bySite[site] = append(bySite[site], p)
		all = append(all, p)
	}
	for _, p := range all {
		// Of a span and an event, the span knows its parent.
		slices.SortStableFunc(p.nodes, func(a, b *node) int {
			return cmp.Or(cmp.Compare(b.Flags&HasUsage, a.Flags&HasUsage), cmp.Compare(b.Flags&IsSpan, a.Flags&IsSpan))
		})
		for _, n := range p.nodes {
			if n.up == nil || p.up != nil {
				continue
			}
			if around := bySite[n.up.site()]; len(around) > 0 && around[0] != p {
				p.up = around[0]
			}
		}
	}
	for _, p := range all {
		if p.up != nil {
			p.up.within = append(p.up.within, p)
		}
	}
	return all
}

// sameSite reports whether two records of one span report the same call. Two spans of
// one ID are one span that was sent again. Two events are not, if they were written at
// different times, but for the details of a call that failed and its exception.
func sameSite(a, b *node) bool {
	if !sameResponse(&a.Record, &b.Record) {
		return false
	}
	if a.Response != 0 && a.Response == b.Response || a.Flags&b.Flags&IsSpan != 0 {
		return true
	}
	if a.Flags&IsSpan == b.Flags&IsSpan && a.End != b.End && (!failedAlike(a, b) || distance(a.End, b.End) > int64(maxEvents)) {
		return false
	}
	return compatible(&a.Record, &b.Record)
}

// failedAlike reports whether both are of calls that failed, without usage.
func failedAlike(a, b *node) bool {
	return a.Flags&b.Flags&Failed != 0 && (a.Flags|b.Flags)&HasUsage == 0
}

// nest decides, from the inside out, which of the calls within each call repeats it.
func (p *part) nest(depth int) {
	if depth < maxDepth {
		for _, inner := range p.within {
			inner.nest(depth + 1)
		}
	}
	outer := p.nodes[0]
	nearest := func(matches func(inner *part) bool) *part {
		var best *part
		var distance int64
		for _, inner := range p.within {
			if inner.aggregate || !isAround(outer, inner.nodes[0]) || !inner.agrees(p) || !matches(inner) {
				continue
			}
			if d := timeDistance(&outer.Record, &inner.nodes[0].Record); best == nil || d < distance {
				best, distance = inner, d
			}
		}
		return best
	}
	known := func(inner *part) bool { return inner.known() != nil }
	if !outer.Flags.Has(HasUsage) {
		if inner := nearest(func(*part) bool { return true }); inner != nil {
			p.join(inner)
		}
		return
	}
	if inner := nearest(known); inner != nil {
		p.join(inner)
		return
	}
	if p.isSum() || outer.Flags.Has(Undecided) && p.exceeds() {
		p.aggregate = true
		return
	}
	if inner := nearest(func(inner *part) bool { return !known(inner) }); inner != nil {
		p.join(inner)
	}
}

// isAround reports whether the time of a span allows that it reports the call of a span
// within it. Of a stream the one without usage may have ended with the request.
func isAround(outer, inner *node) bool {
	if outer.Resource != inner.Resource {
		return fitsElsewhere(&outer.Record, &inner.Record)
	}
	if outer.Flags&inner.Flags&HasUsage == 0 {
		return beginsWithin(&outer.Record, &inner.Record)
	}
	return contains(&outer.Record, &inner.Record)
}

func (p *part) join(inner *part) {
	p.end = inner.end
	inner.set = p
}

// chain calls visit with the parts that report the same call, from the outside in.
func (p *part) chain(visit func(*part) bool) {
	for at := p; ; {
		if !visit(at) || at == at.end {
			return
		}
		i := slices.IndexFunc(at.within, func(inner *part) bool { return inner.set == at })
		if i < 0 {
			return
		}
		at = at.within[i]
	}
}

// known is the record of the outermost part that reports what the call used.
func (p *part) known() (found *node) {
	p.chain(func(at *part) bool {
		if at.nodes[0].Flags.Has(HasUsage) {
			found = at.nodes[0]
		}
		return found == nil
	})
	return found
}

// agrees reports whether all that report a call agree with what is around it.
func (p *part) agrees(outer *part) bool {
	agree := true
	p.chain(func(at *part) bool {
		for _, a := range at.nodes {
			for _, b := range outer.nodes {
				agree = agree && nestedResponse(&a.Record, &b.Record) && compatible(&a.Record, &b.Record)
			}
		}
		return agree
	})
	return agree
}

// nestedResponse reports whether the response IDs allow that two records, one of which is
// around the other, are of one call. A framework may make IDs of its own.
func nestedResponse(a, b *Record) bool {
	return sameResponse(a, b) ||
		a.Scope != b.Scope && a.Flags.Has(HasUsage) && b.Flags.Has(HasUsage) && a.Prompt == b.Prompt && a.Completion == b.Completion && a.Completion > 0
}

// isSum reports whether the calls within, of which there are several, add up to what
// is reported around them. A sum may be repeated around it.
func (p *part) isSum() bool {
	outer := p.nodes[0]
	sum, n, repeats := p.sum()
	return (n > 1 || repeats) && outer.Prompt+outer.Completion > 0 && compatibleUsage(&outer.Record, &sum)
}

// exceeds reports whether what is reported around calls is more than what they used: the
// usage of an agent, of whose calls not all are known.
func (p *part) exceeds() bool {
	outer := p.nodes[0]
	sum, n, _ := p.sum()
	return n > 0 && sum.Prompt+sum.Completion > 0 && outer.Prompt >= sum.Prompt && outer.Completion >= sum.Completion
}

// sum adds up what the calls within used of which that is known, and reports whether one of
// them is a sum itself.
func (p *part) sum() (sum Record, n int, repeats bool) {
	sum.Flags = HasUsage
	for _, inner := range p.within {
		one := inner.known()
		if inner.aggregate {
			one, repeats = inner.nodes[0], true
		}
		if one == nil {
			continue
		}
		n++
		sum.Prompt += one.Prompt
		sum.Completion += one.Completion
		sum.Cached += one.Cached
		sum.Reasoning += one.Reasoning
		sum.Flags |= one.Flags & (StatesInput | StatesOutput | StatesCached | StatesReasoning)
	}
	return sum, n, repeats
}

func timeDistance(a, b *Record) int64 { return distance(a.Start, b.Start) + distance(a.End, b.End) }

func distance(a, b int64) int64 { return max(a-b, b-a) }

// unite puts together what has the same response ID.
func unite(parts []*part) {
	first := map[uint64][]*part{}
	for _, p := range parts {
		if p.aggregate {
			continue
		}
		for _, n := range p.nodes {
			if n.Response == 0 {
				continue
			}
			i := slices.IndexFunc(first[n.Response], func(other *part) bool { return sharesResponse(p, other) })
			if i < 0 {
				first[n.Response] = append(first[n.Response], p)
				continue
			}
			if a, b := p.root(), first[n.Response][i].root(); a != b {
				a.set = b
			}
		}
	}
}

// sharesResponse reports whether two parts with one response ID are of one call. What
// one scope reports twice with different amounts is not: the ID is made up then. Nor
// is what two resources report at different times, or with different amounts: two
// processes may make up the same ID. But one process may have two providers of telemetry,
// and a gateway passes the ID of the provider on, or its own.
func sharesResponse(a, b *part) bool {
	for _, x := range a.nodes {
		for _, y := range b.nodes {
			if x.Resource != y.Resource && !sharesElsewhere(&x.Record, &y.Record) {
				return false
			}
			if x.Scope == y.Scope && x.site() != y.site() && x.Flags&y.Flags&HasUsage != 0 && !compatibleUsage(&x.Record, &y.Record) {
				return false
			}
		}
	}
	return true
}

// sharesElsewhere reports whether two records of two resources with one response ID are of
// one call. An instrumentation of a gateway may be on another clock than that of its client.
func sharesElsewhere(a, b *Record) bool {
	if a.End == 0 || b.End == 0 || !compatible(a, b) {
		return false
	}
	return overlaps(a, b) || a.Scope != b.Scope && distance(a.Start, b.Start) <= int64(maxSkew)
}

func (p *part) root() *part {
	for p.set != p {
		p = p.set
	}
	return p
}
