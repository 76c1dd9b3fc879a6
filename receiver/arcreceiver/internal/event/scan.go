// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

// scan reads an object in one pass: itself what is plain, which is most of all
// events, and by jx the texts with escaped characters. It returns false if raw
// is not an object. raw must be UTF-8.
func (d *Decoder) scan(raw []byte) bool {
	end, ok := d.scanObject(raw, skipSpace(raw, 0), 1, nil)
	return ok && skipSpace(raw, end) == len(raw)
}

// scanObject reads the object that begins at raw[i], and is so deep, into object, or
// that of the event itself, for which object is nil, into the members.
func (d *Decoder) scanObject(raw []byte, i, depth int, object map[string]any) (end int, ok bool) {
	if i == len(raw) || raw[i] != '{' {
		return i, false
	}
	i = skipSpace(raw, i+1)
	if i < len(raw) && raw[i] == '}' {
		return i + 1, true
	}
	for {
		if i == len(raw) || raw[i] != '"' {
			return i, false
		}
		name, end, ok := d.scanText(raw, i)
		if !ok {
			return end, false
		}
		if i = skipSpace(raw, end); i == len(raw) || raw[i] != ':' {
			return i, false
		}
		if i = skipSpace(raw, i+1); i == len(raw) {
			return i, false
		}
		if object == nil {
			i, ok = d.scanMember(d.add(name), raw, i)
		} else {
			own := string(name)
			object[own], i, ok = d.scanTree(raw, i, depth+1)
		}
		if !ok {
			return i, false
		}
		if i = skipSpace(raw, i); i == len(raw) {
			return i, false
		}
		switch raw[i] {
		case ',':
			i = skipSpace(raw, i+1)
		case '}':
			return i + 1, true
		default:
			return i, false
		}
	}
}

// scanMember reads the value that begins at raw[i] into m.
func (d *Decoder) scanMember(m *member, raw []byte, i int) (end int, ok bool) {
	from := len(d.texts)
	switch c := raw[i]; {
	case c == '"':
		text, end, ok := d.scanText(raw, i)
		if ok {
			d.texts = append(d.texts, text...)
			d.set(m, Text, from)
		}
		return end, ok
	case c == '-' || '0' <= c && c <= '9':
		if end, ok = numberEnd(raw, i); ok {
			d.texts = append(d.texts, raw[i:end]...)
			d.set(m, Number, from)
		}
		return end, ok
	case c == '{' || c == '[':
		tree, end, ok := d.scanTree(raw, i, 2)
		if ok {
			d.setTree(m, tree)
		}
		return end, ok
	default:
		value, end, ok := scanWord(raw, i)
		if isTrue, isBool := value.(bool); isBool {
			d.setBool(m, isTrue)
		}
		return end, ok
	}
}

// scanText reads the text that begins at raw[i], a quotation mark. The text is good
// until the next is read.
func (d *Decoder) scanText(raw []byte, i int) (text []byte, end int, ok bool) {
	if end = plainEnd(raw, i+1); end == len(raw) {
		return nil, end, false
	}
	if raw[end] == '"' {
		return raw[i+1 : end], end + 1, true
	}
	return d.scanEscaped(raw, i)
}

func (d *Decoder) scanEscaped(raw []byte, i int) (text []byte, end int, ok bool) {
	d.json.ResetBytes(raw[i:])
	defer d.json.ResetBytes(nil)
	quoted, err := d.json.Raw()
	if err != nil {
		return nil, i, false
	}
	d.json.ResetBytes(quoted)
	if d.unescaped, err = d.json.StrAppend(d.unescaped[:0]); err != nil {
		return nil, i, false
	}
	return d.unescaped, i + len(quoted), true
}

// scanWord reads true, false or null.
func scanWord(raw []byte, i int) (value any, end int, ok bool) {
	switch {
	case hasPrefix(raw[i:], textTrue):
		return true, i + len(textTrue), true
	case hasPrefix(raw[i:], textFalse):
		return false, i + len(textFalse), true
	case hasPrefix(raw[i:], "null"):
		return nil, i + len("null"), true
	default:
		return nil, i, false
	}
}
