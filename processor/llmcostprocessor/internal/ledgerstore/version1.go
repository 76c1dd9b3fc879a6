// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// Version 1 persisted the hashes of the IDs of calls, and no records: a call that it
// counted is recognized when it is sent again, and cannot be corrected.
const (
	keySeen1 = "seen"
	// seenBytes is what a call takes: the hash of its IDs, two other numbers, a flag.
	seenBytes = 25
)

func parseEntry1(content []byte) (e Entry, err error) {
	nanos, size := binary.Varint(content[1:])
	if size <= 0 {
		return Entry{}, errJournal
	}
	e.At = time.Unix(0, nanos)
	rest := content[1+size:]
	if e.Seen, rest, err = parseSeen1(rest); err != nil {
		return Entry{}, err
	}
	e.Calls, _, err = parseList(rest, ledger.ParseCall1)
	return e, err
}

func parseSeen1(from []byte) (seen []uint64, rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)/seenBytes) || uint64(len(from)-size) < n*seenBytes {
		return nil, nil, errJournal
	}
	rest = from[size:]
	for range n {
		seen = append(seen, binary.LittleEndian.Uint64(rest))
		rest = rest[seenBytes:]
	}
	return seen, rest, nil
}

// loadSeen1 reads the calls that version 1 remembered.
func (s *Store) loadSeen1(ctx context.Context, add func([]uint64, time.Time)) error {
	var chunks []chunk
	if err := s.Read(ctx, keySeen1, func(content []byte) error { return json.Unmarshal(content, &chunks) }); err != nil {
		return err
	}
	for _, chunk := range chunks {
		key := keySeen1 + chunkKey(chunk.Number)[len(keyCalls):]
		if err := s.Read(ctx, key, func(content []byte) error {
			seen, _, err := parseSeen1(content)
			add(seen, chunk.At)
			return err
		}); err != nil {
			return err
		}
		s.obsolete = append(s.obsolete, key)
	}
	if len(chunks) > 0 {
		s.obsolete = append(s.obsolete, keySeen1)
	}
	return nil
}
