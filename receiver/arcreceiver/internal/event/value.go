// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"strconv"
)

// Type is the type of a [Value].
type Type uint8

// The types of values.
const (
	Null Type = iota
	Bool
	Number
	Text
	Tree // a list or an object
)

// Value is a value of a JSON object. The zero value is null.
//
// It has four words, with which the compiler keeps it in registers.
type Value struct {
	text string // of a number as it was written
	tree *any   // []any or map[string]any
	kind Type
}

// Type returns the type of the value.
func (v Value) Type() Type { return v.kind }

// Text returns a text, or the text of a number; else "".
func (v Value) Text() string {
	if v.kind == Text || v.kind == Number {
		return v.text
	}
	return ""
}

// Bool reports whether the value is true.
func (v Value) Bool() bool { return v.kind == Bool && v.text == textTrue }

// Int returns a number that is an integer of 64 bits.
func (v Value) Int() (int64, bool) {
	if v.kind != Number {
		return 0, false
	}
	i, err := strconv.ParseInt(v.text, 10, 64)
	return i, err == nil
}

// Float returns the nearest float64 to a number, if there is one.
func (v Value) Float() (float64, bool) {
	if v.kind != Number {
		return 0, false
	}
	d, err := strconv.ParseFloat(v.text, 64)
	return d, err == nil
}

// Tree returns a list or an object: []any or map[string]any of string, bool,
// int64, float64, nil, and of these two; or a string, the JSON text of one that is
// too large for attributes. It may change the value.
func (v Value) Tree() any {
	if v.kind != Tree {
		return nil
	}
	return plain(*v.tree, 1)
}

const (
	textTrue  = "true"
	textFalse = "false"
)

// valueOf takes what encoding/json decodes with UseNumber.
func valueOf(decoded any) Value {
	switch v := decoded.(type) {
	case string:
		return Value{kind: Text, text: v}
	case json.Number:
		return Value{kind: Number, text: v.String()}
	case bool:
		return Value{kind: Bool, text: strconv.FormatBool(v)}
	case []any, map[string]any:
		return Value{kind: Tree, tree: &decoded}
	default:
		return Value{}
	}
}

// decoded is the opposite of valueOf.
func (v Value) decoded() any {
	switch v.kind {
	case Text:
		return v.text
	case Number:
		return json.Number(v.text)
	case Bool:
		return v.Bool()
	case Tree:
		return *v.tree
	default:
		return nil
	}
}

// object returns the members of an object.
func (v Value) object() (map[string]any, bool) {
	if v.kind != Tree {
		return nil, false
	}
	members, ok := (*v.tree).(map[string]any)
	return members, ok
}

// maxDepth is how deep fields may be nested before the rest is kept as JSON text.
const maxDepth = 16

// maxMembers is how many members an object may have that becomes attributes:
// each is compared with all before it when it is added to them. Those of a
// larger one are kept as JSON text.
const maxMembers = 1024

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
