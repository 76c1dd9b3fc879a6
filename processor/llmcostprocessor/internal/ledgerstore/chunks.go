// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/golang/snappy"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
)

// The entries between two snapshots are kept, as one chunk under calls/N, for as
// long as their records are remembered; the list of these is under calls.
const (
	keyCalls = "calls"
	keyChunk = "calls/"
)

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
func parseChunk(content []byte, add func(*Entry)) error {
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

// loadChunks calls remember with the entries of the chunks.
func (s *Store) loadChunks(ctx context.Context, keys []string, remember func(*Entry)) error {
	if err := s.Read(ctx, keyCalls, func(content []byte) error { return json.Unmarshal(content, &s.chunks) }); err != nil {
		return err
	}
	if s.chunks == nil { // the index is lost, or there are none
		for _, number := range numbersOf[uint64](keys, keyChunk) {
			s.chunks = append(s.chunks, chunk{Number: number})
		}
	}
	for i := range s.chunks {
		c := &s.chunks[i]
		records := 0
		if err := s.Read(ctx, chunkKey(c.Number), func(content []byte) error {
			return parseChunk(content, func(e *Entry) {
				records += len(e.Records)
				if c.At.Before(e.At) {
					c.At = e.At
				}
				remember(e)
			})
		}); err != nil {
			return err
		}
		c.Records = max(c.Records, records)
	}
	return nil
}

// writeEntries writes the entries since the last snapshot as chunks. At the end the list of all chunks is
// written, and chunks are removed that are past the window, or of which newer ones leave nothing to be
// remembered. Twice the window and the limit are kept: what was remembered with the first of a group is
// remembered with its last.
func (s *Store) writeEntries(ctx context.Context, t *transaction, entries []pendingEntry, now time.Time) (chunks []chunk, err error) {
	chunks = s.dropChunks(t, entries, now)
	if len(entries) == 0 && len(chunks) == len(s.chunks) {
		return chunks, nil
	}
	if len(s.chunks) == 0 {
		if err := t.setEmptyList(ctx, keyCalls); err != nil {
			return nil, err
		}
	}
	next := chunk{At: now}
	if n := len(s.chunks); n > 0 {
		next.Number = s.chunks[n-1].Number + 1
	}
	var content []byte
	end := func() error {
		chunks = append(chunks, next)
		err := t.setAhead(ctx, chunkKey(next.Number), compressChunk(content))
		next, content = chunk{Number: next.Number + 1, At: now}, content[:0]
		return err
	}
	for _, e := range entries {
		if len(content) > 0 && len(content)+len(e.content) > maxChunk {
			if err := end(); err != nil {
				return nil, err
			}
		}
		content = binary.AppendUvarint(content, uint64(len(e.content)))
		content = append(content, e.content...)
		next.Records += e.records
	}
	if len(content) > 0 {
		if err := end(); err != nil {
			return nil, err
		}
	}
	index, err := json.Marshal(chunks)
	t.set(keyCalls, index)
	return chunks, err
}

// dropChunks has the chunks removed of which nothing is to be remembered with the entries, and returns the others.
func (s *Store) dropChunks(t *transaction, entries []pendingEntry, now time.Time) (left []chunk) {
	records := 2 * s.MaxRecords
	for _, e := range entries {
		records -= e.records
	}
	age, next := time.Duration(0), now
	for _, chunk := range slices.Backward(s.chunks) {
		age += identity.Age(next.Sub(chunk.At), s.Window)
		next = chunk.At
		if records <= 0 || age > 2*s.Window {
			t.delete(chunkKey(chunk.Number))
			continue
		}
		records -= chunk.Records
		left = append(left, chunk)
	}
	slices.Reverse(left)
	return left
}
