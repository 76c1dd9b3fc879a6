// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"encoding/binary"
	"runtime"
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

// TestMemory: a hundred thousand calls, the default, fit into 64 MiB, with half as
// many links and while the oldest are forgotten.
func TestMemory(t *testing.T) {
	const limit = 100_000
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	c := New(Options{Records: limit, Spans: limit / 2, Window: 10 * time.Minute, PairByTime: true})
	for n := 0; n < 2*limit; n += 1000 {
		records, spans := plain(1000, n, start)
		c.Add(records, spans, start)
	}
	used := heap() - before
	assert.Equal(t, limit, c.Len())
	assert.EqualValues(t, limit, c.Evicted())
	t.Logf("%d bytes a call", used/limit)
	assert.Less(t, used, uint64(64<<20))
	runtime.KeepAlive(c)
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
