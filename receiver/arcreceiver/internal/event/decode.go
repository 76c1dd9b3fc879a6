// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "strings"

// MaxBytes is the longest text of an event that can be read.
const MaxBytes = 512 << 20

// Decode reads one event from the JSON object that raw holds. The event does not
// refer to raw, and is good until the next is read. The error is an [*Error].
func (d *Decoder) Decode(raw []byte) (*Event, error) {
	if len(raw) > MaxBytes {
		return nil, tooLong(MaxBytes)
	}
	if err := d.parse(raw); err != nil {
		return nil, err
	}
	kind, explicit, ok := recognize(&d.fields)
	if !ok {
		return nil, errUnknownKind
	}
	err := d.decode(kind, explicit)
	if err != nil && !explicit && kind != KindLog && isLogLine(&d.fields) {
		// A log line whose context only looks like another kind is not lost.
		d.unuse()
		err = d.decode(KindLog, explicit)
	}
	if err != nil {
		return nil, err
	}
	return &d.event, nil
}

var errUnknownKind = newError(ReasonUnknownKind, "no known `kind`, and the fields are those of no kind: "+
	"a log line has `message`; an LLM call `model` and `prompt_tokens`, `completion_tokens`, `tokens` or `usage`; "+
	"a request `method`, `endpoint`, `status` and `duration`; an agent run `agent_name`, `status` and `duration`; "+
	"a cache lookup `cache_type` and `hit`; a gauge `active_agents`, `active_requests` or `memory_usage_bytes`; "+
	"an application `app_info`")

func (d *Decoder) decode(kind Kind, explicit bool) error {
	f := &d.fields
	if explicit {
		f.use(keyKind)
	}
	d.event = Event{}
	d.event.Detail, d.event.fields = d.details.of(kind, f), f
	d.decodeCommon(&d.event)
	if len(f.problems) > 0 {
		return &Error{Reason: ReasonInvalidField, text: strings.Join(f.problems, "; ")}
	}
	return nil
}

// decodeCommon takes what events of every kind may have.
func (d *Decoder) decodeCommon(e *Event) {
	f := &d.fields
	if f.has(keyID) {
		e.ID = f.peek(keyID).Text() // and it stays with the context
	}
	if f.has(keyTimestamp) {
		d.decodeTimestamp(e)
	}
	if f.has(keyLevel) {
		decodeLevel(f, e)
	}
	if f.has(keyMessage) {
		f.use(keyMessage)
		e.Message = f.peek(keyMessage)
	}
	e.Logger = f.take(keyLogger)
	e.User, e.Session = f.takeID(keyUserID), f.takeID(keySessionID)
	if f.hasAny(codeKeys) {
		decodeCode(f, &e.Code)
	}
	if f.hasAny(exceptionKeys) {
		e.Exception = decodeException(f)
	}
	if f.hasAny(traceKeys) {
		e.Trace = decodeTrace(f)
	}
	if f.hasAny(resourceKeys) {
		e.Resource = decodeResource(f)
	}
	if app, ok := e.Detail.(*AppInfo); ok {
		e.Resource = app.resource(e.Resource)
	}
}

func (d *Decoder) decodeTimestamp(e *Event) {
	d.use(keyTimestamp)
	err := errTimestamp
	if v := d.peek(keyTimestamp); v.kind == Text || v.kind == Number {
		e.Time, err = parseTimestamp(v.text)
	}
	if err != nil {
		d.fail(keyTimestamp, "%v", err)
	}
}

func decodeLevel(f *fields, e *Event) {
	f.use(keyLevel)
	value := f.peek(keyLevel)
	if value.kind == Text {
		e.Level = levelByName(value.text)
		return
	}
	if n, ok := value.Int(); ok {
		e.Level = levelByNumber(n)
		return
	}
	f.fail(keyLevel, "must be a name such as INFO or a number such as 20")
}

var codeKeys = setOf(keyFunction, keyPathname, keyLine)

// decodeCode leaves `module` alone where there is no function to qualify.
func decodeCode(f *fields, code *Code) {
	code.Function, code.File = f.take(keyFunction), f.take(keyPathname)
	if code.Function != "" && f.take(keyModule) != "" {
		code.Function = f.peek(keyModule).text + "." + code.Function
	}
	if n, ok := f.peek(keyLine).Int(); ok && n > 0 {
		f.use(keyLine)
		code.Line = n
	}
}

var resourceKeys = setOf(keyService, keyServiceName, keyEnvironment, keyServiceVersion)

// decodeResource takes `version` only beside a service: alone it may be the
// version of anything.
func decodeResource(f *fields) (r Resource) {
	r.Service = f.takeFirst(keyService, keyServiceName)
	r.Environment = f.take(keyEnvironment)
	r.Version = f.take(keyServiceVersion)
	if r.Version == "" && r.Service != "" {
		r.Version = f.take(keyVersion)
	}
	return r
}
