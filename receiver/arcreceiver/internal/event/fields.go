// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	// maxCount bounds token counts. It is far above what a call can have, and
	// keeps sums of counts, and counts times a price, within 64 bits.
	maxCount = 1 << 40
	// maxSeconds bounds durations: a year of 366 days.
	maxSeconds = 366 * 24 * 60 * 60
	// maxAmount bounds all other numbers: 2^53, to which each integer has a float64.
	maxAmount = 1 << 53
	// maxDepth is how deep fields may be nested before the rest is kept as JSON text.
	maxDepth = 16
	// maxMembers is how many members an object may have that becomes attributes:
	// each is compared with all before it when it is added to them. Those of a
	// larger one are kept as JSON text.
	maxMembers = 1024
)

// fields are the members of a JSON object. Fields that were used are known; the
// others are the event's context.
type fields struct {
	members []member
	index   map[string]int // into members, where there are many
	left    map[string]any // what is left of used fields
	prefix  string         // of the names in errors

	problems []string // each begins with the name of a field
}

// member is a name and its value: a string, bool, json.Number, []any,
// map[string]any, or nil.
type member struct {
	key   string
	value any
	used  bool
}

// nested makes fields of an object within an event.
func nested(values map[string]any, prefix string) *fields {
	f := &fields{prefix: prefix}
	for key, value := range values {
		f.add(key, value)
	}
	return f
}

// manyMembers is the number of members from which on an index finds them faster
// than a look at each.
const manyMembers = 48

// add appends a member. Of two with one name the later counts, as with
// encoding/json.
func (f *fields) add(key string, value any) {
	if m := f.find(key); m != nil {
		m.value = value
		return
	}
	f.members = append(f.members, member{key: key, value: value})
	switch {
	case f.index != nil:
		f.index[key] = len(f.members) - 1
	case len(f.members) == manyMembers:
		f.index = make(map[string]int, 2*manyMembers)
		for i, m := range f.members {
			f.index[m.key] = i
		}
	}
}

func (f *fields) find(key string) *member {
	if f.index != nil {
		if i, ok := f.index[key]; ok {
			return &f.members[i]
		}
		return nil
	}
	for i := range f.members {
		if f.members[i].key == key {
			return &f.members[i]
		}
	}
	return nil
}

func (f *fields) fail(key, format string, args ...any) {
	f.problems = append(f.problems, f.prefix+key+": "+fmt.Sprintf(format, args...))
}

// peek returns a value, nil if absent or null.
func (f *fields) peek(key string) any {
	if m := f.find(key); m != nil {
		return m.value
	}
	return nil
}

func (f *fields) has(key string) bool { return f.peek(key) != nil }

func (f *fields) use(key string) {
	if m := f.find(key); m != nil {
		m.used = true
	}
}

// unuse forgets what was taken.
func (f *fields) unuse() {
	for i := range f.members {
		f.members[i].used = false
	}
	f.left, f.problems = nil, nil
}

// leave keeps part of a used field with the context.
func (f *fields) leave(key string, part map[string]any) {
	f.use(key)
	if part == nil {
		return
	}
	if f.left == nil {
		f.left = map[string]any{}
	}
	f.left[key] = part
}

// text takes a field if it holds a string that is not empty; anything else
// stays with the context.
func (f *fields) text(keys ...string) string {
	for _, key := range keys {
		if m := f.find(key); m != nil {
			if text, ok := m.value.(string); ok && text != "" {
				m.used = true
				return text
			}
		}
	}
	return ""
}

// required takes a field that must hold a string that is not empty.
func (f *fields) required(key string) string {
	text := f.text(key)
	switch {
	case text != "":
	case !f.has(key):
		f.fail(key, "is missing")
	default:
		f.fail(key, "must be a text that is not empty")
	}
	return text
}

// id takes a field if it holds an identifier of len(dst) bytes in hexadecimal,
// not all zeros.
func (f *fields) id(key string, dst []byte) bool {
	text, _ := f.peek(key).(string)
	if len(text) != hex.EncodedLen(len(dst)) || strings.Trim(text, "0") == "" || !decodeHex(dst, text) {
		clear(dst)
		return false
	}
	f.use(key)
	return true
}

