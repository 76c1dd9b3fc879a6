// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"slices"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

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
	// Parts are the figures that are summed; others may be missing. 0 is all.
	Parts Parts
	// Only are values of By: there is a group for each of them, and for no other. nil is no limit.
	Only [][]string
}

// Parts are figures of a row.
type Parts uint8

// Figures that can be asked for.
const (
	PartCalls Parts = 1 << iota // by status, and those without a price
	PartCost
	PartSaved
	PartEstimates
	PartTimes
	PartUsage
	partCompared
	allParts = 1<<iota - 1
)

// Group is the sum of the rows of a step that have the same values.
type Group struct {
	Step   int // -1 without steps
	Values []string
	Row    Row
}

// Summing has the memory of sums, which the next sum uses again. The zero value is ready.
type Summing struct {
	query *Query
	// Values are numbered, so that no text is compared for a row.
	numbers map[string]uint32
	texts   []string
	// nodes are a tree: below a step are the values of the first column, and so on; those of the last
	// are indexes of groups. A key is the number of the node above and that of the value.
	nodes  nodeTable
	inner  uint32            // the last number of a node that is not a group
	path   [columns]pathNode // to the group of the row before
	groups []Group
	values []string // of groups to come
	closed bool     // there are no other groups
}

type pathNode struct {
	key  uint64 // 0 is none
	node uint32
}

// absent is the number of what is not there.
const absent = ^uint32(0)

func (g *Summing) begin(q *Query) {
	if q.Parts == 0 {
		q.Parts = allParts
	}
	if g.numbers == nil {
		g.numbers = map[string]uint32{}
	}
	g.nodes.clear()
	clear(g.numbers)
	clear(g.path[:])
	g.query, g.texts, g.groups = q, g.texts[:0], g.groups[:0]
	g.inner = topNode(len(q.Starts))
	g.closed = false
	if q.Only == nil {
		return
	}
	for _, values := range q.Only {
		var numbers [columns]uint32
		for i, value := range values {
			numbers[i] = g.number(value)
		}
		for step := range max(1, len(q.Starts)) {
			if len(q.Starts) == 0 {
				step = -1
			}
			g.of(step, &numbers)
		}
	}
	g.closed = true
}

// Sum sums rows. Calls that come meanwhile wait for the rows that changed since the ledger was
// last packed.
func (l *Ledger) Sum(q Query) []Group { return l.SumWith(&Summing{}, q) }

// SumWith sums rows with the memory of sums before. The next sum overwrites the groups, but not their
// values.
func (l *Ledger) SumWith(g *Summing, q Query) []Group {
	g.begin(&q)
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

func (g *Summing) number(text string) uint32 {
	n, ok := g.numbers[text]
	if !ok && g.closed {
		return absent
	}
	if !ok {
		n = uint32(len(g.texts))
		g.texts = append(g.texts, text)
		g.numbers[text] = n
	}
	return n
}

// topNode is the number of a step's node; -1 is that without steps. Others have larger ones.
func topNode(step int) uint32 { return uint32(step + 2) }

// of is the sum of a group, until it is called again; nil if the group is not wanted.
func (g *Summing) of(step int, values *[columns]uint32) *Row {
	node := topNode(step)
	last := max(0, len(g.query.By)-1)
	for i := range last + 1 {
		key, at := uint64(node)<<32|uint64(values[i]), &g.path[i]
		if at.key == key {
			node = at.node
			continue
		}
		slot := g.nodes.at(key)
		switch {
		case slot.key != 0:
			node = slot.node
		case g.closed:
			return nil
		case i < last:
			g.inner++
			node = g.inner
			g.nodes.set(slot, key, node)
		default:
			node = uint32(len(g.groups))
			g.nodes.set(slot, key, node)
			g.addGroup(step, values)
		}
		*at = pathNode{key, node}
	}
	return &g.groups[node].Row
}

// addGroup appends a group. Groups are large: they are not copied.
func (g *Summing) addGroup(step int, values *[columns]uint32) {
	g.groups = slices.Grow(g.groups, 1)[:len(g.groups)+1]
	group := &g.groups[len(g.groups)-1]
	group.Step, group.Values, group.Row = step, g.valuesOf(values), Row{}
}

// valuesOf are the values of a group. Those of many groups are allocated at once.
func (g *Summing) valuesOf(numbers *[columns]uint32) []string {
	n := len(g.query.By)
	if n == 0 {
		return []string{}
	}
	if len(g.values) < n {
		g.values = make([]string, 256*n)
	}
	values := g.values[:n:n]
	g.values = g.values[n:]
	for i := range values {
		values[i] = g.texts[numbers[i]]
	}
	return values
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

func (g *Summing) addOpen(first int64, row *keyedRow) {
	for column, value := range g.query.Where {
		if row.Value(column) != value {
			return
		}
	}
	var numbers [columns]uint32
	for i, column := range g.query.By {
		if numbers[i] = g.number(row.Value(column)); numbers[i] == absent {
			return
		}
	}
	if sum := g.of(g.query.stepOf(first), &numbers); sum != nil {
		sum.Add(&row.Row)
	}
}

func (g *Summing) addSegment(first int64, s *Segment) {
	step := g.query.stepOf(first)
	var values [columns]uint32 // of a row, as they are numbered here
	if len(g.query.By) == 0 && len(g.query.Where) == 0 {
		g.of(step, &values).Add(&s.total)
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
	const unknown = absent - 1
	numbers := make([]uint32, len(c.texts))
	for i := range numbers {
		numbers[i] = unknown
	}
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
			if values[i] = numbers[id]; values[i] == absent {
				c.skip()
				continue rows
			}
		}
		if sum := g.of(step, &values); sum == nil {
			c.skip()
		} else {
			c.addParts(sum, g.query.Parts)
		}
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

// Hour adds up the rows of an hour, by model.
func (l *Ledger) Hour(at int64) map[string]Row {
	out := map[string]Row{}
	for _, group := range l.Sum(Query{First: at, Last: at, By: []int{Model}}) {
		out[group.Values[0]] = group.Row
	}
	return out
}

// Cost adds up the costs of the hours from first to last, both included, of the rows
// whose columns have these values.
func (l *Ledger) Cost(first, last int64, where map[int]string) (sum money.Sum) {
	for _, group := range l.Sum(Query{First: first, Last: last, Where: where}) {
		sum.AddSum(group.Row.Cost)
	}
	return sum
}
