// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// found is what a record says under the keys of the table.
type found struct {
	values [maxSlots]pcommon.Value
	has    slotMask
	of     *reader // that order and plans are of
	order  order
	plans  plans
}

// read fills f from the attributes, whatever it held before.
func (f *found) read(r *reader, attributes pcommon.Map) {
	if f.of != r {
		f.of, f.order, f.plans = r, order{}, plans{}
	}
	clear(f.has[:])
	i := 0
	attributes.Range(func(key string, value pcommon.Value) bool {
		if s, known := f.order.find(i, key, &r.index); known && value.Type() != pcommon.ValueTypeEmpty {
			f.values[s] = value
			f.has.set(s)
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

// plan is that for what was read.
func (f *found) plan() *plan { return f.plans.get(f.of, &f.has) }

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
		if r.has.has(s) {
			return r.values[s], true
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
		if r.has.has(s) && r.values[s].Type() == pcommon.ValueTypeStr {
			if text := strings.TrimSpace(r.values[s].Str()); text != "" {
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
	return r.kind(r.values[r.marker])
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

// follow returns the convention of a span that is a call, or nil. Where several
// conventions know the span, one that knows it is no call has the last word.
func (f *found) follow() *candidate {
	p := f.plan()
	var first *candidate
	for i := range p.candidates {
		c := &p.candidates[i]
		if first != nil && c.convention.marker == "" {
			break // only for records that no marker speaks for
		}
		switch (reading{f, c}).judge() {
		case none:
			return nil
		case call:
			if first == nil {
				first = c
			}
		}
	}
	return first
}
