// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/zstd"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// chunkSize is how many calls are written together. A correction writes the chunk of its
// call again.
const chunkSize = 256

// maxChunk bounds a chunk, or a day, in bytes before it is compressed.
const maxChunk = 64 << 20

// Changes are what is to be written.
type Changes struct {
	chunks map[uint64][]kept
	days   map[int64][]kept
	steps  map[uint64][]numberedStep
	index  index
}

// index lists what is written.
type index struct {
	Chunks  []uint64 `json:"chunks"`
	Days    []int64  `json:"days"`
	Steps   []uint64 `json:"steps"`
	Dropped int64    `json:"dropped"`
}

// Take returns what has changed since it was taken last.
func (s *Store) Take() Changes {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Changes{chunks: map[uint64][]kept{}, days: map[int64][]kept{}, index: index{Dropped: s.dropped}}
	there := map[uint64]bool{}
	last, changed := ^uint64(0), false // calls of a chunk are one after another
	for at := range s.ring.all {
		if at.number == 0 {
			continue
		}
		if chunk := at.number / chunkSize; chunk != last {
			there[chunk], changed, last = true, s.chunks[chunk], chunk
		}
		if changed {
			c.chunks[last] = append(c.chunks[last], *at)
		}
	}
	for number, d := range s.days {
		if d.changed {
			c.days[number] = slices.Clone(d.calls)
			d.changed = false
		}
	}
	clear(s.chunks)
	c.steps, c.index.Steps = s.takeSteps()
	c.index.Chunks, c.index.Days = slices.Sorted(maps.Keys(there)), slices.Sorted(maps.Keys(s.days))
	return c
}

// Discard forgets what has changed, where nothing is written.
func (s *Store) Discard() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.chunks)
	clear(s.stepChunks)
	for _, d := range s.days {
		d.changed = false
	}
}

// Mark has Take return changes again, which could not be written.
func (s *Store) Mark(c *Changes) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for chunk := range c.chunks {
		s.chunks[chunk] = true
	}
	for chunk := range c.steps {
		s.stepChunks[chunk] = true
	}
	for number := range c.days {
		if d := s.days[number]; d != nil {
			d.changed = true
		}
	}
}

// Encoded is what is written of a store: chunks and days by their numbers, and the list of
// all that there are.
type Encoded struct {
	Chunks map[uint64][]byte
	Days   map[int64][]byte
	Steps  map[uint64][]byte
	Index  []byte
	// AllChunks, AllDays and AllSteps are the numbers in the list.
	AllChunks []uint64
	AllSteps  []uint64
	AllDays   []int64
}

// Encode writes changes.
func (c *Changes) Encode() (e Encoded, err error) {
	e = Encoded{Chunks: map[uint64][]byte{}, Days: map[int64][]byte{}, Steps: map[uint64][]byte{}, AllChunks: c.index.Chunks, AllDays: c.index.Days, AllSteps: c.index.Steps}
	if e.Index, err = json.Marshal(c.index); err != nil {
		return e, err
	}
	if len(c.chunks)+len(c.days)+len(c.steps) == 0 {
		return e, nil
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return e, err
	}
	for number, calls := range c.chunks {
		e.Chunks[number] = encoder.EncodeAll(appendCalls(calls), nil)
	}
	for number, calls := range c.days {
		e.Days[number] = encoder.EncodeAll(appendCalls(calls), nil)
	}
	for number, steps := range c.steps {
		e.Steps[number] = encoder.EncodeAll(appendSteps(steps), nil)
	}
	return e, encoder.Close()
}

const callsVersion = 1

var errCalls = errors.New("not a list of calls")

func appendCalls(calls []kept) []byte {
	to := []byte{callsVersion}
	to = ledger.AppendKinds(to)
	to = binary.AppendUvarint(to, uint64(len(calls)))
	for i := range calls {
		k := &calls[i]
		to = binary.AppendUvarint(to, k.number)
		to = binary.LittleEndian.AppendUint64(to, k.ID)
		to = binary.AppendVarint(to, k.End)
		to = binary.AppendVarint(to, int64(k.Cost))
		to = ledger.AppendText(to, k.Payload)
		to = binary.AppendUvarint(to, uint64(len(k.Values)))
		for _, value := range k.Values {
			to = ledger.AppendText(to, value)
		}
		to = binary.AppendUvarint(to, uint64(len(k.Merged)))
		for _, m := range k.Merged {
			to = append(append(to, m.Trace[:]...), m.Span[:]...)
			to = ledger.AppendText(ledger.AppendText(to, m.Scope), m.Rule)
		}
	}
	return to
}

// decompress undoes the compression of Encode.
func decompress(content []byte) ([]byte, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxChunk))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	return decoder.DecodeAll(content, nil)
}

