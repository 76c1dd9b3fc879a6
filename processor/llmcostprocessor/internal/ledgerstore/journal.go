// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"strconv"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
)

// The journal holds what was added since the last snapshot of the ledger, so that a
// process that is killed has counted what it acknowledged. A batch is an entry
// under journal/N. With the ledger the number of the first entry that it does not
// hold is saved under journal, and the entries before are removed.
const (
	keyJournal = "journal"
	keyEntry   = "journal/"
)

func entryKey(number uint64) string { return keyEntry + strconv.FormatUint(number, 10) }

// Add notes what a batch adds, to be written. It must be called with Counting held.
func (s *Store) Add(e *Entry) {
	if e.empty() {
		return
	}
	content := e.encode()
	s.remember(content, len(e.Records))
	s.unwritten = append(s.unwritten, content)
	// Rejected requests do not add up to more than is remembered.
	if over := len(s.unwritten) - len(s.pending); over > 0 {
		s.unwritten = s.unwritten[over:]
	}
}

// Write writes the entries that are not in the storage: of those who are to be acknowledged, of
// others whose requests are on their way, and of those that were rejected. They are durable when
// the log, unless it is nil, is synced up to the position. It must be called with Counting held.
func (s *Store) Write(ctx context.Context) (groupcommit.Log, uint64, error) {
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

// Failing is whether the last entries could not be written. It needs no lock.
func (s *Store) Failing() bool { return s.failing.Load() }

// remember notes an entry for the next chunk: no more than are remembered.
func (s *Store) remember(content []byte, records int) {
	s.pending = append(s.pending, pendingEntry{content, records})
	s.pendingRecords += records
	for s.pendingRecords-s.pending[0].records > 2*s.MaxRecords {
		s.pendingRecords -= s.pending[0].records
		s.pending = s.pending[1:]
	}
}

// pendingEntry is an entry that is in no chunk yet.
type pendingEntry struct {
	content []byte
	records int
}

// replay counts what is in the journal. An entry that is lost does not hide those after it,
// where the storage can list its keys.
func (s *Store) replay(ctx context.Context, keys []string, count func(*Entry)) error {
	found := false
	if err := s.Read(ctx, keyJournal, func(content []byte) (err error) {
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
func (s *Store) replayEntry(ctx context.Context, number uint64, count func(*Entry)) (there bool, err error) {
	err = s.Read(ctx, entryKey(number), func(content []byte) error {
		there = true
		e, err := parseEntry(content)
		if err == nil {
			count(&e)
			s.remember(content, len(e.Records))
		}
		return err
	})
	return there, err
}
