// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
)

// Reason sorts the errors for counting.
type Reason string

// Why an event could not be read.
const (
	ReasonSyntax       Reason = "syntax"        // it is not a JSON object
	ReasonTooLong      Reason = "too_long"      // it is longer than allowed
	ReasonUnknownKind  Reason = "unknown_kind"  // its fields are those of no kind
	ReasonInvalidField Reason = "invalid_field" // a field is missing or wrong
)

// Error reports why an event could not be read. The text names the field, and holds
// no more of the event than a wrong number.
type Error struct {
	Reason Reason
	text   string
}

func (e *Error) Error() string { return e.text }

func newError(reason Reason, format string, args ...any) *Error {
	return &Error{Reason: reason, text: fmt.Sprintf(format, args...)}
}

// ReasonOf returns the reason within err, or ReasonSyntax.
func ReasonOf(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ReasonSyntax
}
