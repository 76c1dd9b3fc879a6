// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

// The series of the metrics by dimension are in chunks under series-chunk/N/ID. A chunk that has
// changed gets a new ID, so that it can be written ahead of the list of the IDs by N, with which it
// counts, under series-list.
const (
	keySeriesList  = "series-list"
	keySeriesChunk = "series-chunk/"
	// keySeriesBefore is how many chunks versions before have stored, which are under
	// keySeriesChunkBefore and N. They are replaced with the first save.
	keySeriesBefore      = "series"
	keySeriesChunkBefore = "series/"
)

// storedSeries is which chunks of the series are in the storage.
type storedSeries struct {
	ids  []uint64 // by the number of the chunk; 0 where there is none
	last uint64   // that was given to a chunk
}

// loadSeries loads the series. Without them, as after an upgrade, they start from zero.
func (s *Store) loadSeries(ctx context.Context, keys []string, to *series.Set) error {
	var listed []uint64
	if err := s.Read(ctx, keySeriesList, func(content []byte) error { return json.Unmarshal(content, &listed) }); err != nil {
		return err
	}
	there := seriesChunksOf(keys)
	if listed == nil {
		// The list is lost, or there is none. Of a chunk that is there twice the first counts: a save
		// that wrote the second was interrupted.
		for number, ids := range there {
			listed = setAt(listed, number, slices.Min(ids))
		}
	}
	s.series = storedSeries{ids: listed}
	for number, id := range listed {
		if id == 0 {
			continue
		}
		s.series.last = max(s.series.last, id)
		if err := s.Read(ctx, seriesKey(number, id), to.Load); err != nil {
			return err
		}
	}
	for number, ids := range there {
		for _, id := range ids {
			s.series.last = max(s.series.last, id)
			if number >= len(listed) || listed[number] != id {
				s.obsolete = append(s.obsolete, seriesKey(number, id))
			}
		}
	}
	if listed == nil {
		return s.loadSeriesBefore(ctx, keys, to)
	}
	return nil
}

// loadSeriesBefore loads what versions before have stored.
func (s *Store) loadSeriesBefore(ctx context.Context, keys []string, to *series.Set) error {
	chunks := 0
	if err := s.Read(ctx, keySeriesBefore, func(content []byte) (err error) {
		chunks, err = strconv.Atoi(string(content))
		return err
	}); err != nil {
		return err
	}
	numbers := numbersOf[int64](keys, keySeriesChunkBefore)
	for n := range chunks {
		numbers = append(numbers, int64(n))
	}
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		key := keySeriesChunkBefore + strconv.FormatInt(number, 10)
		if err := s.Read(ctx, key, to.Load); err != nil {
			return err
		}
		s.obsolete = append(s.obsolete, key)
	}
	if len(numbers) > 0 {
		s.obsolete = append(s.obsolete, keySeriesBefore)
		to.MarkAll()
	}
	return nil
}

// writeSeries writes the chunks that changed ahead. At the end the list of all is written, and the chunks that they
// replace are removed. next is what is stored then; after an error, what may be.
func (s *Store) writeSeries(ctx context.Context, t *transaction, changes *series.Changes) (next storedSeries, err error) {
	next = storedSeries{slices.Clone(s.series.ids), s.series.last}
	if changes.Chunks == 0 {
		return next, nil
	}
	if s.series.ids == nil {
		if err := t.setEmptyList(ctx, keySeriesList); err != nil {
			return next, err
		}
	}
	if err := changes.Encode(func(number int, content []byte) error {
		if number < len(next.ids) && next.ids[number] != 0 {
			t.delete(seriesKey(number, next.ids[number]))
		}
		next.last++
		next.ids = setAt(next.ids, number, next.last)
		return t.setAhead(ctx, seriesKey(number, next.last), content)
	}); err != nil {
		return next, err
	}
	list, err := json.Marshal(next.ids)
	t.set(keySeriesList, list)
	return next, err
}

// abandonSeries notes that the list was not written: what was written ahead does not count, and is
// removed.
func (s *Store) abandonSeries(next storedSeries) {
	for number, id := range next.ids {
		if id > s.series.last {
			s.obsolete = append(s.obsolete, seriesKey(number, id))
		}
	}
	s.series.last = next.last
}

func setAt(ids []uint64, at int, id uint64) []uint64 {
	for len(ids) <= at {
		ids = append(ids, 0)
	}
	ids[at] = id
	return ids
}

func seriesKey(number int, id uint64) string {
	return fmt.Sprintf("%s%d/%d", keySeriesChunk, number, id)
}

// maxSeriesChunks bounds what a key that is no chunk's can ask for.
const maxSeriesChunks = 1 << 16

// seriesChunksOf are the IDs of the chunks that there are, by number.
func seriesChunksOf(keys []string) map[int][]uint64 {
	there := map[int][]uint64{}
	for _, key := range keys {
		rest, ok := strings.CutPrefix(key, keySeriesChunk)
		before, after, _ := strings.Cut(rest, "/")
		number, err := strconv.Atoi(before)
		id, err2 := strconv.ParseUint(after, 10, 64)
		if ok && err == nil && err2 == nil && number >= 0 && number < maxSeriesChunks && id > 0 {
			there[number] = append(there[number], id)
		}
	}
	return there
}
