// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/golang/snappy"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// The journal holds what was added since the last snapshot of the ledger, so that a
// process that is killed has counted what it acknowledged. A batch is an entry
// under journal/N. With the ledger the number of the first entry that it does not
// hold is saved under journal, and the entries before are removed.
//
// The entries between two snapshots are kept, as one chunk under calls/N, for as
// long as their records are remembered; the list of these is under calls.
const (
	keyJournal = "journal"
	keyEntry   = "journal/"
	keyCalls   = "calls"
	keyChunk   = "calls/"
)

// journalVersion is that of entries. Version 1 is read, too: version1.go.
const journalVersion = 2

var errJournal = errors.New("not a journal entry")

// entry is what one batch adds. Adding the records again, in the order of the entries,
// leads to the same groups and the same ledger.
type entry struct {
	at      time.Time
	records []identity.Record
	spans   []identity.Span // around records
	sums    []ledger.Call   // of metric sources

	// Of version 1.
	seen  []uint64
	calls []ledger.Call
}

func (e *entry) empty() bool { return len(e.records) == 0 && len(e.spans) == 0 && len(e.sums) == 0 }

func (e *entry) encode() []byte {
	to := []byte{journalVersion}
	to = binary.AppendVarint(to, e.at.UnixNano())
	to = ledger.AppendKinds(to)
	to = binary.AppendUvarint(to, uint64(len(e.records)))
	for i := range e.records {
		to = identity.AppendRecord(to, &e.records[i])
	}
	to = binary.AppendUvarint(to, uint64(len(e.spans)))
	for i := range e.spans {
		to = identity.AppendSpan(to, &e.spans[i])
	}
	to = binary.AppendUvarint(to, uint64(len(e.sums)))
	for i := range e.sums {
		to = ledger.AppendCall(to, &e.sums[i])
	}
	return to
}

