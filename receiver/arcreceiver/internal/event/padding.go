// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// byteOrderMark begins what some editors and Windows programs write in UTF-8.
var byteOrderMark = []byte("\ufeff")

// TrimPadding removes what is before the text of a line: the byte order mark of its
// file, or the zero bytes up to the place where a program continued to write after
// its file was truncated.
func TrimPadding(line []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimLeft(line, "\x00"), byteOrderMark)
}

// skipByteOrderMark discards it. The error is one of the reader, not that it ended.
func skipByteOrderMark(r *bufio.Reader) error {
	start, err := r.Peek(len(byteOrderMark))
	if bytes.Equal(start, byteOrderMark) {
		_, err = r.Discard(len(byteOrderMark))
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
