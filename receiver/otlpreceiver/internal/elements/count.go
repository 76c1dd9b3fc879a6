// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package elements counts what a request is made of, before it is decoded.
package elements

import "google.golang.org/protobuf/encoding/protowire"

// maxDepth bounds how deep messages are searched. Deeper ones are rejected by the decoder.
const maxDepth = 64

// InProtobuf is the number of messages in an encoded message. Without the schema a
// message cannot be distinguished from a text or bytes that happen to be one, which counts
// too; no text of a natural language is.
func InProtobuf(encoded []byte) int {
	n, _ := inMessage(encoded, maxDepth)
	return n
}

// inMessage is false for what is not a message.
func inMessage(encoded []byte, depth int) (n int, ok bool) {
	for len(encoded) > 0 {
		_, kind, size := protowire.ConsumeTag(encoded)
		if size < 0 {
			return 0, false
		}
		encoded = encoded[size:]
		switch kind {
		case protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type:
			if size = protowire.ConsumeFieldValue(1, kind, encoded); size < 0 {
				return 0, false
			}
		case protowire.BytesType:
			var content []byte
			if content, size = protowire.ConsumeBytes(encoded); size < 0 {
				return 0, false
			}
			if depth == 0 {
				n++
			} else if inner, is := inMessage(content, depth-1); is {
				n += 1 + inner
			}
		default: // groups, which OTLP does not have
			return 0, false
		}
		encoded = encoded[size:]
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
