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
}

// read fills f from the attributes, whatever it held before.
func (f *found) read(r *reader, attributes pcommon.Map) {
	clear(f.has[:])
	attributes.Range(func(key string, value pcommon.Value) bool {
		if s, known := r.index.find(key); known && value.Type() != pcommon.ValueTypeEmpty {
			f.values[s] = value
			f.has.set(s)
		}
		return true
	})
}

func (f *found) any(set *slotSet) bool { return f.has.meets(&set.mask) }

// first returns the value of the first of the slots that has one.
func (f *found) first(set *slotSet) (pcommon.Value, bool) {
	if !f.any(set) {
		return pcommon.Value{}, false
	}
	for _, s := range set.slots {
		if f.has.has(s) {
			return f.values[s], true
		}
	}
	return pcommon.Value{}, false
}

// text returns the first text of the slots that is not blank.
func (f *found) text(set *slotSet) string {
	if !f.any(set) {
		return ""
	}
	for _, s := range set.slots {
		if f.has.has(s) && f.values[s].Type() == pcommon.ValueTypeStr {
			if text := strings.TrimSpace(f.values[s].Str()); text != "" {
				return text
			}
		}
	}
	return ""
}

// verdict says what a convention makes of a record.
type verdict uint8

const (
	silent verdict = iota // the record does not follow the convention
	none                  // it does, and is no call
	call                  // it does, and is one
)

// judge says what the convention makes of the record.
func (c *compiled) judge(f *found) verdict {
	if len(c.signature.slots) > 0 && !f.any(&c.signature) {
		return silent
	}
	for i := range c.without {
		if !f.any(&c.without[i]) {
			return silent
		}
	}
	if c.convention.marker == "" {
		return call
	}
	if !f.has.has(c.marker) {
		return silent
	}
	return c.kind(f.values[c.marker])
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
func (r *reader) follow(f *found) *compiled {
	var first *compiled
	for i := range r.conventions {
		c := &r.conventions[i]
		if first != nil && c.convention.marker == "" {
			break // only for records that no marker speaks for
		}
		switch c.judge(f) {
		case none:
			return nil
		case call:
			if first == nil {
				first = c
			}
		case silent:
		}
	}
	return first
}
