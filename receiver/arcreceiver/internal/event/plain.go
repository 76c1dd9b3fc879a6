// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/binary"
	"encoding/json/jsontext"
	"unicode/utf8"
)

// readPlain reads an object of texts, numbers, true, false and null, as most events
// are, in half the time that jsontext takes. It is false for
// everything else, and for what is not valid; which of the two it is, others find.
func (d *Decoder) readPlain(raw []byte) bool {
	i := skipSpace(raw, 0)
	if byteAt(raw, i) != '{' || !utf8.Valid(raw) {
		return false
	}
	if i = skipSpace(raw, i+1); byteAt(raw, i) == '}' {
		return skipSpace(raw, i+1) == len(raw)
	}
	for {
		name, end, ok := d.readText(raw, i)
		if !ok {
			return false
		}
		m := d.add(name)
		if i = skipSpace(raw, end); byteAt(raw, i) != ':' || len(d.members) > maxMembers || d.repeats(m) {
			return false
		}
		if i, ok = d.readPlainMember(m, raw, skipSpace(raw, i+1)); !ok {
			return false
		}
		i = skipSpace(raw, i)
		switch byteAt(raw, i) {
		case ',':
			i = skipSpace(raw, i+1)
		case '}':
			return skipSpace(raw, i+1) == len(raw)
		default:
			return false
		}
	}
}

// readPlainMember reads the value that begins at raw[i] into m.
func (d *Decoder) readPlainMember(m *member, raw []byte, i int) (end int, ok bool) {
	switch c := byteAt(raw, i); {
	case c == '"':
		var text span
		if text, end, ok = d.readText(raw, i); ok {
			d.setSpan(m, Text, text)
		}
		return end, ok
	case c == '-' || isDigit(c):
		if end, ok = numberEnd(raw, i); ok {
			d.set(m, Number, raw[i:end])
		}
		return end, ok
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if end = i + len(word); end <= len(raw) && string(raw[i:end]) == word {
			if word != "null" {
				d.set(m, Bool, raw[i:end])
			}
			return end, true
		}
	}
	return i, false
}

// readText reads the text that begins at raw[i], with a quotation mark.
func (d *Decoder) readText(raw []byte, i int) (text span, end int, ok bool) {
	if byteAt(raw, i) != '"' {
		return span{}, i, false
	}
	length := bytes.IndexByte(raw[i+1:], '"')
	if length < 0 {
		return span{}, i, false
	}
	if plain := raw[i+1 : i+1+length]; bytes.IndexByte(plain, '\\') < 0 {
		return d.append(plain), i + length + 2, !hasControl(plain)
	}
	for end = i + 1; byteAt(raw, end) != '"'; end++ {
		if byteAt(raw, end) == '\\' {
			end++
		}
		if end >= len(raw) {
			return span{}, i, false
		}
	}
	from := len(d.texts)
	var err error
	d.texts, err = jsontext.AppendUnquote(d.texts, raw[i:end+1])
	return span{to32(from), to32(len(d.texts))}, end + 1, err == nil
}

// hasControl reports whether one of the bytes is below a space.
func hasControl(text []byte) bool {
	const each = 0x0101010101010101
	for ; len(text) >= 8; text = text[8:] {
		// A byte below a space borrows, and its highest bit is not set before.
		if x := binary.LittleEndian.Uint64(text); (x-' '*each)&^x&(0x80*each) != 0 {
			return true
		}
	}
	for _, c := range text {
		if c < ' ' {
			return true
		}
	}
	return false
}

// byteAt is 0 behind the end.
func byteAt(raw []byte, i int) byte {
	if i >= len(raw) {
		return 0
	}
	return raw[i]
}

// skipSpace returns the place of the first byte from i on that is not white space.
func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// numberEnd returns the place after the number that begins at raw[i], if it is one.
func numberEnd(raw []byte, i int) (end int, ok bool) {
	digits := func() bool {
		from := i
		for isDigit(byteAt(raw, i)) {
			i++
		}
		return i > from
	}
	if raw[i] == '-' {
		i++
	}
	if byteAt(raw, i) == '0' {
		i++
	} else if !digits() {
		return i, false
	}
	if byteAt(raw, i) == '.' {
		i++
		if !digits() {
			return i, false
		}
	}
	if c := byteAt(raw, i); c == 'e' || c == 'E' {
		i++
		if c := byteAt(raw, i); c == '+' || c == '-' {
			i++
		}
		if !digits() {
			return i, false
		}
	}
	return i, true
}
