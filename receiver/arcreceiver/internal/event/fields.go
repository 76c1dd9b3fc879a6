// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// fields are the members of a JSON object. Fields that were used are known; the
// others are the event's context.
type fields struct {
	members []member
	labels  []*label // of the members, and behind them of those of the object before
	alike   bool     // so far all labels, and their places, are those of the object before
	texts   []byte   // of all values
	shared  string   // texts, once all are read, if they are not too long to be shared
	trees   []any    // the lists and objects
	recent  *labels  // nil: none are remembered

	present keySet           // of the members that are not null
	used    keySet           // of those that were used
	places  [keys]int32      // in members, of all with a key
	seen    keySet           // of those whose places are right, unless they are alike
	others  map[string]int32 // the places of those without a key, where there are many

	qualified span // `module`.`function`, where both are texts

	left   []field // what is left of used fields
	prefix string  // of the names in errors

	problems []string // each begins with the name of a field
}

// member is a value. It has no pointers, which take time to write.
type member struct {
	value span // of a tree, from is the place in trees; of a bool, 1 for true
	key   key
	kind  Type
}

// span is a part of the texts of fields.
type span struct{ from, to int32 }

// field is a name and its value.
type field struct {
	name  string
	value Value
}

// to32 is for places in an event, which is no longer than MaxBytes.
func to32(i int) int32 { return int32(i) }

func (f *fields) reset() {
	f.members, f.texts, f.shared, f.alike = f.members[:0], f.texts[:0], "", true
	if len(f.trees) > 0 {
		clear(f.trees)
		f.trees = f.trees[:0]
	}
	f.present, f.used, f.seen, f.others = 0, 0, 0, nil
	f.qualified = span{}
	f.left, f.problems = nil, nil
}

// nested makes fields of an object within an event.
func nested(values map[string]any, prefix string) *fields {
	f := &fields{prefix: prefix}
	f.addAll(values)
	return f
}

// addAll adds what encoding/json decoded, in the order of names, so that one event
// always looks the same.
func (f *fields) addAll(values map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		m := f.add([]byte(name))
		switch v := values[name].(type) {
		case nil:
		case string:
			f.set(m, Text, []byte(v))
		case json.Number:
			f.set(m, Number, []byte(v))
		case bool:
			f.setBool(m, v)
		default:
			f.setTree(m, v)
		}
	}
	f.share()
}

// add returns a member of that name whose value is null. Of two with one name the
// later counts, as with encoding/json.
func (f *fields) add(name []byte) *member {
	l := f.expected()
	if l == nil || l.name != string(name) {
		f.differ()
		l = f.label(name)
	}
	return f.addLabelled(l)
}

// expected returns the label that the next member has if it is like that of the
// object before. Lines of one origin have the same names in the same order. In a line
// of another, most names are followed by those that they were followed by last.
func (f *fields) expected() *label {
	at := len(f.members)
	if f.alike && at < len(f.labels) {
		return f.labels[at]
	}
	if f.alike || at == 0 || f.recent == nil {
		return nil
	}
	return f.recent.after(f.labels[at-1])
}

func (f *fields) label(name []byte) *label {
	if f.recent == nil {
		return newLabel(name)
	}
	var before *label
	if at := len(f.members); at > 0 {
		before = f.labels[at-1]
	}
	return f.recent.of(name, before)
}

// addLabelled is add, of a label that is the expected one, or after differ.
func (f *fields) addLabelled(l *label) *member {
	at := len(f.members)
	if f.alike {
		f.members = f.members[:at+1] // it is there from the object before
		m := &f.members[at]
		m.kind = Null
		return m
	}
	if m := f.named(l); m != nil {
		m.kind = Null
		f.present &^= setOf(m.key)
		return m
	}
	f.labels = append(f.labels[:at], l)
	f.members = append(f.members, member{key: l.key})
	f.locate(at)
	return &f.members[at]
}

// differ makes ready for a name that is not the expected one. Those before are where
// the object before has them, but of those behind them nothing is known.
func (f *fields) differ() {
	if f.alike {
		f.alike = false
		for at := range f.members {
			f.locate(at)
		}
	}
}

