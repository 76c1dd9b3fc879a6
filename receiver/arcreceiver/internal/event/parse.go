// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/go-faster/jx"
)

// parse reads the JSON object that raw must hold, and nothing else.
//
// What scan does not take is left to encoding/json, whose errors name the place,
// and which decides.
func (d *Decoder) parse(raw []byte) error {
	d.reset()
	if utf8.Valid(raw) && d.scan(raw) {
		d.share()
		return nil
	}
	d.reset()
	values, err := object(raw)
	d.addAll(values)
	return err
}

// maxNesting is how deep encoding/json and jx read. A tree is within an object.
const maxNesting = 10_000

// parseTree makes what encoding/json makes with UseNumber, of what is so deep.
func parseTree(d *jx.Decoder, depth int) (any, error) {
	next := d.Next()
	if depth > maxNesting && (next == jx.Array || next == jx.Object) {
		return nil, errTooDeep
	}
	switch next {
	case jx.String:
		return d.Str()
	case jx.Number:
		n, err := d.Num()
		if err != nil || n.Str() {
			return nil, errors.Join(err, errNumber)
		}
		return json.Number(n), nil
	case jx.Bool:
		return d.Bool()
	case jx.Null:
		return nil, d.Null()
	case jx.Array:
		list := []any{}
		err := d.Arr(func(d *jx.Decoder) error {
			value, err := parseTree(d, depth+1)
			list = append(list, value)
			return err
		})
		return list, err
	default:
		object := map[string]any{}
		err := d.ObjBytes(func(d *jx.Decoder, key []byte) error {
			name := string(key)
			value, err := parseTree(d, depth+1)
			object[name] = value
			return err
		})
		return object, err
	}
}

var (
	errTooDeep     = errors.New("nested too deep")
	errNumber      = errors.New("not a number")
	errAfterObject = errors.New("more text follows the JSON object")
)

// object decodes raw by encoding/json.
func object(raw []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return nil, syntaxError(err)
	}
	if values == nil {
		return nil, newError(ReasonSyntax, "an event is a JSON object, not null")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, newError(ReasonSyntax, "%v", errAfterObject)
	}
	return values, nil
}
