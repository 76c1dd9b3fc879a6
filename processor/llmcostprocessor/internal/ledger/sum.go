// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import "slices"

// Columns that a query groups and selects by. Dimension i is Dimension(i).
const (
	Provider = columnProvider
	Model    = columnModel
)

// Dimension is the column of a dimension.
func Dimension(i int) int { return firstDimension + i }

// Query asks for sums of rows.
type Query struct {
	// First and Last are hours, both included. A day belongs to its first hour.
	First, Last int64
	// Starts are the first hours of steps, in order; none makes one of all.
	Starts []int64
	// By are columns. There is a group for each combination of their values.
	By []int
	// Where are values that columns have.
	Where map[int]string
}

// Group is the sum of the rows of a step that have the same values.
type Group struct {
	Step   int // -1 without steps
	Values []string
	Row    Row
}

// grouping sums rows by group. Values are numbered, so that no text is compared for a row.
type grouping struct {
	query   *Query
	numbers map[string]uint32
	texts   []string
	indexes map[groupKey]int
	groups  []Group
	last    groupKey
	current int // the index of last; -1 at first
}

type groupKey struct {
	step   int
	values ids
}

// Sum sums rows. Calls that come meanwhile wait for the rows that changed since the ledger was
// last packed.
func (l *Ledger) Sum(q Query) []Group {
	g := &grouping{query: &q, numbers: map[string]uint32{}, indexes: map[groupKey]int{}, current: -1}
	for _, packed := range l.collect(q.First, q.Last, func(s *span, row *keyedRow) { g.addOpen(s.first, row) }) {
		for _, row := range packed.frozen {
			g.addOpen(packed.first, row)
		}
		for _, segment := range packed.segments {
			g.addSegment(packed.first, segment)
		}
	}
	return g.groups
}

// packed is what does not change in a span.
type packed struct {
	first    int64
	frozen   map[Key]*keyedRow
	segments []*Segment
}

// collect calls see with the rows that may change, all of them at one moment, and returns the
// rest. The row must not be kept.
func (l *Ledger) collect(first, last int64, see func(*span, *keyedRow)) (rest []packed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	add := func(s *span) {
		for _, row := range s.open {
			see(s, row)
		}
		if len(s.segments) > 0 || len(s.frozen) > 0 {
			rest = append(rest, packed{s.first, s.frozen, s.segments})
		}
	}
	for _, spans := range []map[int64]*span{l.hours, l.days} {
		for at, s := range spans {
			if at >= first && at <= last {
				add(s)
			}
		}
	}
	return rest
}

// stepOf is the step that an hour is in: the last one that begins with it or earlier.
func (q *Query) stepOf(hour int64) int {
	at, found := slices.BinarySearch(q.Starts, hour)
	if found || at == 0 && len(q.Starts) > 0 {
		return at
	}
	return at - 1
}

func (g *grouping) number(text string) uint32 {
	n, ok := g.numbers[text]
	if !ok {
		n = uint32(len(g.texts))
		g.texts = append(g.texts, text)
		g.numbers[text] = n
	}
	return n
}

// of is the sum of a group, until it is called again.
func (g *grouping) of(key groupKey) *Row {
	if g.current >= 0 && g.last == key {
		return &g.groups[g.current].Row
	}
	at, ok := g.indexes[key]
	if !ok {
		at = len(g.groups)
		g.indexes[key] = at
		values := make([]string, len(g.query.By))
		for i := range values {
			values[i] = g.texts[key.values[i]]
		}
		g.groups = append(g.groups, Group{Step: key.step, Values: values})
	}
	g.last, g.current = key, at
	return &g.groups[at].Row
}

// Value is that of a column.
func (k *Key) Value(column int) string {
	switch column {
	case columnProvider:
		return k.Provider
	case columnModel:
		return k.Model
	default:
		return k.Dimensions[column-firstDimension]
	}
}

func (g *grouping) addOpen(first int64, row *keyedRow) {
	for column, value := range g.query.Where {
		if row.Value(column) != value {
			return
		}
	}
	key := groupKey{step: g.query.stepOf(first)}
	for i, column := range g.query.By {
		key.values[i] = g.number(row.Value(column))
	}
	g.of(key).Add(&row.Row)
}

func (g *grouping) addSegment(first int64, s *Segment) {
	if len(g.query.By) == 0 && len(g.query.Where) == 0 {
		g.of(groupKey{step: g.query.stepOf(first)}).Add(&s.total)
		return
	}
	c := s.rows()
	type want struct {
		column int
		id     uint32
	}
	var wants []want
	for column, value := range g.query.Where {
		at, found := slices.BinarySearch(c.texts, value) // the first is ""
		if !found {
			return
		}
		wants = append(wants, want{column, uint32(at)})
	}
	const unknown = ^uint32(0)
	numbers := make([]uint32, len(c.texts))
	for i := range numbers {
		numbers[i] = unknown
	}
	key := groupKey{step: g.query.stepOf(first)}
rows:
	for c.next() {
		for _, w := range wants {
			if c.key[w.column] != w.id {
				c.skip()
				continue rows
			}
		}
		for i, column := range g.query.By {
			id := c.key[column]
			if numbers[id] == unknown {
				numbers[id] = g.number(c.texts[id])
			}
			key.values[i] = numbers[id]
		}
		c.add(g.of(key))
	}
}

// Visit calls see with every row of the hours from first to last, both included: those of a
// day with its first hour, and a key perhaps several times. The row and the key must not be
// kept or changed.
func (l *Ledger) Visit(first, last int64, see func(hour int64, key *Key, row *Row)) {
	for _, packed := range l.collect(first, last, func(s *span, row *keyedRow) { see(s.first, row.Key, &row.Row) }) {
		for _, row := range packed.frozen {
			see(packed.first, row.Key, &row.Row)
		}
		var key Key
		for _, segment := range packed.segments {
			for c := segment.rows(); c.next(); {
				c.name(&key)
				var row Row
				c.add(&row)
				see(packed.first, &key, &row)
			}
		}
	}
}
