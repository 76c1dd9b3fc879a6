// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// compiled is a convention with its keys replaced by numbers.
type compiled struct {
	*convention
	marker    int // -1: it has none
	signature []int
	without   [][]int
	// kinds are those of the values of the marker, and patterns of those that are written
	// as a part.
	kinds    map[string]recordKind
	patterns []pattern
	// places has for each key the fields that it reports: mostly one, if any.
	places [][]place
}

// place is the position of a key in the row of a field, the first being 1.
type place struct {
	field field
	rank  uint8
}

// table is a set of conventions with the keys of all of them.
type table struct {
	keys        map[string]int
	conventions []compiled
	events      map[string][]*compiled
	priceKeys   numberSet
}

var (
	spans = compile(spanConventions)
	logs  = compile(logConventions)
)

func compile(conventions []convention) *table {
	t := &table{keys: map[string]int{}, events: map[string][]*compiled{}}
	for i := range conventions {
		c := &conventions[i]
		into := compiled{convention: c, marker: -1, signature: t.numbers(c.signature), kinds: map[string]recordKind{}}
		into.addKinds(c.calls, call)
		into.addKinds(c.aggregates, aggregate)
		into.addKinds(c.ifUsed, undecided)
		if c.marker != "" {
			into.marker = t.number(c.marker)
		}
		for _, keys := range c.without {
			into.without = append(into.without, t.numbers(keys))
		}
		t.conventions = append(t.conventions, into)
	}
	rows := make([][]row, len(conventions))
	for i := range conventions {
		// A convention's own keys come first: it knows what it means by them.
		rows[i] = slices.Concat(conventions[i].rows, genAI)
		for _, row := range rows[i] {
			t.numbers(row.keys)
		}
	}
	for _, key := range PriceKeys {
		t.priceKeys.add(t.number(key))
	}
	for i := range t.conventions {
		c := &t.conventions[i]
		c.places = t.places(rows[i])
		for _, event := range c.events {
			t.events[event] = append(t.events[event], c)
		}
	}
	return t
}

func (t *table) places(rows []row) [][]place {
	places := make([][]place, len(t.keys))
	var ranks [fields]uint8
	for _, row := range rows {
		for _, key := range row.keys {
			ranks[row.field]++
			n := t.keys[key]
			if !slices.ContainsFunc(places[n], func(p place) bool { return p.field == row.field }) {
				places[n] = append(places[n], place{row.field, ranks[row.field]})
			}
		}
	}
	return places
}

// maxKeys bounds the keys of a table.
const maxKeys = 512

// number returns the number of a key, a new one where it has none.
func (t *table) number(key string) int {
	n, ok := t.keys[key]
	if !ok {
		if n = len(t.keys); n == maxKeys {
			panic("a table of conventions has more keys than maxKeys")
		}
		t.keys[key] = n
	}
	return n
}

func (t *table) numbers(keys []string) []int {
	var numbers []int
	for _, key := range keys {
		numbers = append(numbers, t.number(key))
	}
	return numbers
}

// found is what a record has, and what the table knows of it. It is used again for the next
// record.
type found struct {
	layouts layouts
	*layout
	keys   []string
	values []pcommon.Value
}

// collect takes the attributes that have a value. Most records have the keys of the one before,
// so that they are compared with those first.
func (f *found) collect(t *table, attributes pcommon.Map) {
	var last []string
	if f.layout != nil && f.table == t {
		last = f.layout.keys
	}
	f.keys, f.values = f.keys[:0], f.values[:0]
	same := last != nil
	for key, value := range attributes.All() {
		if value.Type() == pcommon.ValueTypeEmpty {
			continue
		}
		n := len(f.values)
		f.values = append(f.values, value)
		if same && n < len(last) && key == last[n] {
			continue
		}
		if same {
			same, f.keys = false, append(f.keys, last[:n]...)
		}
		f.keys = append(f.keys, key)
	}
	if same && len(f.values) < len(last) {
		same, f.keys = false, append(f.keys, last[:len(f.values)]...)
	}
	if !same {
		f.layout = f.layouts.of(t, f.keys)
	}
}

