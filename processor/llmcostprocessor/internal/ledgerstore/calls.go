// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
)

// Single calls are in chunks under kept/N, the most expensive ones of a day under
// kept-day/N, the spans around calls under kept-steps/N; the list of all is under kept. Versions before
// have none of these.
const (
	keyKept      = "kept"
	keyKeptChunk = "kept/"
	keyKeptDay   = "kept-day/"
	keyKeptSteps = "kept-steps/"
)

// storedCalls is which single calls are in the storage.
type storedCalls struct {
	chunks map[uint64]bool
	days   map[int64]bool
	steps  map[uint64]bool
	index  []byte
}

// replace notes that what was encoded is all that is in the storage.
func (c *storedCalls) replace(by *calls.Encoded) {
	*c = storedCalls{setOf(by.AllChunks), setOf(by.AllDays), setOf(by.AllSteps), by.Index}
}

// loadCalls loads the single calls.
func (s *Store) loadCalls(ctx context.Context, keys []string, to *calls.Store) error {
	s.calls = storedCalls{map[uint64]bool{}, map[int64]bool{}, map[uint64]bool{}, nil}
	var chunks, steps []uint64
	var days []int64
	if err := s.Read(ctx, keyKept, func(content []byte) (err error) {
		chunks, days, steps, err = to.ParseIndex(content)
		return err
	}); err != nil {
		return err
	}
	// The list may be lost, or older than the chunks.
	chunks = merged(chunks, numbersOf[uint64](keys, keyKeptChunk))
	days = merged(days, numbersOf[int64](keys, keyKeptDay))
	steps = merged(steps, numbersOf[uint64](keys, keyKeptSteps))
	for _, number := range steps {
		s.calls.steps[number] = true
		if err := s.Read(ctx, stepsKey(number), to.LoadSteps); err != nil {
			return err
		}
	}
	for _, number := range days {
		s.calls.days[number] = true
		if err := s.Read(ctx, callsOfDayKey(number), func(content []byte) error { return to.LoadDay(number, content) }); err != nil {
			return err
		}
	}
	for _, number := range slices.Backward(chunks) {
		s.calls.chunks[number] = true
		if err := s.Read(ctx, callsKey(number), to.Load); err != nil {
			return err
		}
	}
	return nil
}

// merged are the numbers of both lists, in order.
func merged[T int64 | uint64](a, b []T) []T {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// writeCalls writes the single calls that changed ahead. At the end the list of all is written, and what is not
// in it is removed. Calls that are written twice, since a save was interrupted, are recognized when they are loaded.
func (s *Store) writeCalls(ctx context.Context, t *transaction, changes *calls.Changes) (calls.Encoded, error) {
	encoded, err := changes.Encode()
	if err != nil {
		return encoded, err
	}
	if err := writeAhead(ctx, t, encoded.Chunks, callsKey, s.calls.chunks); err != nil {
		return encoded, err
	}
	if err := writeAhead(ctx, t, encoded.Days, callsOfDayKey, s.calls.days); err != nil {
		return encoded, err
	}
	if err := writeAhead(ctx, t, encoded.Steps, stepsKey, s.calls.steps); err != nil {
		return encoded, err
	}
	for _, number := range missing(s.calls.chunks, encoded.AllChunks) {
		t.delete(callsKey(number))
	}
	for _, number := range missing(s.calls.days, encoded.AllDays) {
		t.delete(callsOfDayKey(number))
	}
	for _, number := range missing(s.calls.steps, encoded.AllSteps) {
		t.delete(stepsKey(number))
	}
	if !bytes.Equal(encoded.Index, s.calls.index) {
		t.set(keyKept, encoded.Index)
	}
	return encoded, nil
}

// writeAhead writes values by their numbers, which are stored from then on.
func writeAhead[T int64 | uint64](ctx context.Context, t *transaction, values map[T][]byte, key func(T) string, stored map[T]bool) error {
	for _, number := range slices.Sorted(maps.Keys(values)) {
		if err := t.setAhead(ctx, key(number), values[number]); err != nil {
			return err
		}
		stored[number] = true
	}
	return nil
}

func setOf[T comparable](all []T) map[T]bool {
	set := make(map[T]bool, len(all))
	for _, each := range all {
		set[each] = true
	}
	return set
}

// missing returns the stored numbers that are not in the list any more.
func missing[T int64 | uint64](stored map[T]bool, all []T) (gone []T) {
	there := setOf(all)
	for _, number := range slices.Sorted(maps.Keys(stored)) {
		if !there[number] {
			gone = append(gone, number)
		}
	}
	return gone
}

func callsKey(number uint64) string { return keyKeptChunk + strconv.FormatUint(number, 10) }

func stepsKey(number uint64) string { return keyKeptSteps + strconv.FormatUint(number, 10) }

func callsOfDayKey(number int64) string { return keyKeptDay + strconv.FormatInt(number, 10) }
