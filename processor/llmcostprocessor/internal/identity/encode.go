// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/binary"
	"errors"
	"math"
)

var errTruncated = errors.New("ends within a record")

// AppendRecord appends a record: numbers in varints, texts behind their lengths.
func AppendRecord(to []byte, r *Record) []byte {
	to = append(to, r.Trace[:]...)
	to = append(to, r.Span[:]...)
	to = append(to, r.Parent[:]...)
	for _, n := range [...]uint64{r.Content, r.Response, r.Resource, r.Other} {
		to = binary.LittleEndian.AppendUint64(to, n)
	}
	for _, n := range [...]int64{
		r.Start, r.End - r.Start, r.Prompt, r.Completion, int64(r.Cached), int64(r.Reasoning), int64(r.Stated), int64(r.NonZero), int64(r.Flags), int64(r.Model),
	} {
		to = binary.AppendVarint(to, n)
	}
	to = appendText(to, r.Scope)
	to = appendValues(to, r.Values)
	return appendText(to, r.Payload)
}

// ParseRecord reads what AppendRecord has written, and returns what is behind it.
func ParseRecord(from []byte) (r Record, rest []byte, err error) {
	p := parser{rest: from}
	p.bytes(r.Trace[:])
	p.bytes(r.Span[:])
	p.bytes(r.Parent[:])
	for _, n := range [...]*uint64{&r.Content, &r.Response, &r.Resource, &r.Other} {
		*n = p.uint64()
	}
	var took, cached, reasoning, stated, nonzero, flags, model int64
	for _, n := range [...]*int64{&r.Start, &took, &r.Prompt, &r.Completion, &cached, &reasoning, &stated, &nonzero, &flags, &model} {
		*n = p.varint()
	}
	r.End = r.Start + took
	r.Cached, r.Reasoning = uint32(cached), uint32(reasoning)
	r.Stated, r.NonZero, r.Flags = uint32(stated), uint32(nonzero), Flags(flags)
	r.Model = uint32(model)
	r.Scope = p.text()
	r.Values = p.values()
	r.Payload = p.text()
	if p.failed {
		return Record{}, nil, errTruncated
	}
	return r, p.rest, nil
}

// AppendSpan appends a span.
func AppendSpan(to []byte, s *Span) []byte {
	to = append(to, s.Trace[:]...)
	to = append(to, s.Span[:]...)
	to = append(to, s.Parent[:]...)
	return appendValues(to, s.Values)
}

// ParseSpan reads what AppendSpan has written, and returns what is behind it.
func ParseSpan(from []byte) (s Span, rest []byte, err error) {
	p := parser{rest: from}
	p.bytes(s.Trace[:])
	p.bytes(s.Span[:])
	p.bytes(s.Parent[:])
	s.Values = p.values()
	if p.failed {
		return Span{}, nil, errTruncated
	}
	return s, p.rest, nil
}

func appendText(to []byte, text string) []byte {
	to = binary.AppendUvarint(to, uint64(len(text)))
	return append(to, text...)
}

func appendValues(to []byte, values *Values) []byte {
	to = binary.AppendUvarint(to, uint64(len(values.of())))
	for _, value := range values.of() {
		to = appendText(to, value)
	}
	return to
}

// parser reads until something is missing.
type parser struct {
	rest   []byte
	failed bool
}

func (p *parser) bytes(to []byte) {
	if len(p.rest) < len(to) {
		p.failed, p.rest = true, nil
		return
	}
	p.rest = p.rest[copy(to, p.rest):]
}

func (p *parser) uint64() uint64 {
	var n [8]byte
	p.bytes(n[:])
	return binary.LittleEndian.Uint64(n[:])
}

func (p *parser) varint() int64 {
	n, size := binary.Varint(p.rest)
	if size <= 0 {
		p.failed, p.rest = true, nil
		return 0
	}
	p.rest = p.rest[size:]
	return n
}

// length is at most what is left.
func (p *parser) length() int {
	n, size := binary.Uvarint(p.rest)
	if size <= 0 || n > math.MaxInt32 || int(n) > len(p.rest)-size {
		p.failed, p.rest = true, nil
		return 0
	}
	p.rest = p.rest[size:]
	return int(n)
}

func (p *parser) text() string {
	n := p.length()
	text := string(p.rest[:n])
	p.rest = p.rest[n:]
	return text
}

func (p *parser) values() *Values {
	n := p.length()
	if n == 0 {
		return nil
	}
	values := make(Values, 0, n)
	for range n {
		values = append(values, p.text())
	}
	return &values
}
