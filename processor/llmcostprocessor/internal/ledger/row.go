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
// arc_llm_duration_seconds in the Arc guide.
var Bounds = [...]float64{.1, .5, 1, 2, 5, 10, 30, 60}

// Call is one call, as the ledger counts it.
type Call struct {
	// Model is the model's name; Listed, when it is one of the price table.
	Model  string
	Listed bool
	// Provider is as written, Convention that of the record, and Reading the evidence
	// by which its usage was read. Estimated is why its cost is an estimate, if it is.
	Provider, Convention, Reading, Estimated string
	// Dimensions are the values of the dimensions, in their order.
	Dimensions Dimensions
	// Adjustments change the cost with the dimensions, which may still be completed.
	// What is written and read is the cost before them.
	Adjustments []Adjustment
	// Account is that of the provider, the model and the dimensions; nil if it is not known.
	Account *Account
	Figures
}

// Figures are what is counted of a call. They contain no pointers, so that the
// garbage collector need not scan them.
type Figures struct {
	// Hour is when it was made, in whole hours since 1970.
	Hour int64
	// Count is of how many calls it is the sum, if Many; it can be 0 where nobody
	// counted them.
	Count int64
	// Usage is what was used, by kind.
	Usage Usage
	// Cost is 0 when Unpriced.
	Cost money.Pico
	// Saved is what the call would have cost more without a cache; negative where
	// writing the cache cost more than reading it saved.
	Saved money.Pico
	// Reported is the cost that the application reports, if HasReported.
	Reported money.Pico
	// Duration is not negative; it is unknown unless Timed.
	Duration time.Duration
	// End is when the call ended, in nanoseconds since 1970.
	End int64
	// Trace and Span are where the call is to be found; zero when unknown.
	Trace [16]byte
	Span  [8]byte

	Status                             Status
	Many, Unpriced, HasReported, Timed bool
	// NoPrice: it is unpriced since its model has no price.
	NoPrice bool
	// Computed is what the call costs by the price table, if HasComputed: where
	// CostReported, the cost is what the application reported.
	Computed                  money.Pico
	CostReported, HasComputed bool
	// IsEstimate: the cost is an estimate.
	IsEstimate bool
}

// compared returns what the call costs by the price table, if its application reports a
// cost of its own.
func (f *Figures) compared() (computed money.Pico, both bool) {
	if f.CostReported {
		return f.Computed, f.HasComputed && f.HasReported
	}
	return f.Cost, f.HasReported && !f.Unpriced
}

// Ended is when the call ended.
func (f *Figures) Ended() time.Time { return time.Unix(0, f.End).UTC() }

// Row adds calls up. All of it is integers, so the order of calls does not matter.
type Row struct {
	Calls     [statuses]int64         `json:"calls"`
	Unpriced  int64                   `json:"unpriced,omitempty"`
	Usage     Usage                   `json:"usage,omitzero"`
	Cost      money.Sum               `json:"cost"`
	Saved     money.Sum               `json:"saved,omitzero"`
	Compared  Compared                `json:"compared,omitzero"`
	Estimates Estimates               `json:"estimates,omitzero"`
	Durations [len(Bounds) + 1]uint64 `json:"durations"`
	Elapsed   Elapsed                 `json:"elapsed"` // the sum of the durations
}

// Estimates adds up the calls whose cost is an estimate.
type Estimates struct {
	Calls int64     `json:"calls"`
	Cost  money.Sum `json:"cost"`
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
	e.Seconds += o.Seconds
	if e.Nanos += o.Nanos; e.Nanos >= uint64(time.Second) {
		// What was loaded may be of whatever size.
		e.Seconds += e.Nanos / uint64(time.Second)
		e.Nanos %= uint64(time.Second)
	}
}

func (e *Elapsed) subtract(o Elapsed) {
	e.Seconds -= o.Seconds
	if e.Nanos < o.Nanos {
		e.Seconds--
		e.Nanos += uint64(time.Second)
	}
	e.Nanos -= o.Nanos
}

// NumCalls is how many calls the figures are of.
func (f *Figures) NumCalls() int64 {
	if f.Many {
		return f.Count
	}
	return 1
}

// timing is where a duration counts. It is worked out once for all sums that a
// call is added to.
type timing struct {
	bucket  int
	elapsed Elapsed
}

func (f *Figures) timing() timing {
	if !f.Timed {
		return timing{}
	}
	d := f.Duration
	return timing{bucket(d), Elapsed{Seconds: uint64(d / time.Second), Nanos: uint64(d % time.Second)}}
}

func (r *Row) add(f *Figures, took timing) {
	r.Calls[f.Status] += f.NumCalls()
	if f.Unpriced {
		r.Unpriced += f.NumCalls()
	}
	r.Usage.add(&f.Usage)
	r.Cost.Add(f.Cost)
	r.Saved.Add(f.Saved)
	if computed, both := f.compared(); both {
		r.Compared.Calls++
		r.Compared.Reported.Add(f.Reported)
		r.Compared.Computed.Add(computed)
	}
	if f.IsEstimate {
		r.Estimates.Calls += f.NumCalls()
		r.Estimates.Cost.Add(f.Cost)
	}
	if f.Timed {
		r.Durations[took.bucket]++
		r.Elapsed.add(took.elapsed)
	}
}

// subtract takes a call out that was added.
func (r *Row) subtract(f *Figures, took timing) {
	r.Calls[f.Status] -= f.NumCalls()
	if f.Unpriced {
		r.Unpriced -= f.NumCalls()
	}
	r.Usage.subtract(&f.Usage)
	r.Cost.Subtract(money.SumOf(f.Cost))
	r.Saved.Subtract(money.SumOf(f.Saved))
	if computed, both := f.compared(); both {
		r.Compared.Calls--
		r.Compared.Reported.Subtract(money.SumOf(f.Reported))
		r.Compared.Computed.Subtract(money.SumOf(computed))
	}
	if f.IsEstimate {
		r.Estimates.Calls -= f.NumCalls()
		r.Estimates.Cost.Subtract(money.SumOf(f.Cost))
	}
	if f.Timed {
		r.Durations[took.bucket]--
		r.Elapsed.subtract(took.elapsed)
	}
}

// Add adds another row.
func (r *Row) Add(o *Row) {
	for i := range r.Calls {
		r.Calls[i] += o.Calls[i]
	}
	r.Unpriced += o.Unpriced
	r.Usage.add(&o.Usage)
	r.Cost.AddSum(o.Cost)
	r.Saved.AddSum(o.Saved)
	r.Compared.add(&o.Compared)
	r.Estimates.Calls += o.Estimates.Calls
	r.Estimates.Cost.AddSum(o.Estimates.Cost)
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

// Priced reports whether the cost of any call is known.
func (r *Row) Priced() bool { return r.Count() > r.Unpriced || !r.Cost.IsZero() }

// bucket is the first whose upper bound, which belongs to it, is not exceeded.
func bucket(d time.Duration) int {
	for i, bound := range durations {
		if d <= bound {
			return i
		}
	}
	return len(durations)
}

// durations are the Bounds.
var durations = func() (of [len(Bounds)]time.Duration) {
	for i, bound := range Bounds {
		of[i] = time.Duration(bound * float64(time.Second))
	}
	return of
}()
