// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package elements counts what a request is made of, before it is decoded.
package elements

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxDepth bounds how deep messages are searched. Deeper ones are rejected by the decoder.
const maxDepth = 64

// InProtobuf is the number of messages in an encoded message, or in as much of it as is well-formed.
// Without the schema a message cannot be distinguished from a text or bytes that happen to be one,
// which counts too; no text of a natural language is.
func InProtobuf(encoded []byte) int {
	n, _ := inMessage(encoded, maxDepth)
	return n
}

// inMessage is false for what is not a message, and then counts what there is before that shows:
// a decoder decodes as much. Every byte of every request passes through
// it: tags and lengths mostly have one byte, for which no function is called.
func inMessage(encoded []byte, depth int) (n int, ok bool) {
	for i := 0; i < len(encoded); {
		tag := uint64(encoded[i])
		if i++; tag >= 0x80 {
			var size int
			if tag, size = protowire.ConsumeVarint(encoded[i-1:]); size < 0 {
				return n, false
			}
			i += size - 1
		}
		if field := tag >> 3; field == 0 || field > math.MaxInt32 {
			return n, false
		}
		switch protowire.Type(tag & 7) {
		case protowire.VarintType:
			size := 1
			if i >= len(encoded) || encoded[i] >= 0x80 {
				if _, size = protowire.ConsumeVarint(encoded[i:]); size < 0 {
					return n, false
				}
			}
			i += size
		case protowire.Fixed32Type:
			i += 4
		case protowire.Fixed64Type:
			i += 8
		case protowire.BytesType:
			if i >= len(encoded) {
				return n, false
			}
			length := uint64(encoded[i])
			if i++; length >= 0x80 {
				var size int
				if length, size = protowire.ConsumeVarint(encoded[i-1:]); size < 0 {
					return n, false
				}
				i += size - 1
			}
			if length > uint64(len(encoded)-i) {
				return n, false
			}
			content := encoded[i : i+int(length)]
			i += int(length)
			inner, isMessage := 0, true
			if depth > 0 {
				inner, isMessage = inMessage(content, depth-1)
			}
			if n += inner; isMessage {
				n++
			}
		default: // groups, which OTLP does not have
			return n, false
		}
		if i > len(encoded) {
			return n, false
		}
	}
	return n, true
}

// InJSON is the number of objects and arrays in a JSON text.
func InJSON(text []byte) (n int) {
	inString := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			inString = !inString
		case inString:
			if c == '\\' {
				i++
			}
		case c == '{', c == '[':
			n++
		}
	}
	return n
}
