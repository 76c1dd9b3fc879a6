// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

const ellipsis = "…"

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape escapes Slack's three control characters, so that no label can mention a
// channel or disguise a link.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(text string) string { return escaper.Replace(text) }

// safe makes a text from telemetry safe and short enough to show as markup.
func safe(text string, limit int) string {
	// Escaping makes a text longer, never shorter.
	return fit(escape(notify.Truncate(notify.Clean(text), limit)), limit)
}

// fit cuts markup to at most limit characters, counted as UTF-16 code units,
// which is the strictest way to count. Neither a link nor an escaped character
// is cut in two. What was cut ends in an ellipsis.
func fit(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	available, end := limit-1, 0 // the ellipsis takes one
	units := 0
	for i, r := range text {
		units += utf16.RuneLen(r)
		if units <= available {
			end = i + utf8.RuneLen(r)
		}
		if units > limit {
			return whole(text[:end]) + ellipsis
		}
	}
	return text
}

// whole removes an incomplete link or escaped character at the end of a text.
func whole(text string) string {
	if i := strings.LastIndexAny(text, "<>"); i >= 0 && text[i] == '<' {
		text = text[:i]
	}
	if i := strings.LastIndexAny(text, "&;"); i >= 0 && text[i] == '&' {
		text = text[:i]
	}
	return text
}

// markup is text in Slack's own markup. Verbatim keeps Slack from making links of
// URLs, channels and names in the text.
func markup(text string) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: text, Verbatim: true}
}

// link is a link in Slack's own markup, of an address that notify.Address made.
func link(address, text string) string { return fmt.Sprintf("<%s|%s>", escape(address), text) }