// parse parses calls that Encode has written.
func parse(content []byte) ([]kept, error) {
	content, err := decompress(content)
	if err != nil {
		return nil, err
	}
	return parseCalls(content)
}

func parseCalls(content []byte) ([]kept, error) {
	if len(content) == 0 || content[0] != callsVersion {
		return nil, errCalls
	}
	kinds, rest, err := ledger.ParseKinds(content[1:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errCalls, err)
	}
	same := bytes.Equal(content[1:len(content)-len(rest)], ledger.AppendKinds(nil))
	r := reader{rest: rest}
	calls := make([]kept, 0, min(r.length(), ledger.MaxValueBytes*chunkSize))
	for n := r.count; n > 0 && r.err == nil; n-- {
		k := r.call()
		if r.err == nil {
			r.err = renumber(&k, kinds, same)
		}
		calls = append(calls, k)
	}
	return calls, r.err
}

// renumber gives the kinds of usage the numbers that they have in this build, and makes
// sure that the call can be parsed.
func renumber(k *kept, kinds ledger.Kinds, same bool) error {
	call, rest, err := ledger.ParseCall([]byte(k.Payload), kinds)
	if err != nil {
		return err
	}
	if _, err := ParseDetail(rest); err != nil {
		return err
	}
	if !same {
		k.Payload = string(append(ledger.AppendCall(nil, &call), rest...))
	}
	return nil
}

// reader reads numbers and texts until the first error.
type reader struct {
	rest  []byte
	count uint64 // that length has read
	err   error
}

func (r *reader) fail() { r.err, r.rest = errCalls, nil }

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// length reads how many follow: no more than there are bytes.
func (r *reader) length() int {
	if r.count = r.uvarint(); r.count > uint64(len(r.rest)) {
		r.count = 0
		r.fail()
	}
	return int(r.count)
}

func (r *reader) bytes(to []byte) {
	if len(r.rest) < len(to) {
		r.fail()
		return
	}
	r.rest = r.rest[copy(to, r.rest):]
}

func (r *reader) text() (text string) {
	if r.err == nil {
		text, r.rest, r.err = ledger.ParseText(r.rest)
	}
	return text
}

func (r *reader) call() (k kept) {
	var id [8]byte
	k.number = r.uvarint()
	r.bytes(id[:])
	k.ID = binary.LittleEndian.Uint64(id[:])
	k.End, k.Cost = r.varint(), money.Pico(r.varint())
	k.Payload = r.text()
	for range r.length() {
		k.Values = append(k.Values, r.text())
	}
	for range r.length() {
		var m Merged
		r.bytes(m.Trace[:])
		r.bytes(m.Span[:])
		m.Scope, m.Rule = r.text(), r.text()
		k.Merged = append(k.Merged, m)
	}
	if k.number == 0 && r.err == nil {
		r.fail()
	}
	return k
}

// ParseIndex returns the numbers of the chunks, days and steps that were written.
func (s *Store) ParseIndex(content []byte) (chunks []uint64, days []int64, steps []uint64, err error) {
	var i index
	if err := json.Unmarshal(content, &i); err != nil {
		return nil, nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = i.Dropped
	return i.Chunks, i.Days, i.Steps, nil
}

// Load adds calls that were written. The chunks come in the order of their numbers, the last
// first, after the days: a chunk may have calls that lost their place after it was written.
func (s *Store) Load(content []byte) error {
	calls, err := parse(content)
	if err != nil {
		return err
	}
	slices.SortFunc(calls, func(a, b kept) int { return cmp.Compare(b.number, a.number) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits.Newest == 0 {
		return nil
	}
	for i := range calls {
		k := &calls[i]
		if k.number > firstStray || k.number+uint64(s.limits.Newest) <= s.last {
			continue
		}
		s.put(k.number, &k.Call)
		s.loading[xxhash.Sum64String(k.Payload)] = k.number
	}
	return nil
}

// LoadDay adds the most expensive calls of a day.
func (s *Store) LoadDay(number int64, content []byte) error {
	calls, err := parse(content)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits.Newest == 0 || s.limits.MostExpensive == 0 || len(calls) == 0 {
		return nil
	}
	slices.SortFunc(calls, func(a, b kept) int { return cmp.Compare(b.Cost, a.Cost) })
	d := &day{at: calls[0].End}
	for i := range calls[:min(len(calls), s.limits.MostExpensive)] {
		k := &calls[i]
		if k.number > firstStray {
			s.strays = max(s.strays, k.number-firstStray)
		}
		d.calls = append(d.calls, *k)
		s.inDays[k.number] = number
		s.loading[xxhash.Sum64String(k.Payload)] = k.number
	}
	heap.Init(d)
	s.days[number] = d
	return nil
}
