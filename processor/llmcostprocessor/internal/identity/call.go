// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"slices"
)

// groups divides records that may be of one call: those that are grouped, and of
// the pairs the closest first, as long as nothing forbids it.
func (w *work) groups(component []*node) [][]*node {
	slices.SortFunc(component, canonical)
	if len(component) == 1 {
		return [][]*node{component}
	}
	at := map[*node]int{} // the group of each record
	var groups [][]*node
	for _, n := range component {
		if _, done := at[n]; done {
			continue
		}
		for _, other := range n.all() {
			at[other] = len(groups)
		}
		groups = append(groups, slices.Clone(n.all()))
	}
	for _, pair := range w.pairs(component) {
		a, b := at[pair.a], at[pair.b]
		if a == b || !joinable(groups[a], groups[b], pair.concurrent) {
			continue
		}
		for _, n := range groups[b] {
			at[n] = a
		}
		groups[a], groups[b] = append(groups[a], groups[b]...), nil
	}
	return slices.DeleteFunc(groups, func(group []*node) bool { return len(group) == 0 })
}

type pair struct {
	a, b       *node
	weight     int64
	concurrent bool
}

// pairs are those of the matchings, in the order in which they are to be joined.
func (w *work) pairs(component []*node) (pairs []pair) {
	for _, m := range []*matching{&w.streams, &w.parallel} {
		for _, n := range component {
			for _, other := range m.partner[n] {
				if canonical(n, other) < 0 {
					weight, _ := m.weigh(n, other)
					pairs = append(pairs, pair{n, other, weight, m == &w.parallel})
				}
			}
		}
	}
	slices.SortStableFunc(pairs, func(x, y pair) int {
		return cmp.Or(cmp.Compare(x.weight, y.weight), canonical(x.a, y.a), canonical(x.b, y.b))
	})
	return pairs
}

func joinable(a, b []*node, concurrent bool) bool {
	for _, x := range a {
		for _, y := range b {
			if concurrent && x.reporter() == y.reporter() || x.aggregate || y.aggregate || !sameResponse(&x.Record, &y.Record) ||
				x.Flags&y.Flags&HasUsage != 0 && !compatibleUsage(&x.Record, &y.Record) {
				return false
			}
		}
	}
	return true
}

// reconcile makes calls of groups, and notes what changes.
func (w *work) reconcile(component []*node, groups [][]*node) {
	before := map[*node]*call{}
	for _, n := range component {
		before[n] = n.call
	}
	taken := map[*call]bool{}
	for _, group := range groups {
		var c *call
		for _, n := range group {
			if old := before[n]; old != nil && !taken[old] && (c == nil || old.id < c.id) {
				c = old
			}
		}
		if c == nil {
			c = &call{id: w.next()}
		}
		taken[c] = true
		w.count(c, group)
	}
	for _, n := range component {
		if old := before[n]; old != nil && !taken[old] {
			taken[old] = true
			w.change(old, nil)
		}
	}
}

// count has the best record of a group stand for its call.
func (w *work) count(c *call, group []*node) {
	var nonzero uint32
	for _, n := range group {
		nonzero |= n.NonZero
		n.call = c
	}
	slices.SortFunc(group, func(a, b *node) int { return rank(a, b, nonzero) })
	c.winner, c.group = group[0], nil
	for _, n := range group {
		if rule := n.rule(); rule != Alone && !n.merged {
			n.merged = true
			w.countMerged(rule)
		}
	}
	if len(group) > 1 {
		c.group = &group
	}
	bury(group)
	if c.winner.aggregate {
		if slices.ContainsFunc(group, func(n *node) bool { return n.namedBy != 0 }) {
			w.sums = append(w.sums, c.winner)
		}
		w.change(c, nil)
		return
	}
	var m more
	for _, n := range group {
		m.values = m.values.overlay(n.Values)
	}
	for _, n := range group {
		m.values = m.values.overlay(n.inherited())
	}
	for _, n := range group[1:] {
		m.merged = append(m.merged, Merged{SpanKey{n.Trace, n.Span}, n.Scope, n.rule()})
		if c.winner.Model == 0 && n.Model != 0 && m.named == "" {
			m.named = n.Payload
		}
	}
	if c.winner.Model == 0 && m.named == "" {
		for _, n := range group {
			m.named = cmp.Or(m.named, n.named())
		}
	}
	if caller := callerOf(group); caller.Resource != c.winner.Resource {
		m.caller = caller.Payload
	}
	counted := &Counted{Payload: c.winner.Payload, Unnamed: c.winner.Model == 0}
	if m.values != nil || m.merged != nil || m.named != "" {
		counted.more = &m
	}
	w.change(c, counted)
}

