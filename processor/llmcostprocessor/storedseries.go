// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"slices"
	"strconv"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

// The series of the metrics by dimension are in chunks under series/N; how many of these
// there are is under series.
const (
	keySeries      = "series"
	keySeriesChunk = "series/"
)

// loadSeries loads the series. Without them, as after an upgrade, they start from zero.
func (s *store) loadSeries(ctx context.Context, keys []string, to *series.Set) error {
	if err := s.read(ctx, keySeries, func(content []byte) (err error) {
		s.seriesChunks, err = strconv.Atoi(string(content))
		return err
	}); err != nil {
		return err
	}
	numbers := numbersOf[int64](keys, keySeriesChunk)
	for n := range s.seriesChunks {
		numbers = append(numbers, int64(n))
	}
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		s.seriesChunks = max(s.seriesChunks, int(number)+1)
		if err := s.read(ctx, keySeriesChunk+strconv.FormatInt(number, 10), to.Load); err != nil {
			return err
		}
	}
	return nil
}

// seriesOperations appends those that persist what has changed.
func (s *store) seriesOperations(to []*storage.Operation, changes *series.Changes) ([]*storage.Operation, error) {
	chunks, err := changes.Encode()
	if err != nil {
		return nil, err
	}
	for number, content := range chunks {
		to = append(to, storage.SetOperation(keySeriesChunk+strconv.Itoa(number), content))
	}
	if changes.Chunks > s.seriesChunks {
		to = append(to, storage.SetOperation(keySeries, []byte(strconv.Itoa(changes.Chunks))))
	}
	return to, nil
}
