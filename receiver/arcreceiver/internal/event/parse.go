// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
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

var errAfterObject = errors.New("more text follows the JSON object")

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