func parseEntry(content []byte) (e entry, err error) {
	if len(content) == 0 {
		return entry{}, errJournal
	}
	switch content[0] {
	case journalVersion:
	case 1:
		return parseEntry1(content)
	default:
		return entry{}, fmt.Errorf("%w of a known version", errJournal)
	}
	nanos, size := binary.Varint(content[1:])
	if size <= 0 {
		return entry{}, errJournal
	}
	e.at = time.Unix(0, nanos)
	kinds, rest, err := ledger.ParseKinds(content[1+size:])
	if err != nil {
		return entry{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	e.records, rest, err = parseList(rest, identity.ParseRecord)
	if err == nil {
		e.spans, rest, err = parseList(rest, identity.ParseSpan)
	}
	if err == nil {
		e.sums, _, err = parseList(rest, func(from []byte) (ledger.Call, []byte, error) { return ledger.ParseCall(from, kinds) })
	}
	for i := range e.records {
		if err == nil {
			err = renumber(&e.records[i], kinds)
		}
	}
	if err != nil {
		return entry{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	return e, nil
}

func parseList[T any](from []byte, parse func([]byte) (T, []byte, error)) (all []T, rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)) {
		return nil, nil, errJournal
	}
	rest = from[size:]
	for range n {
		var one T
		if one, rest, err = parse(rest); err != nil {
			return nil, nil, err
		}
		all = append(all, one)
	}
	return all, rest, nil
}

// renumber gives the kinds of usage the numbers that they have in this build, and
// makes sure that the call can be parsed.
func renumber(r *identity.Record, kinds ledger.Kinds) error {
	call, detail, err := ledger.ParseCall([]byte(r.Payload), kinds)
	if err != nil {
		return err
	}
	r.Payload = string(append(ledger.AppendCall(nil, &call), detail...))
	r.Stated, r.NonZero = renumberSet(r.Stated, kinds), renumberSet(r.NonZero, kinds)
	return nil
}

func renumberSet(set uint32, kinds ledger.Kinds) (renumbered uint32) {
	for number, kind := range kinds {
		if number < 32 && set&(1<<number) != 0 && kind != usage.None {
			renumbered |= 1 << kind
		}
	}
	return renumbered
}

// add notes what a batch adds, to be written. It must be called with counting held.
func (s *store) add(e *entry) {
	if e.empty() {
		return
	}
	content := e.encode()
	s.remember(content, len(e.records))
	s.unwritten = append(s.unwritten, content)
	// Rejected requests do not add up to more than is remembered.
	if over := len(s.unwritten) - len(s.pending); over > 0 {
		s.unwritten = s.unwritten[over:]
	}
}

// write writes the entries that are not in the storage: of those who are to be acknowledged, of
// others whose requests are on their way, and of those that were rejected. They are durable when
// the log, unless it is nil, is synced up to the position. It must be called with counting held.
func (s *store) write(ctx context.Context) (groupcommit.Log, uint64, error) {
	if len(s.unwritten) == 0 {
		return s.log, s.position, nil
	}
	var operations []*storage.Operation
	for i, content := range s.unwritten {
		operations = append(operations, storage.SetOperation(entryKey(s.next+uint64(i)), content))
	}
	// If that fails they are not tried again: the next snapshot has them.
	s.unwritten = nil
	log, position, err := s.client.Append(ctx, operations...)
	s.failing.Store(err != nil)
	if err != nil {
		return nil, 0, err
	}
	s.next += uint64(len(operations))
	s.log, s.position = log, position
	return log, position, nil
}

// remember notes an entry for the next chunk: no more than are remembered.
func (s *store) remember(content []byte, records int) {
	s.pending = append(s.pending, pendingEntry{content, records})
	s.pendingRecords += records
	for s.pendingRecords-s.pending[0].records > 2*s.limit {
		s.pendingRecords -= s.pending[0].records
		s.pending = s.pending[1:]
	}
}

// pendingEntry is an entry that is in no chunk yet.
type pendingEntry struct {
	content []byte
	records int
}

func entryKey(number uint64) string { return keyEntry + strconv.FormatUint(number, 10) }

// replay counts what is in the journal. An entry that is lost does not hide those after it,
// where the storage can list its keys.
func (s *store) replay(ctx context.Context, keys []string, count func(*entry)) error {
	found := false
	if err := s.read(ctx, keyJournal, func(content []byte) (err error) {
		s.first, err = strconv.ParseUint(string(content), 10, 64)
		found = err == nil
		return err
	}); err != nil {
		return err
	}
	if keys == nil {
		for s.next = s.first; ; s.next++ {
			there, err := s.replayEntry(ctx, s.next, count)
			if err != nil || !there {
				return err
			}
		}
	}
	numbers := numbersOf[uint64](keys, keyEntry)
	if !found && len(numbers) > 0 {
		s.first = numbers[0] // what the ledger holds was deleted when it was saved
	}
	s.next = s.first
	for _, number := range numbers {
		if number < s.first {
			s.obsolete = append(s.obsolete, entryKey(number)) // the ledger holds it
			continue
		}
		if _, err := s.replayEntry(ctx, number, count); err != nil {
			return err
		}
		s.next = number + 1
	}
	return nil
}

// replayEntry counts an entry, if there is one.
func (s *store) replayEntry(ctx context.Context, number uint64, count func(*entry)) (there bool, err error) {
	err = s.read(ctx, entryKey(number), func(content []byte) error {
		there = true
		e, err := parseEntry(content)
		if err == nil {
			count(&e)
			s.remember(content, len(e.records))
		}
		return err
	})
	return there, err
}

// chunk is entries between two snapshots.
type chunk struct {
	Number  uint64    `json:"n"`
	At      time.Time `json:"at"`
	Records int       `json:"records"`
}

func chunkKey(number uint64) string { return keyChunk + strconv.FormatUint(number, 10) }

// A chunk is the entries, each after its size. If it begins with compressed, which no size is,
// the rest is compressed with snappy: entries are much alike.
const (
	compressed = 0
	// maxRatio bounds what is allocated for a chunk: snappy compresses no more than that.
	maxRatio = 32
)

func compressChunk(content []byte) []byte {
	to := make([]byte, 1+snappy.MaxEncodedLen(len(content)))
	to[0] = compressed
	return to[:1+len(snappy.Encode(to[1:], content))]
}

func decompressChunk(content []byte) ([]byte, error) {
	if len(content) == 0 || content[0] != compressed {
		return content, nil
	}
	if n, err := snappy.DecodedLen(content[1:]); err != nil || n > maxRatio*len(content) {
		return nil, errJournal
	}
	content, err := snappy.Decode(nil, content[1:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errJournal, err)
	}
	return content, nil
}

// parseChunk calls add with the entries of a chunk.
func parseChunk(content []byte, add func(*entry)) error {
	content, err := decompressChunk(content)
	if err != nil {
		return err
	}
	for len(content) > 0 {
		n, size := binary.Uvarint(content)
		if size <= 0 || n > uint64(len(content)-size) {
			return errJournal
		}
		e, err := parseEntry(content[size : size+int(n)])
		if err != nil {
			return err
		}
		add(&e)
		content = content[size+int(n):]
	}
	return nil
}

// maxChunk is about the size of a chunk before it is compressed. It is a part of the snapshot.
const maxChunk = 2 * maxPart

// writeEntries writes the entries since the last snapshot as chunks. The list of all chunks, and what
// is to be removed, is appended to the operations that are written at once: chunks that are past the
// window, or of which newer ones leave nothing to be remembered. Twice the window and the limit are
// kept: what was remembered with the first of a group is remembered with its last.
func (s *store) writeEntries(ctx context.Context, parts *parts, operations []*storage.Operation, entries []pendingEntry, now time.Time) (all []*storage.Operation, chunks []chunk, err error) {
	left := 2 * s.limit
	for _, e := range entries {
		left -= e.records
	}
	age, next := time.Duration(0), now
	removed := 0
	for _, chunk := range slices.Backward(s.chunks) {
		age += identity.Age(next.Sub(chunk.At), s.window)
		next = chunk.At
		if left <= 0 || age > 2*s.window {
			operations = append(operations, storage.DeleteOperation(chunkKey(chunk.Number)))
			removed++
			continue
		}
		left -= chunk.Records
		chunks = append(chunks, chunk)
	}
	slices.Reverse(chunks)
	if len(entries) == 0 && removed == 0 {
		return operations, chunks, nil
	}
	if len(s.chunks) == 0 {
		if err := parts.setEmptyList(ctx, keyCalls); err != nil {
			return operations, chunks, err
		}
	}
	number := uint64(0)
	if n := len(s.chunks); n > 0 {
		number = s.chunks[n-1].Number + 1
	}
	var content []byte
	records := 0
	end := func() error {
		chunks = append(chunks, chunk{Number: number, At: now, Records: records})
		err := parts.set(ctx, chunkKey(number), compressChunk(content))
		content, records = content[:0], 0
		number++
		return err
	}
	for _, e := range entries {
		if len(content) > 0 && len(content)+len(e.content) > maxChunk {
			if err := end(); err != nil {
				return operations, chunks, err
			}
		}
		content = binary.AppendUvarint(content, uint64(len(e.content)))
		content = append(content, e.content...)
		records += e.records
	}
	if len(content) > 0 {
		if err := end(); err != nil {
			return operations, chunks, err
		}
	}
	index, err := json.Marshal(chunks)
	return append(operations, storage.SetOperation(keyCalls, index)), chunks, err
}