// number takes a number, or a string that holds one.
func (f *fields) number(key string) (text string, ok bool) {
	f.use(key)
	switch v := f.peek(key).(type) {
	case nil:
		return "", false
	case json.Number:
		return v.String(), true
	case string:
		if isDecimal(v) {
			return v, true
		}
	}
	f.fail(key, "must be a number")
	return "", false
}

// count takes a whole number from 0 to maxCount.
func (f *fields) count(key string) (n int64, known bool) {
	text, ok := f.number(key)
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || value > maxCount:
		f.fail(key, "must be at most %d", int64(maxCount))
	case value < 0:
		f.fail(key, "must not be negative, is %.20s", text)
	case value != math.Trunc(value):
		f.fail(key, "must be a whole number, is %.20s", text)
	default:
		return int64(value), true // exact: maxCount is below 2^53
	}
	return 0, false
}

// amount takes a number from 0 to limit.
func (f *fields) amount(key string, limit float64) (value float64, known bool) {
	text, ok := f.number(key)
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case value < 0:
		f.fail(key, "must not be negative, is %.20s", text)
	case err != nil || value > limit:
		f.fail(key, "must be at most %.0f", limit)
	default:
		return value, true
	}
	return 0, false
}

func (f *fields) measure(key string) Measure {
	value, known := f.amount(key, maxAmount)
	return Measure{Value: value, Known: known}
}

// duration takes the first that is there: duration_seconds, duration (seconds)
// or duration_ms.
func (f *fields) duration() Duration {
	for _, unit := range []struct {
		key     string
		seconds float64
	}{{"duration_seconds", 1}, {"duration", 1}, {"duration_ms", 1e-3}} {
		if f.has(unit.key) {
			value, known := f.amount(unit.key, maxSeconds/unit.seconds)
			return Duration{Seconds: value * unit.seconds, Known: known}
		}
	}
	return Duration{}
}

func (f *fields) requiredDuration() Duration {
	if !f.hasDuration() {
		f.fail("duration_seconds", "is missing, and so are duration and duration_ms")
	}
	return f.duration()
}

func (f *fields) hasDuration() bool {
	return f.has("duration_seconds") || f.has("duration") || f.has("duration_ms")
}

// rest returns what was not used, nil if nothing.
func (f *fields) rest() map[string]any {
	rest := f.left
	for _, m := range f.members {
		if m.value == nil || m.used {
			continue
		}
		if rest == nil {
			rest = make(map[string]any)
		}
		rest[m.key] = plain(m.value, 1)
	}
	if len(rest) > maxMembers {
		return map[string]any{tooMany: jsonText(rest)}
	}
	return rest
}

// tooMany is the field that holds the fields of an event that has too many.
const tooMany = "arc.fields"

// plain turns what encoding/json decoded into what [Event].Fields holds.
func plain(value any, depth int) any {
	switch v := value.(type) {
	case json.Number:
		return plainNumber(v)
	case map[string]any:
		if depth > maxDepth || len(v) > maxMembers {
			return jsonText(v)
		}
		for key, member := range v {
			v[key] = plain(member, depth+1)
		}
	case []any:
		if depth > maxDepth {
			return jsonText(v)
		}
		for i, element := range v {
			v[i] = plain(element, depth+1)
		}
	}
	return value
}

// plainNumber keeps integers as integers. One of more than 64 bits becomes the
// nearest float64, and what is beyond that stays text.
func plainNumber(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if d, err := n.Float64(); err == nil {
		return d
	}
	return n.String()
}

func jsonText(value any) any {
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return string(text)
}

// isDecimal tells decimal numbers, of any size, from what strconv.ParseFloat
// takes besides: NaN, Inf, hexadecimals and underscores.
func isDecimal(text string) bool {
	if strings.Trim(text, "0123456789.eE+-") != "" {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}
