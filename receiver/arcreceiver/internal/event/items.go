// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bufio"
	"bytes"
	"encoding/json"
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
	// Err, an [*Error], says why there is no text.
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
		first, err := lines.skipSpace()
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

// source keeps the error of the reader, so that it can be told from an error of
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
// told apart; the elements before it count.
func elements(r io.Reader, source *source, maxBytes int, yield func(Item, error) bool) error {
	decoder := json.NewDecoder(r)
	n := 0
	failed := func(err error) error {
		if source.err != nil {
			return source.err
		}
		yield(Item{Line: n + 1, Err: newError(ReasonSyntax, "%v; the rest was not read", syntaxError(err))}, nil)
		return nil
	}
	if _, err := decoder.Token(); err != nil {
		return failed(err)
	}
	for ; decoder.More(); n++ {
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
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
	if _, err := decoder.Token(); err != nil {
		return failed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
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
	line     int // lines that were read
	text     []byte
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
		long, err := l.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		item := Item{Line: l.line, Raw: l.text}
		ended := err != nil
		if first && !long && !ended && goesOn(l.text) {
			if long, err = l.remainder(); err != nil {
				return err
			}
			item.Raw, ended = l.text, true
		}
		if long {
			item.Raw, item.Err = nil, tooLong(l.maxBytes)
		}
		empty := !long && len(bytes.TrimSpace(item.Raw)) == 0
		if !empty && !yield(item, nil) {
			return nil
		}
		if ended {
			return nil
		}
	}
}

// next reads a line into l.text, or skips it if it is too long. At the end of
// the body it returns io.EOF with what is left.
func (l *lineReader) next() (long bool, err error) {
	l.text = l.text[:0]
	l.line++
	for {
		part, err := l.buffered.ReadSlice('\n')
		if long = long || len(l.text)+len(part) > l.maxBytes+len("\r\n"); !long {
			l.text = append(l.text, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			l.text = bytes.TrimRight(l.text, "\r\n")
			return long || len(l.text) > l.maxBytes, err
		}
	}
}

// remainder appends everything that follows to l.text.
func (l *lineReader) remainder() (long bool, err error) {
	l.text = append(l.text, '\n')
	rest, err := io.ReadAll(io.LimitReader(l.buffered, int64(max(0, l.maxBytes-len(l.text)))+1))
	l.text = append(l.text, rest...)
	if err != nil || len(l.text) <= l.maxBytes {
		return false, err
	}
	_, err = io.Copy(io.Discard, l.buffered)
	return true, err
}

// goesOn says whether a line is the beginning of an object that a printer broke
// into lines: they break after these bytes, where a line that was cut off
// hardly ever ends.
func goesOn(line []byte) bool {
	line = bytes.TrimRight(line, " \t")
	return len(line) > 0 && bytes.IndexByte([]byte("{[,:"), line[len(line)-1]) >= 0
}
