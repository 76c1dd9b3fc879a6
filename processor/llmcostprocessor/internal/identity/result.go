// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
)

// Rule is why a record belongs to a call that another record stands for.
type Rule string

// The rules, in their order.
const (
	Alone      Rule = "" // the record stands for the call
	SameSpan   Rule = "same_span"
	ResponseID Rule = "response_id"
	Nested     Rule = "nested"
	Stream     Rule = "stream"
	Concurrent Rule = "concurrent"
	// Aggregate is not a call: a span that repeats the sum of the calls within it.
	Aggregate Rule = "aggregate"
)

// Outcome is what a record of a batch is.
type Outcome struct {
	// Rule is how the record came to belong to a call that another record represents.
	Rule Rule
	// Copy: the same record was added before.
	Copy bool
	// Marks: the record is the one whose span carries the cost of the call. That is
	// one span of each call, the first that represented it.
	Marks bool
}

// Merged is a record that belongs to a call that another record represents.
type Merged struct {
	SpanKey
	Scope string
	Rule  Rule
}

// Counted is what stands for a call in the ledger.
type Counted struct {
	Payload string
	more    *more
	// Place is the ledger's, to find what was counted.
	Place uint8
	// Unnamed: the record does not name the model.
	Unnamed bool
	// Amended is the caller's: what it counted instead of the payload, if not "".
	Amended string
}

// Current is the payload that is counted.
func (c *Counted) Current() string { return cmp.Or(c.Amended, c.Payload) }

// more is what few calls have.
type more struct {
	values *Values
	merged []Merged
	named  string
	caller string
}

// Values are the attribution: of the record, of the others of the call, and of the
// spans around them.
func (c *Counted) Values() []string {
	if c.more == nil {
		return nil
	}
	return c.more.values.of()
}

// Named is the payload of another record of the call, which names the model that the one
// that stands for it does not; "" for none.
func (c *Counted) Named() string {
	if c.more == nil {
		return ""
	}
	return c.more.named
}

// Caller is the payload of the record of whoever made the call, if that is of another resource
// than the one that stands for it, as an application's is of another than its gateway's; "" if not.
func (c *Counted) Caller() string {
	if c.more == nil {
		return ""
	}
	return c.more.caller
}

// Merged are the other records of the call.
func (c *Counted) Merged() []Merged {
	if c.more == nil {
		return nil
	}
	return c.more.merged
}

// Change replaces what stands for a call.
type Change struct {
	// Call is the same for all changes of a call.
	Call uint64
	// Out was counted before, In is to be counted; nil for nothing. Both are the
	// same when no more than the merged records changed.
	Out, In *Counted
	// Record is the index of In's record in the batch; -1 when it is of an earlier one.
	Record int
	slot   uint64 // of a compact record
	of     *call  // of other records
}

// Result is what a batch leads to. It is valid until the next one is added.
type Result struct {
	// Outcomes are those of the records, in their order.
	Outcomes []Outcome
	Changes  []Change
	// Merged is how many records came to belong to a call that another stands for.
	Merged map[Rule]int64
}
