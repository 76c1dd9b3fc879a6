// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/hex"
	"errors"
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
)

// take takes a field that holds a string that is not empty; anything else stays
// with the context.
func (f *fields) take(k key) string {
	if !f.has(k) {
		return ""
	}
	m := &f.members[f.places[k]]
	if m.kind != Text || m.value.from == m.value.to {
		return ""
	}
	f.use(k)
	return f.text(m.value)
}

// takeFirst takes the first of the fields that can be taken.
func (f *fields) takeFirst(of ...key) string {
	for _, k := range of {
		if text := f.take(k); text != "" {
			return text
		}
	}
	return ""
}

// takeID takes a field that holds an ID: a string that is not empty, or a number.
func (f *fields) takeID(k key) string {
	id := f.peek(k).Text()
	if id != "" {
		f.use(k)
	}
	return id
}

// required takes a field that must hold a string that is not empty.
func (f *fields) required(k key) string {
	text := f.take(k)
	switch {
	case text != "":
	case !f.has(k):
		f.fail(k, "is missing")
	default:
		f.fail(k, "must be a text that is not empty")
	}
	return text
}

// id takes a field if it holds an identifier of len(dst) bytes in hexadecimal,
// not all zeros.
func (f *fields) id(k key, dst []byte) bool {
	value := f.peek(k)
	if value.kind != Text || len(value.text) != hex.EncodedLen(len(dst)) || strings.Trim(value.text, "0") == "" || !decodeHex(dst, value.text) {
		clear(dst)
		return false
	}
	f.use(k)
	return true
}

// decimal takes a number, or a string that holds one.
func (f *fields) decimal(k key) (text string, ok bool) {
	f.use(k)
	value := f.peek(k)
	switch {
	case value.kind == Null:
		return "", false
	case value.kind == Number, value.kind == Text && isDecimal(value.text):
		return value.text, true
	default:
		f.fail(k, "must be a number")
		return "", false
	}
}

// count takes a whole number from 0 to maxCount.
func (f *fields) count(k key) (n int64, known bool) {
	text, ok := f.decimal(k)
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil || value > maxCount:
		f.fail(k, "must be at most %d", int64(maxCount))
	case value < 0:
		f.fail(k, "must not be negative, is %.20s", text)
	case value != math.Trunc(value):
		f.fail(k, "must be a whole number, is %.20s", text)
	default:
		return int64(value), true // exact: maxCount is below 2^53
	}
	return 0, false
}

// amount takes a number from 0 to limit.
func (f *fields) amount(k key, limit float64) (value float64, known bool) {
	text, ok := f.decimal(k)
	if !ok {
		return 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	switch {
	case value < 0:
		f.fail(k, "must not be negative, is %.20s", text)
	case err != nil || value > limit:
		f.fail(k, "must be at most %.0f", limit)
	default:
		return value, true
	}
	return 0, false
}

func (f *fields) measure(k key) Measure {
	value, known := f.amount(k, maxAmount)
	return Measure{Value: value, Known: known}
}

// duration takes the first that is there: duration_seconds, duration (seconds)
// or duration_ms.
func (f *fields) duration() Duration {
	for _, unit := range []struct {
		key     key
		seconds float64
	}{{keyDurationSeconds, 1}, {keyDuration, 1}, {keyDurationMS, 1e-3}} {
		if f.has(unit.key) {
			value, known := f.amount(unit.key, maxSeconds/unit.seconds)
			return Duration{Seconds: value * unit.seconds, Known: known}
		}
	}
	return Duration{}
}

func (f *fields) requiredDuration() Duration {
	if !f.hasAny(durationKeys) {
		f.fail(keyDurationSeconds, "is missing, and so are duration and duration_ms")
	}
	return f.duration()
}

var durationKeys = setOf(keyDurationSeconds, keyDuration, keyDurationMS)

// isDecimal accepts decimal numbers of any size, and none of what strconv.ParseFloat
// accepts in addition: NaN, Inf, hexadecimals and underscores.
func isDecimal(text string) bool {
	if strings.Trim(text, "0123456789.eE+-") != "" {
		return false
	}
	_, err := strconv.ParseFloat(text, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}
