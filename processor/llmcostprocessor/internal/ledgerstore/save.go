// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"slices"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

// changes are what a save persists: what has changed since the one before.
type changes struct {
	ledger  ledger.Changes
	series  series.Changes
	calls   calls.Changes
	entries []pendingEntry
	next    uint64 // entry of the journal, after those that the ledger holds
}

// take takes what has changed. cutoff is the time by which the ledger forgets.
func (s *Store) take(ctx context.Context, from State, cutoff time.Time) changes {
	s.Counting.Lock()
	defer s.Counting.Unlock()
	// What is taken must not be written later, as something that the snapshot does not hold. An
	// error makes no difference: the snapshot holds it.
	_, _, _ = s.Write(ctx)
	taken := changes{from.Ledger.Take(cutoff), from.Series.Take(), from.Calls.Take(), s.pending, s.next}
	s.pending, s.pendingRecords = nil, 0
	return taken
}

// Save persists what has changed. What need not be written at once is written first, in parts; the
// lists with which it counts are written with all the rest at once. What the lists then leave out is
// removed with them, and so are the entries of the journal that the ledger holds. cutoff is the time by
// which the ledger forgets. After an error the next save persists it all.
func (s *Store) Save(ctx context.Context, from State, now, cutoff time.Time) error {
	taken := s.take(ctx, from, cutoff)
	snapshot, err := taken.ledger.Pack()
	t := &transaction{client: s.client}
	if err == nil {
		err = s.writeSegments(ctx, t, &snapshot)
	}
	inSeries := s.series
	if err == nil {
		inSeries, err = s.writeSeries(ctx, t, &taken.series)
	}
	var inCalls calls.Encoded
	if err == nil {
		inCalls, err = s.writeCalls(ctx, t, &taken.calls)
	}
	var chunks []chunk
	if err == nil {
		chunks, err = s.writeEntries(ctx, t, taken.entries, now)
	}
	later := s.cutJournal(t, taken.next)
	written := false
	if err == nil {
		written, err = t.commit(ctx, s.obsolete)
	}
	if err != nil {
		if snapshot.Totals != nil {
			from.Ledger.MarkTotals()
		}
		from.Calls.Mark(&taken.calls)
		s.abandonSeries(inSeries)
		s.giveBack(from, &taken)
		return err
	}
	if written {
		s.obsolete = nil
	}
	s.segments = map[uint64]bool{}
	for _, segment := range snapshot.Segments {
		s.segments[segment.ID] = true
	}
	s.series, s.chunks, s.first = inSeries, chunks, taken.next
	s.calls.replace(&inCalls)
	s.deleteEntries(ctx, later)
	return nil
}

// giveBack has changes persisted with the next save, before those that came meanwhile.
func (s *Store) giveBack(to State, taken *changes) {
	s.Counting.Lock()
	defer s.Counting.Unlock()
	to.Series.Mark(taken.series)
	later := s.pending
	s.pending, s.pendingRecords = nil, 0
	for _, e := range append(taken.entries, later...) {
		s.remember(e.content, e.records)
	}
}

// maxDeleted is how many entries of the journal are deleted at once.
const maxDeleted = 1000

// cutJournal has the entries before next deleted, which the ledger holds. Those that are too many for the
// transaction are returned, to be deleted later.
func (s *Store) cutJournal(t *transaction, next uint64) (later []*storage.Operation) {
	if next == s.first {
		return nil
	}
	t.set(keyJournal, []byte(strconv.FormatUint(next, 10)))
	for number := s.first; number < next; number++ {
		later = append(later, storage.DeleteOperation(entryKey(number)))
	}
	some := min(len(later), maxDeleted)
	t.last = append(t.last, later[:some]...)
	return later[some:]
}

// deleteEntries deletes entries of the journal that the ledger holds, which therefore do not count
// any more. Those that cannot be deleted are deleted with the next save.
func (s *Store) deleteEntries(ctx context.Context, operations []*storage.Operation) {
	for some := range slices.Chunk(operations, maxDeleted) {
		if s.client.Batch(ctx, some...) != nil {
			for _, o := range some {
				s.obsolete = append(s.obsolete, o.Key)
			}
		}
	}
}
