// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Status is how a call ended.
type Status uint8

// How a call may have ended.
const (
	Success Status = iota
	Error
	Timeout
	statuses
)

// Statuses are all of them, in the order of Row.Calls.
var Statuses = [statuses]string{Success: "success", Error: "error", Timeout: "timeout"}

// Bounds are the upper bounds of the duration histogram in seconds, those of
// the reference's arc_llm_duration_seconds.
var Bounds = [...]float64{.1, .5, 1, 2, 5, 10, 30, 60}

// Call is what the ledger is told of one call.
type Call struct {
	// Hour is when it was made, in whole hours since 1970.
	Hour int64
	// Model is the model's name; Listed, when it is one of the price table.
	Model  string
	Listed bool
	// Dimensions are the values of the dimensions, in their order.
	Dimensions Dimensions
	Status     Status
	// Many: it is the sum of Count calls, which can be 0 where nobody counted them.
	Many  bool
	Count int64
	// Prompt and Completion are all tokens in and out; CacheRead and CacheWrite
	// are parts of Prompt, Reasoning of Completion.
	Prompt, Completion, CacheRead, CacheWrite, Reasoning int64
	// Cost is 0 when Unpriced.
	Cost     money.Pico
	Unpriced bool
	// Saved is what the call would have cost more without a cache; negative where
	// writing the cache cost more than reading it saved.
	Saved money.Pico
	// Reported is what the application says that the call cost, if HasReported.
	Reported    money.Pico
	HasReported bool
	// Duration is not negative; it is unknown unless Timed.
	Duration time.Duration
	Timed    bool
	// Trace and Span are where the call is to be found; zero when unknown.
	Trace [16]byte
	Span  [8]byte
	// End is when the call ended.
	End time.Time
}

// Row adds calls up. All of it is integers, so the order of calls does not matter.
type Row struct {
	Calls      [statuses]int64         `json:"calls"`
	Unpriced   int64                   `json:"unpriced,omitempty"`
	Prompt     int64                   `json:"prompt"`
	Completion int64                   `json:"completion"`
	CacheRead  int64                   `json:"cache_read,omitempty"`
	CacheWrite int64                   `json:"cache_write,omitempty"`
	Reasoning  int64                   `json:"reasoning,omitempty"`
	Cost       money.Sum               `json:"cost"`
	Saved      money.Sum               `json:"saved,omitzero"`
	Compared   Compared                `json:"compared,omitzero"`
	Durations  [len(Bounds) + 1]uint64 `json:"durations"`
	Elapsed    Elapsed                 `json:"elapsed"` // the sum of the durations
}

// Compared adds up the calls that were priced and whose application reported a
// cost of its own.
type Compared struct {
	Calls    int64     `json:"calls"`
	Reported money.Sum `json:"reported"`
	Computed money.Sum `json:"computed"`
}

// Difference is what was reported less what was computed, in dollars.
func (c Compared) Difference() float64 {
	difference := c.Reported
	difference.Subtract(c.Computed)
	return difference.Dollars()
}

func (c *Compared) add(o *Compared) {
	c.Calls += o.Calls
	c.Reported.AddSum(o.Reported)
	c.Computed.AddSum(o.Computed)
}

// Elapsed is a sum of durations. A time.Duration would be full when a thousand
// calls have run side by side for some hundred days.
type Elapsed struct {
	Seconds uint64 `json:"s"`
	Nanos   uint64 `json:"ns"` // below a second
}

// Float is the sum in seconds.
func (e Elapsed) Float() float64 { return float64(e.Seconds) + float64(e.Nanos)/1e9 }

func (e *Elapsed) add(o Elapsed) {
	nanos := e.Nanos + o.Nanos
	e.Seconds += o.Seconds + nanos/uint64(time.Second)
	e.Nanos = nanos % uint64(time.Second)
}

func (c *Call) count() int64 {
	if c.Many {
		return c.Count
	}
	return 1
}

func (r *Row) add(c *Call) {
	r.Calls[c.Status] += c.count()
	if c.Unpriced {
		r.Unpriced += c.count()
	}
	r.Prompt += c.Prompt
	r.Completion += c.Completion
	r.CacheRead += c.CacheRead
	r.CacheWrite += c.CacheWrite
	r.Reasoning += c.Reasoning
	r.Cost.Add(c.Cost)
	r.Saved.Add(c.Saved)
	if c.HasReported && !c.Unpriced {
		r.Compared.Calls++
		r.Compared.Reported.Add(c.Reported)
		r.Compared.Computed.Add(c.Cost)
	}
	if c.Timed {
		r.Durations[bucket(c.Duration)]++
		r.Elapsed.add(Elapsed{Seconds: uint64(c.Duration / time.Second), Nanos: uint64(c.Duration % time.Second)})
	}
}

// Add adds another row.
func (r *Row) Add(o *Row) {
	for i := range r.Calls {
		r.Calls[i] += o.Calls[i]
	}
	r.Unpriced += o.Unpriced
	r.Prompt += o.Prompt
	r.Completion += o.Completion
	r.CacheRead += o.CacheRead
	r.CacheWrite += o.CacheWrite
	r.Reasoning += o.Reasoning
	r.Cost.AddSum(o.Cost)
	r.Saved.AddSum(o.Saved)
	r.Compared.add(&o.Compared)
	for i := range r.Durations {
		r.Durations[i] += o.Durations[i]
	}
	r.Elapsed.add(o.Elapsed)
}

// Count is the number of calls.
func (r *Row) Count() int64 {
	var n int64
	for _, calls := range r.Calls {
		n += calls
	}
	return n
}

// Timed is the number of calls whose duration is known.
func (r *Row) Timed() uint64 {
	var n uint64
	for _, calls := range r.Durations {
		n += calls
	}
	return n
}

// Priced says whether the cost of any call is known.
func (r *Row) Priced() bool { return r.Count() > r.Unpriced || !r.Cost.IsZero() }

// bucket is the first whose upper bound, which belongs to it, is not exceeded.
func bucket(d time.Duration) int {
	seconds := d.Seconds()
	for i, bound := range Bounds {
		if seconds <= bound {
			return i
		}
	}
	return len(Bounds)
}
