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
	// Model is the model's name.
	Model string
	// Dimensions are the values of the dimensions, in their order.
	Dimensions Dimensions
	Status     Status
	// Prompt and Completion are all tokens in and out; CacheRead and CacheWrite
	// are parts of Prompt.
	Prompt, Completion, CacheRead, CacheWrite int64
	// Cost is 0 when Unpriced.
	Cost     money.Pico
	Unpriced bool
	Duration time.Duration
}

// Row adds calls up. All of it is integers, so the order of calls does not matter.
type Row struct {
	Calls      [statuses]int64         `json:"calls"`
	Unpriced   int64                   `json:"unpriced,omitempty"`
	Prompt     int64                   `json:"prompt"`
	Completion int64                   `json:"completion"`
	CacheRead  int64                   `json:"cache_read,omitempty"`
	CacheWrite int64                   `json:"cache_write,omitempty"`
	Cost       money.Sum               `json:"cost"`
	Durations  [len(Bounds) + 1]uint64 `json:"durations"`
	Duration   time.Duration           `json:"duration"` // the sum
}

func (r *Row) add(c *Call) {
	r.Calls[c.Status]++
	if c.Unpriced {
		r.Unpriced++
	}
	r.Prompt += c.Prompt
	r.Completion += c.Completion
	r.CacheRead += c.CacheRead
	r.CacheWrite += c.CacheWrite
	r.Cost.Add(c.Cost)
	r.Durations[bucket(c.Duration)]++
	r.Duration += c.Duration
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
	r.Cost.AddSum(o.Cost)
	for i := range r.Durations {
		r.Durations[i] += o.Durations[i]
	}
	r.Duration += o.Duration
}

// Count is the number of calls.
func (r *Row) Count() int64 {
	var n int64
	for _, calls := range r.Calls {
		n += calls
	}
	return n
}

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
