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
}

var (
	spans = compile(spanConventions)
	logs  = compile(logConventions)
)

func compile(conventions []convention) *table {
	t := &table{keys: map[string]int{}, events: map[string][]*compiled{}}
	for i := range conventions {
		c := &conventions[i]
		into := compiled{convention: c, marker: -1, signature: t.numbers(c.signature)}
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

// number returns the number of a key, a new one where it has none.
func (t *table) number(key string) int {
	n, ok := t.keys[key]
	if !ok {
		n = len(t.keys)
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

// found are the keys of the table that a record has. It is used again for the
// next record.
type found struct {
	keys   []int
	values []pcommon.Value
}

// collect finds the keys that the attributes have.
func (f *found) collect(t *table, attributes pcommon.Map) {
	f.keys, f.values = f.keys[:0], f.values[:0]
	attributes.Range(func(key string, value pcommon.Value) bool {
		if n, known := t.keys[key]; known && value.Type() != pcommon.ValueTypeEmpty {
			f.keys, f.values = append(f.keys, n), append(f.values, value)
		}
		return true
	})
}

// forget drops the values, which are part of the telemetry.
func (f *found) forget() { clear(f.values) }

func (f *found) has(key int) bool { return slices.Contains(f.keys, key) }

func (f *found) hasAny(keys []int) bool { return slices.ContainsFunc(keys, f.has) }

// follows reports whether a record with these keys follows the convention.
func (c *compiled) follows(f *found) bool {
	if c.marker >= 0 && !f.has(c.marker) {
		return false
	}
	if len(c.signature) > 0 && !f.hasAny(c.signature) {
		return false
	}
	for _, keys := range c.without {
		if !f.hasAny(keys) {
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
func (c *compiled) classify(f *found) recordKind {
	switch {
	case c.everything:
		return call
	case c.marker < 0 && len(c.aggregates) > 0:
		return undecided
	case c.marker < 0:
		return call
	}
	value := f.values[slices.Index(f.keys, c.marker)]
	if value.Type() != pcommon.ValueTypeStr {
		return undecided
	}
	kind := unquote(value.Str())
	switch {
	case slices.ContainsFunc(c.calls, func(pattern string) bool { return matches(pattern, kind) }):
		return call
	case slices.ContainsFunc(c.aggregates, func(pattern string) bool { return matches(pattern, kind) }):
		return aggregate
	}
	return undecided
}

func matches(pattern, kind string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "."); ok {
		return strings.HasSuffix(kind, "."+suffix)
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(kind, prefix)
	}
	return kind == pattern
}

// match returns the convention of a span, or nil, and what it is by its marker.
// Where several conventions know the span, one that knows it is not a call has the
// last word.
func (t *table) match(f *found) (*compiled, recordKind) {
	var first *compiled
	var of recordKind
	for i := range t.conventions {
		c := &t.conventions[i]
		if first != nil && c.marker < 0 {
			break // only for records that no marker decides
		}
		if !c.follows(f) {
			continue
		}
		v := c.classify(f)
		if v == aggregate {
			return c, v
		}
		if first == nil {
			first, of = c, v
		}
	}
	return first, of
}
