// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// A segment of the ledger is under segment/ID; the list of them is under segments, because a
// storage need not be able to list.
const (
	keyTotals   = "totals"
	keySegments = "segments"
	keySegment  = "segment/"
	// keyHours is the list of the hours that versions before have stored, N being whole hours
	// since 1970, and keyHour is before each. They become segments with the first save.
	keyHours = "hours"
	keyHour  = "hour/"
)

func segmentKey(id uint64) string { return keySegment + strconv.FormatUint(id, 10) }

func hourKey(at int64) string { return keyHour + strconv.FormatInt(at, 10) }

// loadSegments loads the segments of the list. What else is there was written by a save that
// was interrupted before it wrote the list: the journal has it too.
func (s *Store) loadSegments(ctx context.Context, keys []string, to *ledger.Ledger) error {
	var listed []uint64
	if err := s.Read(ctx, keySegments, func(content []byte) error { return json.Unmarshal(content, &listed) }); err != nil {
		return err
	}
	there := numbersOf[uint64](keys, keySegment)
	if listed == nil { // the list is lost, or there are none
		listed = there
	}
	for _, id := range listed {
		if err := s.Read(ctx, segmentKey(id), func(content []byte) error {
			segment, err := ledger.ParseSegment(id, content)
			if err == nil {
				to.Load(segment)
			}
			return err
		}); err != nil {
			return err
		}
		s.segments[id] = true
	}
	for _, id := range there {
		to.Reserve(id)
		if !s.segments[id] {
			s.obsolete = append(s.obsolete, segmentKey(id))
		}
	}
	return nil
}

// loadHours loads what versions before have stored.
func (s *Store) loadHours(ctx context.Context, keys []string, to *ledger.Ledger) error {
	var hours []int64
	if err := s.Read(ctx, keyHours, func(content []byte) error { return json.Unmarshal(content, &hours) }); err != nil {
		return err
	}
	if hours == nil { // the list is lost, or there are none
		hours = numbersOf[int64](keys, keyHour)
	}
	for _, at := range hours {
		if err := s.Read(ctx, hourKey(at), func(content []byte) error { return to.LoadHour(at, content) }); err != nil {
			return err
		}
		s.obsolete = append(s.obsolete, hourKey(at))
	}
	if len(hours) > 0 {
		s.obsolete = append(s.obsolete, keyHours)
	}
	return nil
}

// writeSegments writes the segments that are not in the storage ahead. At the end the totals and the list of all
// are written.
func (s *Store) writeSegments(ctx context.Context, t *transaction, snapshot *ledger.Snapshot) error {
	if len(s.segments) == 0 && len(snapshot.Segments) > 0 {
		if err := t.setEmptyList(ctx, keySegments); err != nil {
			return err
		}
	}
	for _, segment := range snapshot.Segments {
		if s.segments[segment.ID] {
			continue
		}
		if err := t.setAhead(ctx, segmentKey(segment.ID), segment.Content()); err != nil {
			return err
		}
	}
	return s.listSegments(t, snapshot)
}

// listSegments has the totals and the list of the segments written at the end, and removes those that
// are no longer listed.
func (s *Store) listSegments(t *transaction, snapshot *ledger.Snapshot) error {
	if snapshot.Totals != nil {
		t.set(keyTotals, snapshot.Totals)
	}
	listed := make([]uint64, 0, len(snapshot.Segments))
	removed := maps.Clone(s.segments)
	changed := len(snapshot.Segments) != len(s.segments)
	for _, segment := range snapshot.Segments {
		listed = append(listed, segment.ID)
		changed = changed || !s.segments[segment.ID]
		delete(removed, segment.ID)
	}
	if !changed {
		return nil
	}
	index, err := json.Marshal(listed)
	if err != nil {
		return err
	}
	t.set(keySegments, index)
	for _, id := range slices.Sorted(maps.Keys(removed)) {
		t.delete(segmentKey(id))
	}
	return nil
}
