// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// found is what a record says under the keys of the table. It is large, and made
// for one record: on the stack, where writing to it is no work for the collector
// of garbage, which runs much of the time.
type found struct {
	keys   slotMask
	at     [maxSlots]uint8 // where the values of the keys are
	values [16]pcommon.Value
	more   []pcommon.Value // those for which values has no room
	taken  int
}

func (f *found) add(s slot, value pcommon.Value) {
	f.keys.set(s)
	f.at[s] = uint8(f.taken)
	if f.taken < len(f.values) {
		f.values[f.taken] = value
	} else {
		f.more = append(f.more, value)
	}
	f.taken++
}

// value returns that of a key which was found.
func (f *found) value(s slot) pcommon.Value {
	if at := int(f.at[s]); at < len(f.values) {
		return f.values[at]
	}
	return f.more[int(f.at[s])-len(f.values)]
}

// layout is how the records read before were laid out, by which the next is read.
type layout struct {
	order order
	plans plans
}

// find fills f, which is zero, from the attributes.
func (l *layout) find(f *found, r *reader, attributes pcommon.Map) {
	i := 0
	attributes.Range(func(key string, value pcommon.Value) bool {
		if s, known := l.order.find(i, key, &r.index); known && value.Type() != pcommon.ValueTypeEmpty {
			f.add(s, value)
		}
		i++
		return true
	})
}

// order is where the keys of the table were in the records read before. Records
// of one instrumentation have them in the same places, where comparing is
// cheaper than hashing.
type order [32]*indexEntry

// find returns the slot of the key that is the i-th of a record.
func (o *order) find(i int, key string, index *keyIndex) (slot, bool) {
	if i < len(o) && o[i] != nil && o[i].key == key {
		return o[i].slot, true
	}
	entry := index.find(key)
	if entry == nil {
		return 0, false
	}
	if i < len(o) {
		o[i] = entry
	}
	return entry.slot, true
}

// reading is a record that follows a convention.
type reading struct {
	*found
	*candidate
}

// first returns the value of the first of the field's keys that is there.
func (r reading) first(of field) (pcommon.Value, bool) {
	if !r.fields.has(of) {
		return pcommon.Value{}, false
	}
	for _, s := range r.rows[of].slots {
		if r.keys.has(s) {
			return r.value(s), true
		}
	}
	return pcommon.Value{}, false
}

// text returns the first text of the field's keys that is not blank.
func (r reading) text(of field) string {
	if !r.fields.has(of) {
		return ""
	}
	for _, s := range r.rows[of].slots {
		if !r.keys.has(s) {
			continue
		}
		if value := r.value(s); value.Type() == pcommon.ValueTypeStr {
			if text := strings.TrimSpace(value.Str()); text != "" {
				return text
			}
		}
	}
	return ""
}

// verdict says what a convention makes of a record that has its keys.
type verdict uint8

const (
	none verdict = iota // it is no call
	call                // it is one
)

// judge says what the convention makes of the record.
func (r reading) judge() verdict {
	if r.convention.marker == "" {
		return call
	}
	return r.kind(r.value(r.marker))
}

// kind compares the value of the marker.
func (c *compiled) kind(value pcommon.Value) verdict {
	if value.Type() != pcommon.ValueTypeStr {
		return none
	}
	said := value.Str()
	for _, kind := range c.calls {
		if said == kind || (kind[0] == '.' && strings.HasSuffix(said, kind)) {
			return call
		}
	}
	return none
}

// follow returns the convention of a span, or nil, and whether it is a call. Where
// several conventions know the span, one that knows it is not a call has the last
// word.
func (f *found) follow(p *plan) (of *candidate, isCall bool) {
	var first *candidate
	for i := range p.candidates {
		c := &p.candidates[i]
		if first != nil && c.convention.marker == "" {
			break // only for records that no marker speaks for
		}
		switch (reading{f, c}).judge() {
		case none:
			return c, false
		case call:
			if first == nil {
				first = c
			}
		}
	}
	return first, first != nil
}
