// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/seen"
)

// The journal holds what was counted since the ledger was last saved, so that a
// process that is killed has counted what it acknowledged. A batch is an entry
// under journal/N. With the ledger the number of the first entry that it does not
// hold is saved under journal, and the entries before are removed.
const (
	keyJournal = "journal"
	keyEntry   = "journal/"
	// keySeen is where the calls seen between two saves are kept, for as long as
	// they are remembered; the list of these stands under seen.
	keySeen  = "seen"
	keySeens = "seen/"
)

const journalVersion = 1

var errJournal = errors.New("is no journal entry")

// entry is what one batch adds.
type entry struct {
	at    time.Time
	seen  []seen.Sighting
	calls []ledger.Call
}

func (e *entry) empty() bool { return len(e.seen) == 0 && len(e.calls) == 0 }

func (e *entry) append(to []byte) []byte {
	to = append(to, journalVersion)
	to = binary.AppendVarint(to, e.at.UnixNano())
	to = appendSightings(to, e.seen)
	to = binary.AppendUvarint(to, uint64(len(e.calls)))
	for i := range e.calls {
		to = ledger.AppendCall(to, &e.calls[i])
	}
	return to
}

func parseEntry(content []byte) (e entry, err error) {
	if len(content) == 0 || content[0] != journalVersion {
		return entry{}, errJournal
	}
	nanos, size := binary.Varint(content[1:])
	if size <= 0 {
		return entry{}, errJournal
	}
	e.at = time.Unix(0, nanos)
	rest := content[1+size:]
	if e.seen, rest, err = parseSightings(rest); err != nil {
		return entry{}, err
	}
	n, size := binary.Uvarint(rest)
	if size <= 0 {
		return entry{}, errJournal
	}
	rest = rest[size:]
	for range n {
		var c ledger.Call
		if c, rest, err = ledger.ParseCall(rest); err != nil {
			return entry{}, fmt.Errorf("%w: %w", errJournal, err)
		}
		e.calls = append(e.calls, c)
	}
	return e, nil
}

// sightingBytes is what a sighting takes: three numbers, and whether it is a wrapper.
const sightingBytes = 25

func appendSightings(to []byte, sightings []seen.Sighting) []byte {
	to = binary.AppendUvarint(to, uint64(len(sightings)))
	for _, s := range sightings {
		to = binary.LittleEndian.AppendUint64(to, uint64(s.ID))
		to = binary.LittleEndian.AppendUint64(to, uint64(s.Parent))
		to = binary.LittleEndian.AppendUint64(to, s.Use)
		wrapper := byte(0)
		if s.Wrapper {
			wrapper = 1
		}
		to = append(to, wrapper)
	}
	return to
}

func parseSightings(from []byte) (sightings []seen.Sighting, rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)/sightingBytes) {
		return nil, nil, errJournal
	}
	rest = from[size:]
	if uint64(len(rest)) < n*sightingBytes {
		return nil, nil, errJournal
	}
	for ; n > 0; n-- {
		sightings = append(sightings, seen.Sighting{
			ID:      seen.ID(binary.LittleEndian.Uint64(rest)),
			Parent:  seen.ID(binary.LittleEndian.Uint64(rest[8:])),
			Use:     binary.LittleEndian.Uint64(rest[16:]),
			Wrapper: rest[24] != 0,
		})
		rest = rest[sightingBytes:]
	}
	return sightings, rest, nil
}

// journal writes what batches add. count is called within it, so that what is
// saved with the ledger and what is in the journal make up the whole.
func (s *store) journal(ctx context.Context, e *entry, count func()) error {
	s.counting.Lock()
	defer s.counting.Unlock()
	count()
	if e.empty() {
		return nil
	}
	s.scratch = e.append(s.scratch[:0])
	// It is kept by some storages as it is.
	if err := s.client.Set(ctx, entryKey(s.next), append([]byte(nil), s.scratch...)); err != nil {
		s.saw(e.seen)
		return err
	}
	s.next++
	s.saw(e.seen)
	return nil
}

func entryKey(number uint64) string { return keyEntry + strconv.FormatUint(number, 10) }

// replay counts what is in the journal.
func (s *store) replay(ctx context.Context, count func(entry)) error {
	if err := s.read(ctx, keyJournal, func(content []byte) (err error) {
		s.first, err = strconv.ParseUint(string(content), 10, 64)
		return err
	}); err != nil {
		return err
	}
	for s.next = s.first; ; s.next++ {
		key := entryKey(s.next)
		content, err := s.client.Get(ctx, key)
		if err != nil {
			return fmt.Errorf("storage: %s: %w", key, err)
		}
		if content == nil {
			return nil
		}
		if err := s.take(ctx, key, content, func(content []byte) error {
			e, err := parseEntry(content)
			if err == nil {
				count(e)
				s.saw(e.seen)
			}
			return err
		}); err != nil {
			return err
		}
	}
}

// seenChunk is the calls that were seen between two saves.
type seenChunk struct {
	Number uint64    `json:"n"`
	At     time.Time `json:"at"`
	Calls  int       `json:"calls"` // 0 where an earlier version wrote it
}

func seenKey(number uint64) string { return keySeens + strconv.FormatUint(number, 10) }

// keepSeen are the operations that keep the calls seen since the last save, and
// remove those that are past the window, or of which newer ones leave nothing to
// be remembered.
func (s *store) keepSeen(sightings []seen.Sighting, now time.Time) (operations []*storage.Operation, chunks []seenChunk) {
	room := s.limit - len(sightings)
	for _, chunk := range slices.Backward(s.chunks) {
		if room <= 0 || now.Sub(chunk.At) > s.window {
			operations = append(operations, storage.DeleteOperation(seenKey(chunk.Number)))
			continue
		}
		room -= chunk.Calls
		chunks = append(chunks, chunk)
	}
	slices.Reverse(chunks)
	if len(sightings) > 0 {
		number := uint64(0)
		if n := len(s.chunks); n > 0 {
			number = s.chunks[n-1].Number + 1
		}
		operations = append(operations, storage.SetOperation(seenKey(number), appendSightings(nil, sightings)))
		chunks = append(chunks, seenChunk{Number: number, At: now, Calls: len(sightings)})
	}
	return operations, chunks
}
