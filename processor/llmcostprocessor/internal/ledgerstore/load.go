// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"time"
)

// Counter counts what a store has beside snapshots.
type Counter interface {
	// Remember adds records that the ledger holds.
	Remember(e *Entry)
	// Count adds records to the ledger.
	Count(e *Entry)
	// AddKnown adds calls that version 1 has counted.
	AddKnown(ids []uint64, at time.Time)
}

// Load adds what is in the storage to the state, and has the records counted. What is damaged is
// quarantined and reported; the rest is loaded. An error means that the storage could not be
// read.
func (s *Store) Load(ctx context.Context, to State, counter Counter) error {
	if err := s.Read(ctx, keyTotals, to.Ledger.LoadTotals); err != nil {
		return err
	}
	keys, err := s.listKeys(ctx)
	if err != nil {
		return err
	}
	if err := s.loadSegments(ctx, keys, to.Ledger); err != nil {
		return err
	}
	if err := s.loadHours(ctx, keys, to.Ledger); err != nil {
		return err
	}
	if err := s.loadSeries(ctx, keys, to.Series); err != nil {
		return err
	}
	if err := s.loadCalls(ctx, keys, to.Calls); err != nil {
		return err
	}
	if err := s.loadSeen1(ctx, counter.AddKnown); err != nil {
		return err
	}
	if err := s.loadChunks(ctx, keys, counter.Remember); err != nil {
		return err
	}
	to.Calls.EndRemembering()
	defer to.Calls.EndLoading()
	return s.replay(ctx, keys, counter.Count)
}
