// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/hex"
	"strings"
)

// TraceID is that of W3C Trace Context; all zeros is none.
type TraceID [16]byte

// SpanID is that of W3C Trace Context; all zeros is none.
type SpanID [8]byte

// Trace is the place of an event in a trace.
type Trace struct {
	TraceID TraceID
	// SpanID is the event's own span.
	SpanID SpanID
	// ParentID is the span in which the event happened.
	ParentID SpanID
	// Flags are the W3C trace flags; bit 0 is set if the trace is sampled.
	Flags byte
}

// ParseTraceparent reads a W3C traceparent header or field. What it names is the
// parent. It returns false for anything that the recommendation calls invalid,
// but letters may be upper case.
func ParseTraceparent(text string) (Trace, bool) {
	const length = len("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	if len(text) > length && text[length] == '-' && !strings.HasPrefix(text, "00") {
		text = text[:length] // a later version may append
	}
	if len(text) != length || text[2] != '-' || text[35] != '-' || text[52] != '-' {
		return Trace{}, false
	}
	var version, flags [1]byte
	var t Trace
	ok := decodeHex(version[:], text[:2]) && version[0] != 0xff &&
		decodeHex(t.TraceID[:], text[3:35]) && t.TraceID != TraceID{} &&
		decodeHex(t.ParentID[:], text[36:52]) && t.ParentID != SpanID{} &&
		decodeHex(flags[:], text[53:55])
	if !ok {
		return Trace{}, false
	}
	t.Flags = flags[0]
	return t, true
}

func decodeHex(dst []byte, text string) bool {
	if len(text) != 2*len(dst) {
		return false
	}
	_, err := hex.Decode(dst, []byte(text))
	return err == nil
}

var traceKeys = setOf(keyTraceID, keyOTelTraceID, keyTraceparent)

// decodeTrace takes the fields that name a trace. One that does not hold a W3C
// identifier is an identifier of the application's own and stays among the
// fields: `trace_id` is a common name.
func decodeTrace(f *fields) Trace {
	var t Trace
	if f.id(keyTraceID, t.TraceID[:]) {
		f.id(keySpanID, t.SpanID[:])
		f.id(keyParentSpanID, t.ParentID[:])
	} else if f.id(keyOTelTraceID, t.TraceID[:]) { // as OpenTelemetry's Python logging instrumentation writes
		f.id(keyOTelSpanID, t.ParentID[:])
	}
	text := f.peek(keyTraceparent)
	parent, ok := ParseTraceparent(text.Text())
	switch {
	case !ok:
		return t
	case t.TraceID == TraceID{}:
		t = parent
	case t.TraceID != parent.TraceID:
		return t
	case t.ParentID == SpanID{}:
		t.ParentID = parent.ParentID
	}
	t.Flags = parent.Flags
	f.use(keyTraceparent)
	return t
}
