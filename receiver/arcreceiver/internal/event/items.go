// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bufio"
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"io"
	"iter"
)

// bufferSize is what is read from a body at a time, in bytes.
const bufferSize = 64 << 10

// Item is one event of a body, not decoded yet.
type Item struct {
	// Line is the number of the line, or of the element in an array, from 1.
	Line int
	// Raw is the JSON text. It is valid until the next item.
	Raw []byte
	// Err, an [*Error], reports why there is no text.
	Err error
}

// Items reads a body one event at a time. A body is a JSON array, or lines of one
// JSON object each (NDJSON) of which empty ones are skipped, or one JSON object
// over several lines. An item longer than maxBytes is skipped with an error, in
// the memory of maxBytes where the body is lines. An error beside an item means
// that the body could not be read any further.
func Items(body io.Reader, maxBytes int) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		source := &source{reader: body}
		lines := &lineReader{buffered: bufio.NewReaderSize(source, bufferSize), maxBytes: maxBytes}
		var first byte
		err := skipByteOrderMark(lines.buffered)
		if err == nil {
			first, err = lines.skipSpace()
		}
		switch {
		case err != nil:
		case first == '[':
			err = elements(lines.buffered, source, maxBytes, yield)
		default:
			err = lines.each(yield)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			yield(Item{}, err)
		}
	}
}

// source keeps the error of the reader, so that it can be distinguished from an error of
// the JSON decoder: a body that was cut off while it was sent is not an event
// that was written badly.
type source struct {
	reader io.Reader
	err    error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// elements yields the elements of an array. Each is held in memory as a whole,
// however long. An error in the text ends the array, as what follows cannot be
// distinguished; the elements before it count.
func elements(r io.Reader, source *source, maxBytes int, yield func(Item, error) bool) error {
	decoder := jsontext.NewDecoder(r, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	n := 0
	failed := func(err error) error {
		if source.err != nil {
			return source.err
		}
		yield(Item{Line: n + 1, Err: newError(ReasonSyntax, "%v; the rest was not read", syntaxError(err))}, nil)
		return nil
	}
	if _, err := decoder.ReadToken(); err != nil {
		return failed(err)
	}
	for ; decoder.PeekKind() != jsontext.KindEndArray; n++ {
		raw, err := decoder.ReadValue()
		if err != nil {
			return failed(err)
		}
		item := Item{Line: n + 1, Raw: raw}
		if len(raw) > maxBytes {
			item.Raw, item.Err = nil, tooLong(maxBytes)
		}
		if !yield(item, nil) {
			return nil
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return failed(err)
	}
	if _, err := decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return failed(errAfterArray)
	}
	return source.err
}

var errAfterArray = errors.New("text follows the end of the array")

func tooLong(maxBytes int) *Error {
	return newError(ReasonTooLong, "longer than max_event_bytes (%d)", maxBytes)
}

// lineReader reads lines in bounded memory.
type lineReader struct {
	buffered *bufio.Reader
	maxBytes int
	line     int    // lines that were read
	joined   []byte // of what is not in the buffer as a whole
}

// skipSpace skips white space and returns the byte after it, which stays.
func (l *lineReader) skipSpace() (byte, error) {
	for {
		b, err := l.buffered.ReadByte()
		if err != nil {
			return 0, err
		}
		switch b {
		case '\n':
			l.line++
		case ' ', '\t', '\r':
		default:
			return b, l.buffered.UnreadByte()
		}
	}
}

// each yields the lines. The first may begin an object that goes on over all
// the lines there are.
func (l *lineReader) each(yield func(Item, error) bool) error {
	for first := true; ; first = false {
		text, long, err := l.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		line, ended := l.line, err != nil
		if first && !long && !ended && goesOn(text) {
			if text, long, err = l.remainder(text); err != nil {
				return err
			}
			ended = true
		}
		item := Item{Line: line, Raw: text}
		if long {
			item.Raw, item.Err = nil, tooLong(l.maxBytes)
		}
		empty := !long && len(bytes.TrimSpace(text)) == 0
		if !empty && !yield(item, nil) {
			return nil
		}
		if ended {
			return nil
		}
	}
}

// next reads a line, or skips it if it is too long. At the end of the body it
// returns io.EOF with what is left. The line is good until the next is read.
func (l *lineReader) next() (text []byte, long bool, err error) {
	l.line++
	text, err = l.buffered.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		text, long, err = l.join(text)
	}
	text = trimNewline(text)
	return text, long || len(text) > l.maxBytes, err
}

// join reads the rest of the line that begins with part, which it does not keep if
// the line is too long.
func (l *lineReader) join(part []byte) (text []byte, long bool, err error) {
	l.joined = l.joined[:0]
	for err = bufio.ErrBufferFull; ; part, err = l.buffered.ReadSlice('\n') {
		if long = long || len(l.joined)+len(part) > l.maxBytes+len("\r\n"); !long {
			l.joined = append(l.joined, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.joined, long, err
		}
	}
}

// trimNewline cuts the end of a line off.
func trimNewline(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}

// remainder returns everything that follows behind the first line.
func (l *lineReader) remainder(first []byte) (text []byte, long bool, err error) {
	text = append(append(l.joined[:0], first...), '\n')
	rest, err := io.ReadAll(io.LimitReader(l.buffered, int64(max(0, l.maxBytes-len(text)))+1))
	text = append(text, rest...)
	if err != nil || len(text) <= l.maxBytes {
		return text, false, err
	}
	_, err = io.Copy(io.Discard, l.buffered)
	return text, true, err
}

// goesOn reports whether a line is the beginning of an object that a printer broke
// into lines: they break after these bytes, where a line that was cut off
// hardly ever ends.
func goesOn(line []byte) bool {
	line = bytes.TrimRight(line, " \t")
	return len(line) > 0 && bytes.IndexByte([]byte("{[,:"), line[len(line)-1]) >= 0
}
