// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/binary"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// plain makes calls as an application has them: each in a trace of its own, with a
// response ID, and amounts that hardly repeat.
func plain(n, from int, at time.Time) ([]Record, []Span) {
	records, spans := make([]Record, n), make([]Span, n)
	for i := range records {
		number := uint64(from + i + 1)
		r := &records[i]
		binary.BigEndian.PutUint64(r.Trace[:], number)
		binary.BigEndian.PutUint64(r.Span[:], number)
		binary.BigEndian.PutUint64(r.Parent[:], number<<32)
		r.Resource, r.Model, r.Response = 1, 2, number*0x9E3779B97F4A7C15
		r.Scope = "opentelemetry.instrumentation.openai.v1"
		r.End = at.UnixNano() + int64(i)
		r.Start = r.End - int64(2*time.Second)
		r.Prompt, r.Completion = 1000+int64(number%50_000), 200+int64(number%977)
		r.Stated, r.NonZero = 7, 7
		r.Flags = IsSpan | HasUsage | StatesInput | StatesOutput | Priced | Listed
		r.Payload = strings.Repeat("x", 88)
		spans[i] = Span{SpanKey: SpanKey{r.Trace, r.Parent}, Parent: [8]byte{1}}
	}
	return records, spans
}

// logsOf are the log records that were written in the spans of calls.
func logsOf(records []Record) []Record {
	logs := slices.Clone(records)
	for i := range logs {
		logs[i].Flags &^= IsSpan
		logs[i].Parent = [8]byte{}
	}
	return logs
}

// TestMemoryOfTwins: calls that a span and a log record report take no more than as many other records.
func TestMemoryOfTwins(t *testing.T) {
	const calls = 50_000
	used := heapOf(func() any {
		c := New(Options{Records: 2 * calls, Spans: calls, Window: 10 * time.Minute, PairByTime: true})
		for n := 0; n < 2*calls; n += 1000 {
			records, spans := plain(1000, n, start)
			c.Add(logsOf(records), nil, start)
			changes := c.Add(records, spans, start).Changes
			assert.Len(t, changes, 1000)
			assert.Equal(t, SameSpan, changes[0].In.Merged()[0].Rule)
		}
		assert.Equal(t, 2*calls, c.Len())
		assert.EqualValues(t, 2*calls, c.Evicted())
		return c
	})
	t.Logf("%d bytes a record", used/(2*calls))
	assert.Less(t, used, uint64(64<<20))
}

// heapOf is what remains of the heap when something was made.
func heapOf(build func() any) uint64 {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	made := build()
	used := heap() - before
	runtime.KeepAlive(made)
	return used
}

// TestMemory: a hundred thousand calls, the default, fit into 64 MiB, with half as
// many links and while the oldest are forgotten.
func TestMemory(t *testing.T) {
	const limit = 100_000
	used := heapOf(func() any {
		c := New(Options{Records: limit, Spans: limit / 2, Window: 10 * time.Minute, PairByTime: true})
		for n := 0; n < 2*limit; n += 1000 {
			records, spans := plain(1000, n, start)
			c.Add(records, spans, start)
		}
		assert.Equal(t, limit, c.Len())
		assert.EqualValues(t, limit, c.Evicted())
		return c
	})
	t.Logf("%d bytes a call", used/limit)
	assert.Less(t, used, uint64(64<<20))
}

func BenchmarkAdd(b *testing.B) {
	const batch = 1000
	c := New(Options{Records: 100_000, Spans: 100_000, Window: 10 * time.Minute, PairByTime: true})
	b.ReportAllocs()
	for n := 0; n < b.N; n += batch {
		b.StopTimer()
		records, spans := plain(batch, n, start)
		b.StartTimer()
		c.Add(records, spans, start)
	}
}

// TestMemoryOfResentBatches: what is new in a batch that is otherwise resent does not retain the
// payloads of the whole batch.
func TestMemoryOfResentBatches(t *testing.T) {
	const batches, records, payload = 200, 1000, 100
	used := heapOf(func() any {
		c := New(Options{Records: 10 * records, Spans: records, Window: 10 * time.Minute, PairByTime: true})
		var kept []string
		for n := range batches {
			text := strings.Repeat("x", records*payload)
			all, _ := plain(records-1, 0, start)
			fresh, _ := plain(1, records+n, start)
			all = append(all, fresh...)
			for i := range all {
				all[i].Payload = text[i*payload : (i+1)*payload]
			}
			changes := c.Add(all, nil, start).Changes
			kept = append(kept, changes[len(changes)-1].In.Payload)
		}
		assert.Equal(t, records-1+batches, c.Len())
		return []any{c, kept}
	})
	assert.Less(t, used, uint64(batches*records*payload/10))
}