// forget drops what is part of the telemetry.
func (f *found) forget() {
	clear(f.keys[:cap(f.keys)])
	clear(f.values[:cap(f.values)])
}

// numberSet is a set of the numbers of keys, or of fields.
type numberSet [maxKeys / 64]uint64

func (s *numberSet) add(number int) { s[number/64] |= 1 << (number % 64) }

func (s *numberSet) has(number int) bool { return s[number/64]&(1<<(number%64)) != 0 }

func (s *numberSet) hasAny(numbers []int) bool { return slices.ContainsFunc(numbers, s.has) }

// follows reports whether a record with these keys follows the convention.
func (c *compiled) follows(keys *numberSet) bool {
	if c.marker >= 0 && !keys.has(c.marker) {
		return false
	}
	if len(c.signature) > 0 && !keys.hasAny(c.signature) {
		return false
	}
	for _, any := range c.without {
		if !keys.hasAny(any) {
			return false
		}
	}
	return true
}

// recordKind is what a record is, by the value of its marker.
type recordKind uint8

const (
	undecided recordKind = iota // it is a call if it has usage or a cost
	call
	aggregate
)

// classify returns the kind of a record that follows the convention.
func (c *candidate) classify(values []pcommon.Value) recordKind {
	switch {
	case c.marker < 0 && len(c.aggregates) > 0:
		return undecided
	case c.marker < 0:
		return call
	}
	value := values[c.markedAt]
	if value.Type() != pcommon.ValueTypeStr {
		return c.other()
	}
	kind := unquote(value.Str())
	if len(kind) > 0 && kind[0] == '{' {
		kind = typeOf(value)
	}
	if is, known := c.kinds[kind]; known {
		return is
	}
	for i := range c.patterns {
		if p := &c.patterns[i]; strings.HasPrefix(kind, p.prefix) && strings.HasSuffix(kind, p.suffix) {
			return p.kind
		}
	}
	return c.other()
}

// other is the kind of a record whose marker has a value that no list has.
func (c *compiled) other() recordKind {
	if c.everything {
		return call
	}
	return undecided
}

// pattern is what the values of a marker begin or end with.
type pattern struct {
	prefix, suffix string
	kind           recordKind
}

// typeOf is what an object has as its type.
func typeOf(value pcommon.Value) string {
	m, _ := parseMap(value)
	text, _ := m["type"].(string)
	return text
}

// addKinds adds values of the marker, in the cases in which they are written. The first
// counts of those that are the same.
func (c *compiled) addKinds(values []string, kind recordKind) {
	for _, value := range values {
		prefix, begins := strings.CutSuffix(value, "*")
		switch {
		case value[0] == '.':
			c.patterns = append(c.patterns, pattern{suffix: value, kind: kind})
		case begins:
			c.patterns = append(c.patterns, pattern{prefix: prefix, kind: kind})
		default:
			for _, written := range [...]string{value, strings.ToLower(value), strings.ToUpper(value), strings.ToUpper(value[:1]) + strings.ToLower(value[1:])} {
				if _, known := c.kinds[written]; !known {
					c.kinds[written] = kind
				}
			}
		}
	}
}

// match returns the convention of a span, or nil, and what it is by its marker.
// Where several conventions know the span, one that knows it is not a call has the
// last word.
func (f *found) match() (*candidate, recordKind) {
	var first *candidate
	var of recordKind
	for i := range f.following {
		c := &f.following[i]
		if first != nil && c.marker < 0 {
			break // only for records that no marker decides
		}
		v := c.classify(f.values)
		if v == aggregate {
			return c, v
		}
		if first == nil && (v != undecided || !c.exact) {
			first, of = c, v
		}
	}
	return first, of
}
