// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/series"
)

var morning = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

// fullDisk is a storage that cannot be written.
type fullDisk struct {
	storage.Client
	onWrite func()
}

func (d fullDisk) Batch(context.Context, ...*storage.Operation) error {
	d.onWrite()
	return errors.New("disk full")
}

// A save that failed puts its entries back before those that came meanwhile: when
// more are pending than are remembered, the oldest are forgotten.
func TestOrderAfterAFailedSave(t *testing.T) {
	var s *Store
	disk := fullDisk{onWrite: sync.OnceFunc(func() { s.remember([]byte("second"), 1) })}
	s = newStore(checkedstorage.New(disk, nil), Options{Window: time.Hour, MaxRecords: 100, Counting: &sync.Mutex{}})
	s.remember([]byte("first"), 1)
	state := State{ledger.New(ledger.Limits{}), series.New(series.Options{}), calls.New(calls.Limits{})}
	require.ErrorContains(t, s.Save(t.Context(), state, morning, morning), "disk full")
	var order []string
	for _, e := range s.pending {
		order = append(order, string(e.content))
	}
	assert.Equal(t, []string{"first", "second"}, order)
	assert.Equal(t, 2, s.pendingRecords)
}

// What is known of a record beside its kinds of usage is known after a restart, too.
func TestRecordOfAnEntry(t *testing.T) {
	call := ledger.Call{Model: "claude-opus-4-8"}
	call.Usage[usage.Input] = 5
	record := identity.Record{
		Trace: [16]byte{1}, Span: [8]byte{2}, Prompt: 5, Stated: 1<<usage.Input | 1<<usage.Output, NonZero: 1<<usage.Input | 1<<31,
		Payload: string(ledger.AppendCall(nil, &call)),
	}
	whole := Entry{At: morning, Records: []identity.Record{record}}
	read, err := parseEntry(whole.encode())
	require.NoError(t, err)
	assert.Equal(t, record.Stated, read.Records[0].Stated)
	assert.Equal(t, record.NonZero, read.Records[0].NonZero)
}

func FuzzParseEntry(f *testing.F) {
	call := ledger.Call{Model: "gpt-4o"}
	call.Usage[usage.Input] = 5
	whole := Entry{
		At:      morning,
		Records: []identity.Record{{Trace: [16]byte{1}, Span: [8]byte{2}, Scope: "sdk", Values: &identity.Values{"", "ada"}, Payload: string(ledger.AppendCall(nil, &call))}},
		Spans:   []identity.Span{{Trace: [16]byte{1}, Span: [8]byte{3}, Parent: [8]byte{4}}},
		Sums:    []ledger.Call{call},
	}
	f.Add(whole.encode())
	f.Add([]byte{journalVersion, 0, 0, 0})
	f.Add([]byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		e, err := parseEntry(content)
		if err != nil || content[0] == 1 {
			return
		}
		again, err := parseEntry(e.encode())
		require.NoError(t, err)
		assert.Equal(t, e, again)
	})
}

func FuzzParseChunk(f *testing.F) {
	e := Entry{At: morning, Spans: []identity.Span{{Trace: [16]byte{1}, Span: [8]byte{3}, Parent: [8]byte{4}}}}
	content := e.encode()
	content = append([]byte{byte(len(content))}, content...)
	f.Add(content)
	f.Add(compressChunk(content))
	f.Add([]byte{compressed, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		entries := 0
		err := parseChunk(content, func(*Entry) { entries++ })
		if err == nil && len(content) > 0 && content[0] != compressed {
			again := 0
			require.NoError(t, parseChunk(compressChunk(content), func(*Entry) { again++ }))
			assert.Equal(t, entries, again)
		}
	})
}
