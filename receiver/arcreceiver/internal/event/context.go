// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "math/bits"

// isContext reports whether a member is not null and was not used.
func (f *fields) isContext(m *member) bool {
	return m.kind != Null && !f.used.has(m.key)
}

// context yields what was not used.
func (f *fields) context(yield func(string, Value) bool) {
	for _, field := range f.left {
		if !yield(field.name, field.value) {
			return
		}
	}
	for i := range f.members {
		if m := &f.members[i]; f.isContext(m) && !yield(f.text(m.name), f.value(m)) {
			return
		}
	}
}

// contextBound returns how many fields context yields at most.
func (f *fields) contextBound() int {
	return len(f.left) + len(f.members) - bits.OnesCount64(uint64(f.used&f.present))
}

// contextLen returns how many fields context yields.
func (f *fields) contextLen() int {
	n := len(f.left)
	for i := range f.members {
		if f.isContext(&f.members[i]) {
			n++
		}
	}
	return n
}

// tree returns the context as encoding/json would decode it, nil if there is none.
func (f *fields) tree() map[string]any {
	n := f.contextLen()
	if n == 0 {
		return nil
	}
	tree := make(map[string]any, n)
	for name, value := range f.context {
		tree[name] = value.decoded()
	}
	return tree
}

// leave keeps part of a used field with the context.
func (f *fields) leave(k key, part *fields) {
	f.use(k)
	f.problems = append(f.problems, part.problems...)
	if rest := part.tree(); rest != nil {
		f.left = append(f.left, field{k.String(), valueOf(rest)})
	}
}
