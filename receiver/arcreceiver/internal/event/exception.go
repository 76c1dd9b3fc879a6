// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "strings"

// Exception is what was being handled when a line was logged.
type Exception struct {
	Type       string // qualified by its module, as Python writes it
	Message    string
	Stacktrace string
}

// traceHead begins each traceback that Python prints.
const traceHead = "Traceback (most recent call last):"

var exceptionKeys = setOf(keyExcInfo, keyTraceback, keyException)

// decodeException takes `exc_info`, `traceback` or `exception`: a traceback, as
// Python's logging.Formatter.formatException writes it, or an object with
// `type`, `message` and `traceback`. Anything else, such as the `true` of a
// logging call, stays with the context.
func decodeException(f *fields) Exception {
	for _, k := range []key{keyExcInfo, keyTraceback, keyException} {
		value := f.peek(k)
		if value.kind == Text && strings.Contains(value.text, traceHead) {
			f.use(k)
			return parseTraceback(value.text)
		}
		members, ok := value.object()
		if !ok {
			continue
		}
		inner := nestedFields(members, k.String()+".")
		x := Exception{Type: inner.take(keyType), Message: inner.takeFirst(keyMessage, keyValue), Stacktrace: inner.takeFirst(keyTraceback, keyStacktrace)}
		if x.Type != "" || x.Stacktrace != "" {
			f.leave(k, inner)
			return x
		}
	}
	return Exception{}
}

// parseTraceback finds the exception that was not handled: the last one, after
// the indented lines that say where. Its message may have several lines.
func parseTraceback(text string) Exception {
	x := Exception{Stacktrace: text}
	_, frames, _ := strings.CutLast(text, traceHead+"\n")
	for frames != "" && (frames[0] == ' ' || frames[0] == '\n') {
		_, frames, _ = strings.Cut(frames, "\n")
	}
	name, message, _ := strings.Cut(strings.TrimRight(frames, "\n"), ": ")
	if name == "" || strings.ContainsAny(name, " \n") {
		return x
	}
	x.Type, x.Message = name, message
	return x
}
