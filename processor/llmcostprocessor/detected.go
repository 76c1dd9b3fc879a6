// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"sync"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/calls"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/identity"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// detectedCall is one record that reports a call, and what it costs.
type detectedCall struct {
	call       convention.Call
	attributes pcommon.Map
	source     *source
	scope      string
	trace      pcommon.TraceID
	span       pcommon.SpanID
	parent     pcommon.SpanID
	start, end pcommon.Timestamp // start is 0 for log records
	isSpan     bool
	at         time.Time // when it was made, if that makes sense
	charge     charge
	variant    price.Variant // of the images or the video that it asked for
	entry      *price.Model  // that it was priced by; nil for none
	texts      *pricedTexts  // nil when they are not known
	region     string        // whose price counts
	// unconverted is why the reported cost could not be used, if it could not.
	unconverted string
}

// source is a resource that sends records.
type source struct {
	attributes  pcommon.Map
	region      string // that it runs in
	id, service uint64
	dimensions  ledger.Dimensions
}

func newSource(attributes pcommon.Map) *source {
	return &source{attributes: attributes, region: text(attributes, "cloud.region")}
}

// batch is what is detected in the telemetry of one Consume, and what it adds.
type batch struct {
	reader convention.Reader
	prices *price.Table
	at     time.Time
	// attributions are kept for the next batch, as is what the reader has learned.
	attributions attributions

	calls    []detectedCall
	spans    []identity.Span // that are not calls
	steps    []calls.Step    // those of them that are agents, chains or tools
	records  []identity.Record
	counted  []ledger.Call // the calls, as they are counted if nothing else reports them
	outcomes counts        // of the calls
	rules    counts        // by which their usage was read
	sums     []ledger.Call // of metric sources
	payloads []byte        // of the records
	ends     []int         // of each of them
	taken    []identity.Outcome

	foreignCosts int64 // on spans that are not calls
}

// batches are used again, since what is detected in a thousand spans takes half a
// megabyte.
var batches = sync.Pool{New: func() any { return new(batch) }}

// newBatch returns an empty batch, which arrives now.
func (c *core) newBatch() *batch {
	b := batches.Get().(*batch)
	b.at, b.prices = time.Now(), c.prices.Load()
	return b
}

// maxReused bounds the batches that are used again, in calls.
const maxReused = 10_000

// maxReusedPayloads is the same for their payloads, in bytes.
const maxReusedPayloads = 4 << 20

func (b *batch) free() {
	if cap(b.calls) > maxReused || cap(b.spans) > maxReused || cap(b.payloads) > maxReusedPayloads {
		return
	}
	// What is in the telemetry must not be retained.
	clear(b.calls)
	clear(b.spans)
	clear(b.steps)
	clear(b.records)
	clear(b.counted)
	clear(b.sums)
	b.calls, b.spans, b.records, b.counted, b.sums = b.calls[:0], b.spans[:0], b.records[:0], b.counted[:0], b.sums[:0]
	b.payloads, b.ends, b.steps = b.payloads[:0], b.ends[:0], b.steps[:0]
	b.outcomes, b.rules, b.prices = b.outcomes[:0], b.rules[:0], nil
	b.foreignCosts = 0
	b.reader.Forget()
	batches.Put(b)
}

// extend adds an element, which is zero because free clears the slice.
func extend[T any](in *[]T) *T {
	n := len(*in)
	if n == cap(*in) {
		*in = append(*in, *new(T))
	} else {
		*in = (*in)[:n+1]
	}
	return &(*in)[n]
}
