// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// Tolerance is by how much the times of two records of one call may disagree:
// promises and streams end a little after the span around them.
const Tolerance = 50 * time.Millisecond

// SpanKey names a span.
type SpanKey struct {
	Trace [16]byte
	Span  [8]byte
}

// IsZero reports whether the trace or the span is unknown.
func (k SpanKey) IsZero() bool { return k.Trace == [16]byte{} || k.Span == [8]byte{} }

// Record is one span or log record that reports a call.
type Record struct {
	// Trace and Span are those of the call; Parent is the span around it. A log
	// record written within the span of something else has that as its Parent.
	Trace  [16]byte
	Span   [8]byte
	Parent [8]byte
	// Content distinguishes records without a span of their own; 0 for others.
	Content uint64
	// Response is the hash of the provider's response ID, Resource that of the resource,
	// which is one process: 0 when unknown.
	Response, Resource uint64
	// Scope is the name of the instrumentation scope.
	Scope string
	// Start and End are in nanoseconds since 1970; of a log record they are equal
	// where its duration is unknown. End is 0 when there is no time at all.
	Start, End int64
	Usage
	// Values are the attribution of the record itself, in the order of the
	// dimensions; nil for none.
	Values *Values
	// Payload is the caller's, and returned with changes. It is remembered as it is.
	Payload string
	// Model is the hash of the model; 0 when unknown.
	Model uint32
	Flags Flags
}

// Usage is as much of what a call used as it takes to compare records.
type Usage struct {
	// Prompt and Completion are all tokens in and out, Cached and Reasoning parts
	// of them. Other stands for everything else that was used.
	Prompt, Completion int64
	Cached, Reasoning  uint32
	Other              uint64
	// Stated has a bit for each kind that the record reports, NonZero for each kind
	// of which something was used.
	Stated, NonZero uint32
}

// Values are an attribution: a value for each dimension, "" for unknown. They must
// not be changed once they were handed over.
type Values []string

// of returns what there is.
func (v *Values) of() []string {
	if v == nil {
		return nil
	}
	return *v
}

func (v *Values) equal(other *Values) bool { return v == other || slices.Equal(v.of(), other.of()) }

// overlay fills the values that are missing from others.
func (v *Values) overlay(others *Values) *Values {
	own := v.of()
	for i, other := range others.of() {
		if other == "" || i < len(own) && own[i] != "" {
			continue
		}
		if len(own) == 0 {
			return others
		}
		filled := make(Values, max(len(own), len(*others)))
		copy(filled, own)
		for ; i < len(*others); i++ {
			if filled[i] == "" {
				filled[i] = (*others)[i]
			}
		}
		return &filled
	}
	return v
}

// Flags are facts of a record.
type Flags uint32

// The flags.
const (
	// IsSpan distinguishes a span from a log record.
	IsSpan Flags = 1 << iota
	// HasUsage: the record reports what was used. Zero tokens are not a report.
	HasUsage
	// StatesInput, StatesOutput, StatesCached and StatesReasoning: the record
	// reports this side or detail, maybe zero.
	StatesInput
	StatesOutput
	StatesCached
	StatesReasoning
	// Failed: the call ended in an error.
	Failed
	// Priced: the cost of the record's usage is known.
	Priced
	// Listed: the model is in the price table.
	Listed
	// HasTier: the record reports how the provider was asked to serve the call.
	HasTier
	// HasCost: the application reported a cost.
	HasCost
	// Known: the record was counted already, by whom the cache does not know.
	Known
	// Proven: the numbers of the record prove what they include. KnownScope: what the
	// numbers of its instrumentation include is known.
	Proven
	KnownScope
	// Above: the completion may be a few tokens above that of the call. Varies: there
	// are such records of calls of this model.
	Above
	Varies
	// Unreadable: the record reports usage that cannot be read. It is not a record
	// that leaves the usage to another.
	Unreadable
	// Undecided: the record counts as a call because of its usage. What it is called does
	// not decide that it is one.
	Undecided
	// OfFailures: the record is of a kind of event of which there are only those of failed calls.
	OfFailures
)

// Has reports whether all flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

// withinOwn reports whether a log record was written in a span that is known by its ID
// alone. If it is not a call, that span is around the record.
func (r *Record) withinOwn() bool {
	return !r.Flags.Has(IsSpan) && r.Parent == [8]byte{} && r.Span != [8]byte{}
}

// enclosing is the span around a record.
func (r *Record) enclosing() [8]byte {
	if r.withinOwn() {
		return r.Span
	}
	return r.Parent
}

// Site names where the record was found: records of one site are of one span,
// or the same log record.
func (r *Record) site() SpanKey {
	key := SpanKey{r.Trace, r.Span}
	if !key.IsZero() && r.Content == 0 {
		return key
	}
	if r.Content == 0 && r.Response == 0 {
		return SpanKey{}
	}
	key = SpanKey{}
	putUint64(key.Trace[:8], cmp.Or(r.Content, r.Response^r.Resource, 1))
	key.Trace[15] = 1 // so that it is not zero
	return key
}

// sameModel reports whether the models may be the same: gateways have names of their own.
func sameModel(a, b *Record) bool {
	return a.Model == b.Model || a.Model == 0 || b.Model == 0 || a.Flags&b.Flags&Listed == 0 && a.Flags&Listed != b.Flags&Listed
}

// sameResponse reports whether the response IDs allow that the records are of one call.
// A gateway has IDs of its own, in a resource of its own.
func sameResponse(a, b *Record) bool {
	return a.Response == b.Response || a.Response == 0 || b.Response == 0 || a.Resource != b.Resource
}

