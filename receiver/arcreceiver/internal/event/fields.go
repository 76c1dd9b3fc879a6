// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/json"
	"encoding/json/jsontext"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// fields are the members of a JSON object, whose names differ. Fields that were
// used are known; the others are the event's context.
type fields struct {
	members []member
	texts   []byte // of all names and values
	shared  string // texts, once all are read, if they are not too long to be shared
	trees   []any  // the lists and objects

	present keySet      // of the members that are not null
	used    keySet      // of those that were used
	places  [keys]int32 // in members, of those that are present

	left   []field // what is left of used fields
	prefix string  // of the names in errors

	problems []string // each begins with the name of a field
}

// member is a name and its value. It has no pointers, which take time to write.
type member struct {
	name  span
	value span // of a tree, from is the place in trees
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
	f.members, f.texts, f.shared = f.members[:0], f.texts[:0], ""
	clear(f.trees)
	f.trees = f.trees[:0]
	f.present, f.used = 0, 0
	f.left, f.problems = nil, nil
}

// nestedFields makes fields of an object within an event.
func nestedFields(values map[string]any, prefix string) *fields {
	f := &fields{prefix: prefix}
	f.addAll(values)
	return f
}

// addAll adds what encoding/json decoded, in the order of names, so that one event
// always looks the same.
func (f *fields) addAll(values map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		m := f.add(f.append([]byte(name)))
		switch v := values[name].(type) {
		case nil:
		case string:
			f.set(m, Text, []byte(v))
		case json.Number:
			f.set(m, Number, []byte(v))
		case bool:
			f.set(m, Bool, strconv.AppendBool(nil, v))
		default:
			f.setTree(m, v)
		}
	}
	f.share()
}

// add returns a new member whose value is null.
func (f *fields) add(name span) *member {
	f.members = append(f.members, member{name: name, key: keysByName[string(f.texts[name.from:name.to])]})
	return &f.members[len(f.members)-1]
}

// repeats reports whether m, the last member, has the name of one before.
func (f *fields) repeats(m *member) bool {
	name := f.texts[m.name.from:m.name.to]
	for i := range f.members[:len(f.members)-1] {
		if before := &f.members[i]; before.key == m.key && string(f.texts[before.name.from:before.name.to]) == string(name) {
			return true
		}
	}
	return false
}

// set gives m, the last member, a text, or a number or a bool as it is written.
func (f *fields) set(m *member, kind Type, text []byte) { f.setSpan(m, kind, f.append(text)) }

func (f *fields) setSpan(m *member, kind Type, text span) {
	m.kind, m.value = kind, text
	f.present |= setOf(m.key)
	f.places[m.key] = to32(len(f.members) - 1)
}

func (f *fields) setTree(m *member, tree any) {
	f.trees = append(f.trees, tree)
	f.setSpan(m, Tree, span{from: to32(len(f.trees) - 1)})
}

func (f *fields) append(text []byte) span {
	from := len(f.texts)
	f.texts = append(f.texts, text...)
	return span{to32(from), to32(len(f.texts))}
}

// unquote appends what a valid JSON string means.
func (f *fields) unquote(quoted []byte) span {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return f.append(quoted[1 : len(quoted)-1])
	}
	from := len(f.texts)
	f.texts, _ = jsontext.AppendUnquote(f.texts, quoted)
	return span{to32(from), to32(len(f.texts))}
}

// maxShared is how many bytes of text share a piece of memory. A text of a longer
// event is alone, because whoever keeps a part keeps the whole.
const maxShared = 2 << 10

// share makes the texts strings.
func (f *fields) share() {
	if len(f.texts) <= maxShared {
		f.shared = string(f.texts)
	}
}

func (f *fields) text(s span) string {
	if len(f.texts) <= maxShared {
		return f.shared[s.from:s.to]
	}
	return string(f.texts[s.from:s.to])
}

func (f *fields) value(m *member) Value {
	switch m.kind {
	case Text, Number, Bool:
		return Value{kind: m.kind, text: f.text(m.value)}
	case Tree:
		return Value{kind: Tree, tree: &f.trees[m.value.from]}
	default:
		return Value{}
	}
}

// has reports whether there is a value that is not null.
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

// use removes the value of a key, not keyOther, from the context.
func (f *fields) use(k key) { f.used |= setOf(k) }

// unuse makes all values part of the context again.
func (f *fields) unuse() { f.used, f.left, f.problems = 0, nil, nil }

func (f *fields) fail(k key, format string, args ...any) {
	f.failNamed(k.String(), format, args...)
}

func (f *fields) failNamed(name, format string, args ...any) {
	f.problems = append(f.problems, f.prefix+name+": "+fmt.Sprintf(format, args...))
}
