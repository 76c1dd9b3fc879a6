// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/binary"
	"math/bits"
)

func hasPrefix(text []byte, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

// skipSpace returns the place of the first byte from i on that is not white space.
func skipSpace(raw []byte, i int) int {
	for i < len(raw) && raw[i] <= ' ' && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// plainEnd returns the place of the first byte from i on that is not plain text
// within a JSON string: a quotation mark, a backslash, or a control character.
func plainEnd(raw []byte, i int) int {
	for ; i+8 <= len(raw); i += 8 {
		if found := notPlain(binary.LittleEndian.Uint64(raw[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(raw) && raw[i] >= ' ' && raw[i] != '"' && raw[i] != '\\' {
		i++
	}
	return i
}

// notPlain marks, by the highest bit, the bytes of eight that are not plain text. A
// mark is right if there is none below it.
//
// A byte of x ^ c is 0 where x has c; less one, it borrows, and its highest bit,
// if it was not set before, tells. That works for all bytes below ' ' alike.
func notPlain(x uint64) uint64 {
	const (
		each  = 0x0101010101010101
		marks = 0x80 * each
	)
	quote, backslash := x^('"'*each), x^('\\'*each)
	return ((quote-each)&^quote | (backslash-each)&^backslash | (x-' '*each)&^x) & marks
}

// numberEnd returns the place after the number that begins at raw[i], if it is one.
func numberEnd(raw []byte, i int) (end int, ok bool) {
	digits := func() bool {
		from := i
		for i < len(raw) && '0' <= raw[i] && raw[i] <= '9' {
			i++
		}
		return i > from
	}
	if raw[i] == '-' {
		i++
	}
	if i < len(raw) && raw[i] == '0' {
		i++
	} else if !digits() {
		return i, false
	}
	if i < len(raw) && raw[i] == '.' {
		i++
		if !digits() {
			return i, false
		}
	}
	if i < len(raw) && (raw[i] == 'e' || raw[i] == 'E') {
		i++
		if i < len(raw) && (raw[i] == '+' || raw[i] == '-') {
			i++
		}
		if !digits() {
			return i, false
		}
	}
	return i, true
}
