// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

// scan reads an object in one pass: itself what is plain, which is most of all
// events, and by jx the texts with escaped characters. It returns false if raw
// is not an object. raw must be UTF-8.
func (d *Decoder) scan(raw []byte) bool {
	i, more, ok := firstMember(raw, skipSpace(raw, 0))
	for more {
		var m *member
		if m, i, ok = d.scanLabel(raw, i); !ok {
			return false
		}
		if i, ok = d.scanMember(m, raw, i); !ok {
			return false
		}
		if i < len(raw) && raw[i] == ',' {
			i = skipSpace(raw, i+1) // as nextMember does, for most
			continue
		}
		i, more, ok = nextMember(raw, i)
	}
	return ok && skipSpace(raw, i) == len(raw)
}

// scanObject reads the object that begins at raw[i], and is so deep, into object.
func (d *Decoder) scanObject(raw []byte, i, depth int, object map[string]any) (end int, ok bool) {
	i, more, ok := firstMember(raw, i)
	for more {
		var name []byte
		if name, i, ok = d.scanName(raw, i); !ok {
			return i, false
		}
		own := string(name)
		if object[own], i, ok = d.scanTree(raw, i, depth+1); !ok {
			return i, false
		}
		i, more, ok = nextMember(raw, i)
	}
	return i, ok
}

// firstMember returns the place of the first member of the object that begins at
// raw[i]; where there is none more, that after the object.
func firstMember(raw []byte, i int) (at int, more, ok bool) {
	if i == len(raw) || raw[i] != '{' {
		return i, false, false
	}
	if i = skipSpace(raw, i+1); i < len(raw) && raw[i] == '}' {
		return i + 1, false, true
	}
	return i, true, true
}

// nextMember returns the place of the next member after a value that ended before raw[i];
// where there is none more, that after the object.
func nextMember(raw []byte, i int) (at int, more, ok bool) {
	if i = skipSpace(raw, i); i == len(raw) {
		return i, false, false
	}
	switch raw[i] {
	case ',':
		return skipSpace(raw, i+1), true, true
	case '}':
		return i + 1, false, true
	default:
		return i, false, false
	}
}

// scanLabel reads the name that begins at raw[i] into a new member, and returns the
// place of its value. The name that is expected is looked for before it is read.
func (d *Decoder) scanLabel(raw []byte, i int) (m *member, value int, ok bool) {
	if l := d.expected(); l != nil && l.quoted != "" && hasPrefix(raw[i:], l.quoted) {
		value = skipSpace(raw, i+len(l.quoted))
		return d.addLabelled(l), value, value < len(raw)
	}
	name, value, ok := d.scanName(raw, i)
	if !ok {
		return nil, value, false
	}
	return d.add(name), value, true
}

// scanName reads the name that begins at raw[i], and returns the place of its value.
// The name is good until the next text is read.
func (d *Decoder) scanName(raw []byte, i int) (name []byte, value int, ok bool) {
	if i == len(raw) || raw[i] != '"' {
		return nil, i, false
	}
	if name, i, ok = d.scanText(raw, i); !ok {
		return nil, i, false
	}
	value, ok = skipColon(raw, i)
	return name, value, ok
}

// skipColon returns the place of the value after the name that ended before raw[i].
func skipColon(raw []byte, i int) (value int, ok bool) {
	if i = skipSpace(raw, i); i == len(raw) || raw[i] != ':' {
		return i, false
	}
	value = skipSpace(raw, i+1)
	return value, value < len(raw)
}

// scanMember reads the value that begins at raw[i] into m.
func (d *Decoder) scanMember(m *member, raw []byte, i int) (end int, ok bool) {
	switch c := raw[i]; {
	case c == '"':
		if end = plainEnd(raw, i+1); end < len(raw) && raw[end] == '"' {
			d.set(m, Text, raw[i+1:end])
			return end + 1, true
		}
		text, end, ok := d.scanEscaped(raw, i)
		if ok {
			d.set(m, Text, text)
		}
		return end, ok
	case c == '-' || '0' <= c && c <= '9':
		if end, ok = numberEnd(raw, i); ok {
			d.set(m, Number, raw[i:end])
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