// callerOf is the record of whoever made a call: the one that lasted longest, whatever the
// clocks of the others, since an application waits for its gateway, and that for the vendor.
func callerOf(group []*node) *node {
	caller := group[0]
	for _, n := range group[1:] {
		if !n.aggregate && n.Resource != 0 && cmp.Or(cmp.Compare(n.duration(), caller.duration()), canonical(caller, n)) > 0 {
			caller = n
		}
	}
	return caller
}

// duration is how long a record took; 0 if that is unknown.
func (r *Record) duration() int64 {
	if r.Start == 0 {
		return 0
	}
	return max(r.End-r.Start, 0)
}

func (w *work) change(c *call, in *Counted) {
	out := c.counted
	switch {
	case out == nil && in == nil:
		return
	case out != nil && in != nil && out.Payload == in.Payload && out.Named() == in.Named() && out.Caller() == in.Caller() && slices.Equal(out.Values(), in.Values()):
		if slices.Equal(out.Merged(), in.Merged()) {
			return
		}
		out.more = in.more
		in = out
	}
	c.counted = in
	if out == nil && c.winner.Flags.Has(Known) {
		return
	}
	w.changes = append(w.changes, Change{Call: c.id, Out: out, In: in, Record: int(c.winner.index) - 1, of: c})
}

// countMerged counts a record that came to belong to the call of another.
func (w *work) countMerged(rule Rule) {
	if w.merged == nil {
		w.merged = map[Rule]int64{}
	}
	w.merged[rule]++
}

// single counts a record that is not remembered.
func (w *work) single(n *node) {
	w.count(&call{id: w.next()}, []*node{n})
}

// countAlone counts a record that is grouped with no other.
func (w *work) countAlone(n *node) {
	if n.call == nil {
		n.call = &call{id: w.next()}
	}
	w.count(n.call, []*node{n})
}

// rule is by which the record belongs to the call of another.
func (n *node) rule() Rule {
	switch winner := n.call.winner; {
	case n.aggregate:
		return Aggregate
	case n == winner:
		return Alone
	case n.site() == winner.site():
		return SameSpan
	case n.Response != 0 && n.Response == winner.Response:
		return ResponseID
	case n.sharesBase(winner):
		return Nested
	case n.Scope == winner.Scope && n.Flags&IsSpan == winner.Flags&IsSpan && !n.Flags.Has(Failed):
		return Stream
	default:
		return Concurrent
	}
}

// sharesBase reports whether one is in the base of another: no two bases have a record in common.
func (n *node) sharesBase(other *node) bool {
	a, b := n.base(), other.base()
	return len(a) > 0 && len(b) > 0 && a[0] == b[0]
}

// outcome is what a record of the batch has become.
func (n *node) outcome(copied bool) Outcome {
	o := Outcome{Rule: n.rule(), Copy: copied || n.Flags.Has(Known)}
	if o.Rule == Aggregate {
		return o
	}
	if n.call.marked == nil {
		n.call.marked = n.call.winner
	}
	o.Marks = n == n.call.marked || n.site() == n.call.marked.site()
	return o
}
