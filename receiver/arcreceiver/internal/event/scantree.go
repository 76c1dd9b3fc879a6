// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "encoding/json"

// maxNesting is how deep encoding/json reads.
const maxNesting = 10_000

// scanTree reads the value that begins at raw[i], and is so deep, into what
// encoding/json makes of it with UseNumber.
func (d *Decoder) scanTree(raw []byte, i, depth int) (value any, end int, ok bool) {
	switch c := raw[i]; {
	case c == '"':
		text, end, ok := d.scanText(raw, i)
		return string(text), end, ok
	case c == '-' || '0' <= c && c <= '9':
		end, ok := numberEnd(raw, i)
		return json.Number(raw[i:end]), end, ok
	case c == '{' || c == '[':
		if depth > maxNesting {
			return nil, i, false
		}
		if c == '[' {
			return d.scanList(raw, i, depth)
		}
		object := map[string]any{}
		end, ok := d.scanObject(raw, i, depth, object)
		return object, end, ok
	default:
		return scanWord(raw, i)
	}
}

// scanList reads the list that begins at raw[i].
func (d *Decoder) scanList(raw []byte, i, depth int) (value any, end int, ok bool) {
	list := []any{}
	i = skipSpace(raw, i+1)
	if i < len(raw) && raw[i] == ']' {
		return list, i + 1, true
	}
	for i < len(raw) {
		element, end, ok := d.scanTree(raw, i, depth+1)
		if !ok {
			return nil, end, false
		}
		list = append(list, element)
		if i = skipSpace(raw, end); i == len(raw) {
			break
		}
		switch raw[i] {
		case ',':
			i = skipSpace(raw, i+1)
		case ']':
			return list, i + 1, true
		default:
			return nil, i, false
		}
	}
	return nil, i, false
}
