// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"
)

// hasFailed reports whether the record is of a call that failed.
func (r *record) hasFailed() bool { return r.status() != Success }

// status is how the call ended. A timeout is an error that has a name of its own,
// wherever it is reported.
func (r *record) status() Status {
	kind, ended := r.text(errorType), r.text(status)
	switch {
	case kind != "" && isTimeout(kind), ended != "" && isTimeout(ended):
		return Timeout
	case r.failed, kind != "", isError(ended), r.levelIsError(), r.unsuccessful():
		return Error
	}
	return Success
}

// levelIsError: Langfuse's level ERROR, and Logfire's numbers from 17 on.
func (r *record) levelIsError() bool {
	if !r.has(level) {
		return false
	}
	if n, ok := count(r.values[level]); ok {
		return n >= 17
	}
	return isError(r.text(level))
}

func (r *record) unsuccessful() bool {
	return r.has(success) && strings.EqualFold(r.values[success].AsString(), "false")
}

// isTimeout knows APITimeoutError, ReadTimeout, DEADLINE_EXCEEDED and the like.
func isTimeout(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "timeout") || strings.Contains(text, "deadline")
}

func isError(text string) bool {
	return strings.EqualFold(text, "error") || strings.EqualFold(text, "failure") || strings.EqualFold(text, "failed")
}
