// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// Decode reads one event from the JSON object that raw holds. The event does not
// refer to raw. The error is an [*Error].
func Decode(raw []byte) (Event, error) {
	f := &fields{members: make([]member, 0, 16)}
	if err := f.parse(raw); err != nil {
		return Event{}, err
	}
	kind, told, ok := recognise(f)
	if !ok {
		return Event{}, errUnknownKind
	}
	e, err := decode(kind, told, f)
	if err != nil && !told && kind != KindLog && isLogLine(f) {
		// A log line whose context only looks like another kind is not lost.
		f.unuse()
		e, err = decode(KindLog, told, f)
	}
	return e, err
}

var errUnknownKind = newError(ReasonUnknownKind, "no known `kind`, and the fields are those of no kind: "+
	"a log line has `message`; an LLM call `model` and `prompt_tokens`, `completion_tokens` or `tokens`; "+
	"a request `method`, `endpoint`, `status` and `duration`; an agent run `agent_name`, `status` and `duration`; "+
	"a cache look-up `cache_type` and `hit`; a gauge `active_agents`, `active_requests` or `memory_usage_bytes`; "+
	"an application `app_info`")

func syntaxError(err error) *Error {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return newError(ReasonSyntax, "an event is a JSON object, not %s", wrongType.Value)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return newError(ReasonSyntax, "the JSON text is not complete")
	default:
		return newError(ReasonSyntax, "not JSON: %v", err)
	}
}

func decode(kind Kind, told bool, f *fields) (Event, error) {
	if told {
		f.use("kind")
	}
	e := Event{Detail: details[kind](f)}
	decodeCommon(f, &e)
	if len(f.problems) > 0 {
		return Event{}, &Error{Reason: ReasonInvalidField, text: strings.Join(f.problems, "; ")}
	}
	e.Fields = f.rest()
	return e, nil
}

// decodeCommon takes what events of every kind may have.
func decodeCommon(f *fields, e *Event) {
	e.ID = identity(f)
	if f.has("timestamp") {
		decodeTimestamp(f, e)
	}
	if f.has("level") {
		decodeLevel(f, e)
	}
	if f.has("message") {
		f.use("message")
		e.Message = plain(f.peek("message"), 1)
	}
	e.Logger = f.text("logger")
	e.Code = decodeCode(f)
	e.Exception = decodeException(f)
	e.Trace = decodeTrace(f)
	e.Resource = decodeResource(f, e.Resource)
	if app, ok := e.Detail.(AppInfo); ok {
		e.Resource = app.resource(e.Resource)
	}
}

// identity reads `id` and leaves it with the context.
func identity(f *fields) string {
	switch v := f.peek("id").(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

func decodeTimestamp(f *fields, e *Event) {
	f.use("timestamp")
	err := errTimestamp
	switch v := f.peek("timestamp").(type) {
	case string:
		e.Time, err = parseTimestamp(v)
	case json.Number:
		e.Time, err = parseTimestamp(v.String())
	}
	if err != nil {
		f.fail("timestamp", "%v", err)
	}
}

func decodeLevel(f *fields, e *Event) {
	f.use("level")
	switch v := f.peek("level").(type) {
	case string:
		e.Level = levelByName(v)
		return
	case json.Number:
		if n, err := v.Int64(); err == nil {
			e.Level = levelByNumber(n)
			return
		}
	}
	f.fail("level", "must be a name such as INFO or a number such as 20")
}

// decodeCode leaves `module` alone where there is no function to qualify.
func decodeCode(f *fields) Code {
	code := Code{Function: f.text("function"), File: f.text("pathname")}
	if code.Function != "" {
		if module := f.text("module"); module != "" {
			code.Function = module + "." + code.Function
		}
	}
	if line, ok := f.peek("line").(json.Number); ok {
		if n, err := line.Int64(); err == nil && n > 0 {
			f.use("line")
			code.Line = n
		}
	}
	return code
}

// decodeResource takes `version` only beside a service: alone it may be the
// version of anything.
func decodeResource(f *fields, r Resource) Resource {
	r.Service = f.text("service", "service_name")
	r.Environment = f.text("environment")
	r.Version = f.text("service_version")
	if r.Version == "" && r.Service != "" {
		r.Version = f.text("version")
	}
	return r
}
