// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis marks a truncated text.
const ellipsis = "…"

// Truncate cuts a text to at most limit runes. What was cut ends in an ellipsis.
func Truncate(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	cut := 0
	for i := range text {
		if cut == limit-1 {
			return text[:i] + ellipsis
		}
		cut++
	}
	return text
}

// Clean makes a text from telemetry safe to show: invalid UTF-8, control
// characters other than line breaks and tabs, and the characters that turn the
// direction of writing around (Unicode's bidirectional controls) become U+FFFD.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}

// IsWebURL reports whether a text from telemetry is an http or https URL with a
// host, as a link that is shown must be.
func IsWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// maxLink is the longest link that is shown, in bytes; a link cannot be cut.
const maxLink = 2000

// Address percent-encodes a link from telemetry, so that vendors accept it and no
// character of it ends the markup around it. It is "" when the text is not a link
// that may be shown.
func Address(text string) string {
	if !IsWebURL(text) {
		return ""
	}
	scheme, rest, _ := strings.Cut(text, ":")
	var b strings.Builder
	b.WriteString(strings.ToLower(scheme) + ":")
	for _, c := range []byte(rest) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("|<>\"`", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	// The encoding can make the host invalid.
	if b.Len() > maxLink || !IsWebURL(b.String()) {
		return ""
	}
	return b.String()
}
