// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"slices"
	"sort"
)

// matching pairs records of different sides of a pool one to one: the closest pair
// first, then the closest of what is left, and so on. Such a pairing is stable,
// and there is one of them alone: it can be kept up record by record, and does not
// depend on their order.
type matching struct {
	weigh  func(a, b *node) (weight int64, ok bool)
	sideOf func(*Record) (place, bool)

	alone   map[uint64]*node // that is the only one of its pool
	pools   map[uint64]*pool
	partner map[*node][]*node // one of each other side
}

// place is where a record is paired.
type place struct {
	pool uint64
	side reporter
	// reach is how far apart the starts of a pair may be.
	reach int64
}

type pool struct {
	sides []side
}

type side struct {
	of    reporter
	nodes []*node // by their start
	// longest is the longest time that a record lasts or reaches.
	longest int64
}

func (m *matching) init(weigh func(a, b *node) (int64, bool), sideOf func(*Record) (place, bool)) {
	m.weigh, m.sideOf = weigh, sideOf
	m.alone, m.pools, m.partner = map[uint64]*node{}, map[uint64]*pool{}, map[*node][]*node{}
}

// insert pairs a record, and returns those that have another partner for it.
func (m *matching) insert(n *node) (changed []*node) {
	at, ok := m.sideOf(&n.Record)
	if !ok || n.aggregate {
		return nil
	}
	p := m.pools[at.pool]
	if p == nil {
		other := m.alone[at.pool]
		if other == nil || other == n {
			m.alone[at.pool] = n
			return nil
		}
		delete(m.alone, at.pool)
		p = &pool{}
		m.pools[at.pool] = p
		m.insert(other)
	}
	own := p.side(at.side)
	own.longest = max(own.longest, n.End-n.Start+at.reach)
	i := sort.Search(len(own.nodes), func(i int) bool { return canonical(own.nodes[i], n) >= 0 })
	if i < len(own.nodes) && own.nodes[i] == n {
		return nil
	}
	own.nodes = slices.Insert(own.nodes, i, n)
	for i := range p.sides {
		if p.sides[i].of != at.side {
			changed = m.propose(n, at.side, &p.sides[i], changed)
		}
	}
	return changed
}

// hasOther reports whether another side of a pool has records.
func (m *matching) hasOther(at place) bool {
	if n := m.alone[at.pool]; n != nil {
		own, _ := m.sideOf(&n.Record)
		return own.side != at.side
	}
	p := m.pools[at.pool]
	return p != nil && slices.ContainsFunc(p.sides, func(s side) bool { return s.of != at.side })
}

// remove takes a record out, and returns those that have another partner for it.
func (m *matching) remove(n *node) (changed []*node) {
	at, ok := m.sideOf(&n.Record)
	if !ok || !m.unlist(n, at) {
		return nil
	}
	partners := m.partner[n]
	delete(m.partner, n)
	p := m.pools[at.pool]
	for _, other := range partners {
		m.part(other, n)
		changed = append(changed, other)
		if left := p.find(at.side); left != nil {
			side, _ := m.sideOf(&other.Record)
			changed = m.propose(other, side.side, left, changed)
		}
	}
	return changed
}

// drop takes out a record that is forgotten, with all its partners.
func (m *matching) drop(n *node) {
	if at, ok := m.sideOf(&n.Record); ok {
		m.unlist(n, at)
	}
	for _, other := range m.partner[n] {
		m.part(other, n)
	}
	delete(m.partner, n)
}

func (m *matching) unlist(n *node, at place) bool {
	if m.alone[at.pool] == n {
		delete(m.alone, at.pool)
		return true
	}
	p := m.pools[at.pool]
	if p == nil {
		return false
	}
	own := p.find(at.side)
	if own == nil {
		return false
	}
	i := sort.Search(len(own.nodes), func(i int) bool { return canonical(own.nodes[i], n) >= 0 })
	if i == len(own.nodes) || own.nodes[i] != n {
		return false
	}
	if i == 0 {
		own.nodes[0], own.nodes = nil, own.nodes[1:] // the oldest are forgotten first
	} else {
		own.nodes = slices.Delete(own.nodes, i, i+1)
	}
	if len(own.nodes) == 0 {
		p.sides = slices.DeleteFunc(p.sides, func(s side) bool { return s.of == at.side })
		if len(p.sides) == 0 {
			delete(m.pools, at.pool)
		}
	}
	return true
}

// part takes a partner from a record.
func (m *matching) part(n, from *node) {
	left := slices.DeleteFunc(slices.Clone(m.partner[n]), func(other *node) bool { return other == from })
	if len(left) == 0 {
		delete(m.partner, n)
		return
	}
	m.partner[n] = left
}

// propose finds the closest record of a side that has no closer partner on n's
// side. Whoever loses a partner by that proposes next.
func (m *matching) propose(n *node, own reporter, others *side, changed []*node) []*node {
	for n != nil {
		best := m.closest(n, own, others)
		if best == nil {
			return changed
		}
		displaced := m.partnerOn(best, own)
		if displaced != nil {
			m.part(best, displaced)
			m.part(displaced, best)
		}
		m.partner[n] = append(slices.Clone(m.partner[n]), best)
		m.partner[best] = append(slices.Clone(m.partner[best]), n)
		changed = append(changed, n, best)
		if displaced != nil {
			changed = append(changed, displaced)
		}
		n = displaced
	}
	return changed
}

// maxScanned bounds how many records are compared with one.
const maxScanned = 2000

func (m *matching) closest(n *node, own reporter, others *side) (best *node) {
	at, _ := m.sideOf(&n.Record)
	latest := n.End + int64(Tolerance) + at.reach
	earliest := n.Start - int64(Tolerance) - others.longest - at.reach
	end := sort.Search(len(others.nodes), func(i int) bool { return others.nodes[i].Start > latest })
	for i := end - 1; i >= max(0, end-maxScanned) && others.nodes[i].Start >= earliest; i-- {
		other := others.nodes[i]
		if !m.closer(n, other, best) {
			continue
		}
		if has := m.partnerOn(other, own); has == nil || m.closer(other, n, has) {
			best = other
		}
	}
	return best
}

// closer reports whether n is closer to a than to b, which may be nil.
func (m *matching) closer(n, a, b *node) bool {
	wa, ok := m.weigh(n, a)
	if !ok || b == nil {
		return ok
	}
	wb, _ := m.weigh(n, b)
	return cmp.Or(
		cmp.Compare(wa, wb),
		cmp.Compare(min(n.print, a.print), min(n.print, b.print)),
		cmp.Compare(max(n.print, a.print), max(n.print, b.print)),
	) < 0
}

func (m *matching) partnerOn(n *node, side reporter) *node {
	for _, other := range m.partner[n] {
		if at, _ := m.sideOf(&other.Record); at.side == side {
			return other
		}
	}
	return nil
}

func (m *matching) eachPartner(n *node, visit func(*node)) {
	for _, other := range m.partner[n] {
		visit(other)
	}
}

// find returns a side, or nil.
func (p *pool) find(of reporter) *side {
	if p == nil {
		return nil
	}
	for i := range p.sides {
		if p.sides[i].of == of {
			return &p.sides[i]
		}
	}
	return nil
}

func (p *pool) side(of reporter) *side {
	if s := p.find(of); s != nil {
		return s
	}
	p.sides = append(p.sides, side{of: of})
	return &p.sides[len(p.sides)-1]
}
