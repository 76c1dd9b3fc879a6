// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// journalVersion is that of entries. Version 1 is read, too: version1.go.
const journalVersion = 2

var errJournal = errors.New("not a journal entry")

// Entry is what one batch adds. Adding the records again, in the order of the entries,
// leads to the same groups and the same ledger.
type Entry struct {
	At      time.Time
	Records []identity.Record
	Spans   []identity.Span // around records
	Sums    []ledger.Call   // of metric sources

	// Seen and Calls are those of an entry of version 1, which has nothing else. Seen are the
	// hashes of the IDs of the calls.
	Seen  []uint64
	Calls []ledger.Call
}

func (e *Entry) empty() bool { return len(e.Records) == 0 && len(e.Spans) == 0 && len(e.Sums) == 0 }

func (e *Entry) encode() []byte {
	to := []byte{journalVersion}
	to = binary.AppendVarint(to, e.At.UnixNano())
	to = ledger.AppendKinds(to)
	to = binary.AppendUvarint(to, uint64(len(e.Records)))
	for i := range e.Records {
		to = identity.AppendRecord(to, &e.Records[i])
	}
	to = binary.AppendUvarint(to, uint64(len(e.Spans)))
	for i := range e.Spans {
		to = identity.AppendSpan(to, &e.Spans[i])
	}
	to = binary.AppendUvarint(to, uint64(len(e.Sums)))
	for i := range e.Sums {
		to = ledger.AppendCall(to, &e.Sums[i])
	}
	return to
}

func parseEntry(content []byte) (e Entry, err error) {
	if len(content) == 0 {
		return Entry{}, errJournal
	}
	switch content[0] {
	case journalVersion:
	case 1:
		return parseEntry1(content)
	default:
		return Entry{}, fmt.Errorf("%w of a known version", errJournal)
	}
	nanos, size := binary.Varint(content[1:])
	if size <= 0 {
		return Entry{}, errJournal
	}
	e.At = time.Unix(0, nanos)
	kinds, rest, err := ledger.ParseKinds(content[1+size:])
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	e.Records, rest, err = parseList(rest, identity.ParseRecord)
	if err == nil {
		e.Spans, rest, err = parseList(rest, identity.ParseSpan)
	}
	if err == nil {
		e.Sums, _, err = parseList(rest, func(from []byte) (ledger.Call, []byte, error) { return ledger.ParseCall(from, kinds) })
	}
	for i := range e.Records {
		if err == nil {
			err = renumber(&e.Records[i], kinds)
		}
	}
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", errJournal, err)
	}
	return e, nil
}

func parseList[T any](from []byte, parse func([]byte) (T, []byte, error)) (all []T, rest []byte, err error) {
	n, size := binary.Uvarint(from)
	if size <= 0 || n > uint64(len(from)) {
		return nil, nil, errJournal
	}
	rest = from[size:]
	for range n {
		var one T
		if one, rest, err = parse(rest); err != nil {
			return nil, nil, err
		}
		all = append(all, one)
	}
	return all, rest, nil
}

// renumber gives the kinds of usage the numbers that they have in this build, and
// makes sure that the call can be parsed.
func renumber(r *identity.Record, kinds ledger.Kinds) error {
	call, detail, err := ledger.ParseCall([]byte(r.Payload), kinds)
	if err != nil {
		return err
	}
	r.Payload = string(append(ledger.AppendCall(nil, &call), detail...))
	r.Stated, r.NonZero = renumberSet(r.Stated, kinds), renumberSet(r.NonZero, kinds)
	return nil
}

// renumberSet leaves the bits that are of no kind as they are.
func renumberSet(set uint32, kinds ledger.Kinds) (renumbered uint32) {
	renumbered = set & (math.MaxUint32 << max(len(kinds), usage.Count))
	for number, kind := range kinds {
		if number < 32 && set&(1<<number) != 0 && kind != usage.None {
			renumbered |= 1 << kind
		}
	}
	return renumbered
}
