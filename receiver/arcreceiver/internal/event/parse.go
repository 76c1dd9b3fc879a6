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
// jx reads it in a good third of the time that encoding/json takes. What jx does not
// take is left to encoding/json, whose errors name the place, and which decides.
func (f *fields) parse(raw []byte) error {
	if utf8.Valid(raw) && f.parseFast(raw) == nil {
		return nil
	}
	f.members, f.index = f.members[:0], nil
	values, err := object(raw)
	for key, value := range values {
		f.add(key, value)
	}
	return err
}

var errAfterObject = errors.New("more text follows the JSON object")

func (f *fields) parseFast(raw []byte) error {
	d := jx.GetDecoder()
	defer jx.PutDecoder(d)
	d.ResetBytes(raw)
	err := d.ObjBytes(func(d *jx.Decoder, key []byte) error {
		name, known := names[string(key)]
		if !known {
			name = string(key)
		}
		value, err := parseValue(d)
		f.add(name, value)
		return err
	})
	if err != nil {
		return err
	}
	if !errors.Is(d.Skip(), io.EOF) {
		return errAfterObject
	}
	return nil
}

// parseValue makes what encoding/json makes with UseNumber.
func parseValue(d *jx.Decoder) (any, error) {
	switch d.Next() {
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
			value, err := parseValue(d)
			list = append(list, value)
			return err
		})
		return list, err
	default:
		object := map[string]any{}
		err := d.ObjBytes(func(d *jx.Decoder, key []byte) error {
			name := string(key)
			value, err := parseValue(d)
			object[name] = value
			return err
		})
		return object, err
	}
}

var errNumber = errors.New("not a number")

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

// names are those that many events have; they need no memory of their own.
var names = func() map[string]string {
	m := map[string]string{}
	for _, name := range []string{
		"kind", "timestamp", "level", "logger", "message", "module", "function", "line", "pathname", "id",
		"service", "service_name", "service_version", "version", "environment",
		"trace_id", "span_id", "parent_span_id", "traceparent", "otelTraceID", "otelSpanID",
		"model", "provider", "prompt_tokens", "completion_tokens", "total_tokens", "tokens", "cost_dollars",
		"duration", "duration_seconds", "duration_ms", "status", "error", "error_type", "error_message", "agent_name",
		"method", "endpoint", "active_requests", "active_agents", "memory_usage_bytes",
		"cache_type", "hit", "size_bytes", "app_info", "request_id", "user_id", "task_id",
		"prompt_preview", "response_preview", "exc_info", "traceback",
	} {
		m[name] = name
	}
	return m
}()