// locate makes the place known of a label, for a name that comes again.
func (f *fields) locate(at int) {
	if k := f.labels[at].key; k != keyOther {
		f.places[k] = to32(at)
		f.seen |= setOf(k)
	}
	if at >= manyMembers {
		f.index(at)
	}
}

// manyMembers is the number of members from which on an index finds names
// faster than a look at each.
const manyMembers = 48

// index adds the last member to the index.
func (f *fields) index(at int) {
	if f.others == nil {
		f.others = make(map[string]int32, 2*manyMembers)
		for i := range at {
			f.others[f.labels[i].name] = to32(i)
		}
	}
	f.others[f.labels[at].name] = to32(at)
}

// named returns the member of a name, nil if there is none.
func (f *fields) named(l *label) *member {
	switch {
	case l.key != keyOther:
		if f.seen.has(l.key) {
			return &f.members[f.places[l.key]]
		}
	case f.others != nil:
		if at, ok := f.others[l.name]; ok {
			return &f.members[at]
		}
	default:
		for i := range f.members {
			if f.labels[i].name == l.name {
				return &f.members[i]
			}
		}
	}
	return nil
}

// set gives m a text, or a number as it is written.
func (f *fields) set(m *member, kind Type, text []byte) {
	from := len(f.texts)
	f.texts = append(f.texts, text...)
	m.kind, m.value = kind, span{to32(from), to32(len(f.texts))}
	f.present |= setOf(m.key)
}

func (f *fields) setBool(m *member, isTrue bool) {
	m.kind, m.value = Bool, span{}
	if isTrue {
		m.value.from = 1
	}
	f.present |= setOf(m.key)
}

func (f *fields) setTree(m *member, tree any) {
	m.kind, m.value = Tree, span{from: to32(len(f.trees))}
	f.trees = append(f.trees, tree)
	f.present |= setOf(m.key)
}

// maxShared is how many bytes of text share a piece of memory. A text of a longer
// event is alone, because whoever keeps a part keeps the whole.
const maxShared = 2 << 10

// share makes the texts strings.
func (f *fields) share() {
	f.qualify()
	if len(f.texts) <= maxShared {
		f.shared = string(f.texts)
	}
}

// qualify makes the name of a function with that of its module.
func (f *fields) qualify() {
	if f.kind(keyFunction) != Text || f.kind(keyModule) != Text {
		return
	}
	module, function := f.members[f.places[keyModule]].value, f.members[f.places[keyFunction]].value
	from := len(f.texts)
	f.texts = append(f.texts, f.texts[module.from:module.to]...)
	f.texts = append(f.texts, '.')
	f.texts = append(f.texts, f.texts[function.from:function.to]...)
	f.qualified = span{to32(from), to32(len(f.texts))}
}

func (f *fields) text(s span) string {
	if len(f.texts) <= maxShared {
		return f.shared[s.from:s.to]
	}
	return string(f.texts[s.from:s.to])
}

func (f *fields) value(m *member) Value {
	switch m.kind {
	case Text, Number:
		return Value{kind: m.kind, text: f.text(m.value)}
	case Bool:
		return Value{kind: Bool, text: strconv.FormatBool(m.value.from == 1)}
	case Tree:
		return Value{kind: Tree, tree: &f.trees[m.value.from]}
	default:
		return Value{}
	}
}

// has says whether there is a value that is not null.
func (f *fields) has(k key) bool { return f.present.has(k) }

func (f *fields) hasAny(of keySet) bool { return f.present&of != 0 }

// kind returns the type of a value, Null if absent.
func (f *fields) kind(k key) Type {
	if !f.has(k) {
		return Null
	}
	return f.members[f.places[k]].kind
}

// peek returns a value, null if absent.
func (f *fields) peek(k key) Value {
	if !f.has(k) {
		return Value{}
	}
	return f.value(&f.members[f.places[k]])
}

// use says that the value of a key, not keyOther, is not part of the context.
func (f *fields) use(k key) { f.used |= setOf(k) }

// unuse forgets what was taken.
func (f *fields) unuse() { f.used, f.left, f.problems = 0, nil, nil }

func (f *fields) fail(k key, format string, args ...any) {
	f.failNamed(k.String(), format, args...)
}

func (f *fields) failNamed(name, format string, args ...any) {
	f.problems = append(f.problems, f.prefix+name+": "+fmt.Sprintf(format, args...))
}
