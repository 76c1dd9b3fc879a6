// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/json"
	"encoding/json/jsontext"
	"errors"
	"io"
)

// parse reads the JSON object that raw must hold, and nothing else.
//
// What readPlain and readObject reject is left to encoding/json, whose errors name the place, and
// which decides: it accepts two members of one name, of which the later counts, and
// text that is not UTF-8.
func (d *Decoder) parse(raw []byte) error {
	d.reset()
	plain := d.readPlain(raw)
	if !plain {
		d.reset()
	}
	if plain || d.readObject(raw) == nil {
		d.share()
		return nil
	}
	d.reset()
	values, err := object(raw)
	d.addAll(values)
	return err
}

var (
	errNoObject    = errors.New("not a JSON object")
	errMembers     = errors.New("a name comes twice, or there are many")
	errAfterObject = errors.New("more text follows the JSON object")
)

func (d *Decoder) readObject(raw []byte) error {
	d.source = *bytes.NewBuffer(raw)
	d.json.Reset(&d.source, jsontext.AllowDuplicateNames(true)) // they are found below, in less time
	if token, err := d.json.ReadToken(); err != nil || token.Kind() != jsontext.KindBeginObject {
		return errNoObject
	}
	for d.json.PeekKind() != jsontext.KindEndObject {
		name, err := d.json.ReadValue()
		if err != nil {
			return err
		}
		m := d.add(d.unquote(name))
		if len(d.members) > maxMembers || d.repeats(m) {
			return errMembers
		}
		if err := d.readMember(m); err != nil {
			return err
		}
	}
	if _, err := d.json.ReadToken(); err != nil {
		return err
	}
	if len(bytes.Trim(raw[d.json.InputOffset():], " \t\r\n")) > 0 {
		return errAfterObject
	}
	return nil
}

// readMember reads the value of a member.
func (d *Decoder) readMember(m *member) error {
	if kind := d.json.PeekKind(); kind == jsontext.KindBeginObject || kind == jsontext.KindBeginArray {
		tree, err := readTree(&d.json)
		d.setTree(m, tree)
		return err
	}
	value, err := d.json.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case jsontext.KindString:
		d.setSpan(m, Text, d.unquote(value))
	case jsontext.KindNumber:
		d.set(m, Number, value)
	case jsontext.KindTrue, jsontext.KindFalse:
		d.set(m, Bool, value)
	}
	return nil
}

// readTree reads a value into what encoding/json makes of it with UseNumber.
func readTree(from *jsontext.Decoder) (any, error) {
	token, err := from.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case jsontext.KindBeginObject:
		object := map[string]any{}
		for from.PeekKind() != jsontext.KindEndObject {
			if token, err = from.ReadToken(); err != nil {
				return nil, err
			}
			name := token.String()
			if object[name], err = readTree(from); err != nil {
				return nil, err
			}
		}
		_, err = from.ReadToken()
		return object, err
	case jsontext.KindBeginArray:
		list := []any{}
		for from.PeekKind() != jsontext.KindEndArray {
			element, err := readTree(from)
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		_, err = from.ReadToken()
		return list, err
	case jsontext.KindString:
		return token.String(), nil
	case jsontext.KindNumber:
		return json.Number(token.String()), nil
	case jsontext.KindTrue, jsontext.KindFalse:
		return token.Bool(), nil
	default:
		return nil, nil
	}
}

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

func syntaxError(err error) *Error {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return newError(ReasonSyntax, "an event is a JSON object, not %s", wrongType.Value)
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		err = syntactic.Err // without names from the text
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return newError(ReasonSyntax, "the JSON text is not complete")
	default:
		return newError(ReasonSyntax, "not JSON: %v", err)
	}
}
