// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"slices"
	"strings"
)

// redactions are the words in what filters leave of a value, in brackets: Logfire's
// [Scrubbed due to 'session'], Sentry's [Filtered], and [REDACTED] or <redacted> of many.
var redactions = []string{"scrubbed", "redacted", "filtered", "masked", "removed"}

// IsRedacted reports whether a text is what a filter left of a value, as the Collector's
// redaction processor leaves asterisks. It is the same for all values, and so not one of
// a user, a session or a team.
func IsRedacted(text string) bool {
	if len(text) < 3 {
		return false
	}
	switch first, last := text[0], text[len(text)-1]; {
	case first == '*':
		return strings.Trim(text, "*") == ""
	case first == '[' && last == ']', first == '<' && last == '>':
		lower := strings.ToLower(text[1 : len(text)-1])
		return slices.ContainsFunc(redactions, func(word string) bool { return strings.HasPrefix(lower, word) })
	}
	return false
}
