// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
)

// Single calls are in chunks under kept/N, the most expensive ones of a day under
// kept-day/N, the spans around calls under kept-steps/N; the list of all is under kept. Versions before have none of these.
const (
	keyKept      = "kept"
	keyKeptChunk = "kept/"
	keyKeptDay   = "kept-day/"
	keyKeptSteps = "kept-steps/"
)

// loadKept loads the single calls.
func (s *store) loadKept(ctx context.Context, keys []string, to *calls.Store) error {
	s.keptChunks, s.keptDays, s.keptSteps = map[uint64]bool{}, map[int64]bool{}, map[uint64]bool{}
	var chunks, steps []uint64
	var days []int64
	if err := s.read(ctx, keyKept, func(content []byte) (err error) {
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
		s.keptSteps[number] = true
		if err := s.read(ctx, stepsKey(number), to.LoadSteps); err != nil {
			return err
		}
	}
	for _, number := range days {
		s.keptDays[number] = true
		if err := s.read(ctx, callsOfDayKey(number), func(content []byte) error { return to.LoadDay(number, content) }); err != nil {
			return err
		}
	}
	for _, number := range slices.Backward(chunks) {
		s.keptChunks[number] = true
		if err := s.read(ctx, callsKey(number), to.Load); err != nil {
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

// writeKept writes the single calls that changed. The list of all, and what
// is to be removed, is appended to the operations that are written at once: calls that are
// written twice, since a save was interrupted, are recognized when they are loaded.
func (s *store) writeKept(ctx context.Context, parts *parts, operations []*storage.Operation, changes *calls.Changes) ([]*storage.Operation, error) {
	encoded, err := changes.Encode()
	if err != nil {
		return operations, err
	}
	for _, number := range slices.Sorted(maps.Keys(encoded.Chunks)) {
		if err := parts.set(ctx, callsKey(number), encoded.Chunks[number]); err != nil {
			return operations, err
		}
		s.keptChunks[number] = true
	}
	for _, number := range slices.Sorted(maps.Keys(encoded.Days)) {
		if err := parts.set(ctx, callsOfDayKey(number), encoded.Days[number]); err != nil {
			return operations, err
		}
		s.keptDays[number] = true
	}
	for _, number := range slices.Sorted(maps.Keys(encoded.Steps)) {
		if err := parts.set(ctx, stepsKey(number), encoded.Steps[number]); err != nil {
			return operations, err
		}
		s.keptSteps[number] = true
	}
	s.keptNext = encoded
	for _, number := range obsolete(s.keptChunks, encoded.AllChunks) {
		operations = append(operations, storage.DeleteOperation(callsKey(number)))
	}
	for _, number := range obsolete(s.keptDays, encoded.AllDays) {
		operations = append(operations, storage.DeleteOperation(callsOfDayKey(number)))
	}
	for _, number := range obsolete(s.keptSteps, encoded.AllSteps) {
		operations = append(operations, storage.DeleteOperation(stepsKey(number)))
	}
	if bytes.Equal(encoded.Index, s.keptIndex) {
		return operations, nil
	}
	return append(operations, storage.SetOperation(keyKept, encoded.Index)), nil
}

// endKept is called when all that writeKept returned is written.
func (s *store) endKept() {
	s.keptIndex = s.keptNext.Index
	s.keptChunks, s.keptDays, s.keptSteps = setOf(s.keptNext.AllChunks), setOf(s.keptNext.AllDays), setOf(s.keptNext.AllSteps)
}

func setOf[T comparable](all []T) map[T]bool {
	set := make(map[T]bool, len(all))
	for _, each := range all {
		set[each] = true
	}
	return set
}

// obsolete are the numbers that are not in the list any more.
func obsolete[T int64 | uint64](stored map[T]bool, all []T) (gone []T) {
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
