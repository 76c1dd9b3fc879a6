// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/binary"
	"math/bits"
)

// scan reads an object in one pass: itself what is plain, which is most of all
// events, and by jx the values with members, elements, or escaped characters. It
// returns false if raw is not an object. raw must be UTF-8.
func (d *Decoder) scan(raw []byte) bool {
	i := skipSpace(raw, 0)
	if i == len(raw) || raw[i] != '{' {
		return false
	}
	i = skipSpace(raw, i+1)
	if i < len(raw) && raw[i] == '}' {
		return skipSpace(raw, i+1) == len(raw)
	}
	for {
		var ok bool
		if i, ok = d.scanMember(raw, i); !ok {
			return false
		}
		if i = skipSpace(raw, i); i == len(raw) {
			return false
		}
		switch raw[i] {
		case ',':
			i = skipSpace(raw, i+1)
		case '}':
			return skipSpace(raw, i+1) == len(raw)
		default:
			return false
		}
	}
}

// scanMember reads a name and a value from raw[i] on. It returns what follows.
func (d *Decoder) scanMember(raw []byte, i int) (end int, ok bool) {
	if i == len(raw) || raw[i] != '"' {
		return i, false
	}
	var m *member
	if end := plainEnd(raw, i+1); end == len(raw) {
		return i, false
	} else if raw[end] == '"' {
		m, i = d.add(raw[i+1:end]), end+1
	} else {
		d.json.ResetBytes(raw[i:])
		text, err := d.json.Raw()
		if err != nil {
			return i, false
		}
		i += len(text)
		d.json.ResetBytes(text)
		name, err := d.json.StrBytes()
		if err != nil {
			return i, false
		}
		m = d.add(name)
	}
	if i = skipSpace(raw, i); i == len(raw) || raw[i] != ':' {
		return i, false
	}
	if i = skipSpace(raw, i+1); i == len(raw) {
		return i, false
	}
	return d.scanValue(m, raw, i)
}

// scanValue reads the value that begins at raw[i] into m.
func (d *Decoder) scanValue(m *member, raw []byte, i int) (end int, ok bool) {
	from := len(d.texts)
	switch c := raw[i]; {
	case c == '"':
		if end = plainEnd(raw, i+1); end == len(raw) {
			return i, false
		}
		if raw[end] != '"' {
			return d.scanByJX(m, raw, i)
		}
		d.texts = append(d.texts, raw[i+1:end]...)
		d.set(m, Text, from)
		return end + 1, true
	case c == '-' || '0' <= c && c <= '9':
		if end, ok = numberEnd(raw, i); ok {
			d.texts = append(d.texts, raw[i:end]...)
			d.set(m, Number, from)
		}
		return end, ok
	case c == '{' || c == '[':
		return d.scanByJX(m, raw, i)
	case hasPrefix(raw[i:], "true"):
		d.setBool(m, true)
		return i + len("true"), true
	case hasPrefix(raw[i:], "false"):
		d.setBool(m, false)
		return i + len("false"), true
	case hasPrefix(raw[i:], "null"):
		return i + len("null"), true
	default:
		return i, false
	}
}

// scanByJX reads a text, list or object.
func (d *Decoder) scanByJX(m *member, raw []byte, i int) (end int, ok bool) {
	d.json.ResetBytes(raw[i:])
	defer d.json.ResetBytes(nil)
	value, err := d.json.Raw()
	if err != nil {
		return i, false
	}
	d.json.ResetBytes(value)
	if raw[i] == '"' {
		from := len(d.texts)
		if d.texts, err = d.json.StrAppend(d.texts); err == nil {
			d.set(m, Text, from)
		}
	} else {
		var tree any
		if tree, err = parseTree(&d.json, 2); err == nil {
			d.setTree(m, tree)
		}
	}
	return i + len(value), err == nil
}

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