// compatible reports whether two records may report the same call: what one of them
// does not report is unknown, not different.
func compatible(a, b *Record) bool {
	if !a.Flags.Has(HasUsage) || !b.Flags.Has(HasUsage) {
		return sameModel(a, b) && a.Flags&Failed == b.Flags&Failed
	}
	return compatibleUsage(a, b)
}

func compatibleUsage(a, b *Record) bool {
	input := sameTotal(a.inputTotal(), b.inputTotal())
	output := sameTotal(a.outputTotal(), b.outputTotal()) || nearCompletion(a, b)
	return input && output && (a.Other == b.Other || a.Other == 0 || b.Other == 0)
}

// sideTotal are the tokens of one side of a call, and the detail that some count in the total
// and others in addition to it.
type sideTotal struct {
	tokens      int64
	detail      uint32
	known       bool // the record reports the tokens
	knownDetail bool // and the detail
}

func (r *Record) inputTotal() sideTotal {
	return sideTotal{r.Prompt, r.Cached, r.Flags.Has(StatesInput), r.Flags.Has(StatesCached)}
}

func (r *Record) outputTotal() sideTotal {
	return sideTotal{r.Completion, r.Reasoning, r.Flags.Has(StatesOutput), r.Flags.Has(StatesReasoning)}
}

// sameTotal compares a side. Who does not report a detail may count it in the
// total or leave it out. Who reports it may have been read in the wrong way, if the
// detail is the same and exactly what the totals differ by.
func sameTotal(a, b sideTotal) bool {
	if a.tokens == b.tokens || !a.known || !b.known {
		return true
	}
	difference := distance(a.tokens, b.tokens)
	switch {
	case a.knownDetail && b.knownDetail:
		return a.detail == b.detail && difference == int64(a.detail)
	case a.knownDetail || b.knownDetail:
		return difference == int64(max(a.detail, b.detail))
	}
	return false
}

// maxAbove is by how much a completion that is too high may be so: Anthropic's streams
// begin with a count of a few tokens, which some add to that of the end.
const maxAbove = 16

// nearCompletion reports whether completions are the same but for what one of them is
// too high by.
func nearCompletion(a, b *Record) bool {
	if (a.Flags|b.Flags)&Above == 0 || !(a.Flags & b.Flags).Has(StatesInput|StatesOutput) || a.Prompt == 0 {
		return false
	}
	switch above := a.Completion - b.Completion; {
	case above > 0:
		return a.Flags.Has(Above) && above <= maxAbove
	case above < 0:
		return b.Flags.Has(Above) && -above <= maxAbove
	}
	return true
}

// contains reports whether inner is within the time of outer, but for the tolerance.
// Times that are missing or make no sense say nothing.
func contains(outer, inner *Record) bool {
	return beginsWithin(outer, inner) && (!timed(outer) || !timed(inner) || inner.End <= outer.End+int64(Tolerance))
}

// beginsWithin reports whether inner begins within the time of outer: one of the two may
// end with the request, and the other with the stream.
func beginsWithin(outer, inner *Record) bool {
	return !timed(outer) || !timed(inner) ||
		outer.Start-int64(Tolerance) <= inner.Start && inner.Start <= outer.End+int64(Tolerance)
}

// maxSkew is by how much the clocks of two machines may differ.
const maxSkew = time.Minute

// fitsElsewhere reports whether the time of a record of another resource, which may have
// another clock, allows that it is within outer: it does not last longer, but for a stream of
// which one has the request alone.
func fitsElsewhere(outer, inner *Record) bool {
	if !timed(outer) || !timed(inner) {
		return true
	}
	if inner.Start < outer.Start-int64(maxSkew) || inner.Start > outer.End+int64(maxSkew) {
		return false
	}
	return outer.Flags&inner.Flags&HasUsage == 0 || inner.End-inner.Start <= outer.End-outer.Start+int64(Tolerance)
}

func timed(r *Record) bool { return r.End != 0 && r.End >= r.Start }

func overlaps(a, b *Record) bool {
	return a.Start-int64(Tolerance) <= b.End && b.Start-int64(Tolerance) <= a.End
}

// rank orders the records of one call, that with the most detail first. Nonzero
// has the kinds of which any of them reports a use.
func rank(a, b *node, nonzero uint32) int {
	flag := func(f Flags) int { return cmp.Compare(b.Flags&f, a.Flags&f) }
	return cmp.Or(
		flag(HasUsage),
		flag(Priced),
		cmp.Compare(bits.OnesCount32(b.Stated&nonzero), bits.OnesCount32(a.Stated&nonzero)),
		-flag(Above),
		flag(Proven),
		flag(KnownScope),
		cmp.Compare(b.Prompt+b.Completion, a.Prompt+a.Completion),
		flag(HasTier),
		cmp.Compare(bits.OnesCount32(b.NonZero), bits.OnesCount32(a.NonZero)),
		flag(IsSpan),
		cmp.Compare(b.depth, a.depth), // the inner span first
		flag(HasCost),
		cmp.Compare(min(b.Response, 1), min(a.Response, 1)),
		canonical(a, b),
	)
}

// canonical is an order of records that does not depend on their arrival.
func canonical(a, b *node) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.print, b.print))
}

// Span is a span that is not a call: what is around it, and its attribution.
type Span struct {
	SpanKey
	Parent [8]byte
	Values *Values
}
