// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

import (
	"strings"
)

// jsonOfPython makes JSON of a dictionary as Python writes it, be it with its module for
// JSON, which writes numbers that JSON does not have. It returns what it
// cannot make sense of as it is, for the JSON parser to refuse.
func jsonOfPython(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			i = copyString(&b, text, i)
		case strings.HasPrefix(text[i:], "None"):
			b.WriteString("null")
			i += len("None")
		case strings.HasPrefix(text[i:], "True"):
			b.WriteString("true")
			i += len("True")
		case strings.HasPrefix(text[i:], "False"):
			b.WriteString("false")
			i += len("False")
		case strings.HasPrefix(text[i:], "NaN"):
			b.WriteString("null")
			i += len("NaN")
		case strings.HasPrefix(text[i:], "Infinity"), strings.HasPrefix(text[i:], "-Infinity"):
			b.WriteString("null")
			i = i + strings.Index(text[i:], "Infinity") + len("Infinity")
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// copyString writes the string that begins at i with double quotes, and returns
// where it ends.
func copyString(b *strings.Builder, text string, i int) int {
	quote := text[i]
	b.WriteByte('"')
	for i++; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == '\'':
			i++
			b.WriteByte('\'')
		case c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			b.WriteByte(text[i])
		case c == quote:
			b.WriteByte('"')
			return i + 1
		case c == '"':
			b.WriteString(`\"`)
		default:
			b.WriteByte(c)
		}
	}
	return i
}
