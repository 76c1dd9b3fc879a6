// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import "time"

// reporter is who reports each of its calls once: an instrumentation in its spans, or in the
// log records that are not of a call's span. Of a call that failed there may be two of
// these, one of which is of failures alone.
type reporter struct {
	scope          string
	logs, failures bool
}

func (r *Record) reporter() reporter { return reporterOf(r.Scope, r.Content, r.Flags) }

func reporterOf(scope string, content uint64, flags Flags) reporter {
	return reporter{scope, content != 0, content != 0 && flags.Has(OfFailures)}
}

// sideOfParallel is where a record is paired by the rule concurrent: with those of
// other reporters of its resource that used as much.
func sideOfParallel(n *Record) (place, bool) {
	if n.Scope == "" || n.Resource == 0 || n.End == 0 || n.End < n.Start {
		return place{}, false
	}
	key := n.Resource
	if n.Flags.Has(HasUsage) {
		key = key*31 + uint64(n.Prompt)
		if !n.Flags.Has(Varies) {
			key = key*31 + uint64(n.Completion)
		}
		key = key*31 + n.Other
		key = key*31 + 1
	} else if n.Flags.Has(Failed) {
		key = key*31 + 2
	}
	return place{pool: key, side: n.reporter()}, true
}

// weighParallel returns the distance in time between two records, if they can be of
// one call. Records without usage must be of one model, and one within the other.
func weighParallel(a, b *node) (int64, bool) {
	if a.reporter() == b.reporter() || a.Resource != b.Resource || !overlaps(&a.Record, &b.Record) ||
		!sameModel(&a.Record, &b.Record) || a.shares(b.reporter()) || b.shares(a.reporter()) || !mayJoin(a, b) {
		return 0, false
	}
	if a.Flags&HasUsage != b.Flags&HasUsage || a.Flags.Has(HasUsage) && !sameUsage(&a.Record, &b.Record) {
		return 0, false // the hash of the pool is not all of it
	}
	if !a.Flags.Has(HasUsage) {
		if a.Flags&Failed != b.Flags&Failed || a.Model != b.Model && a.Model != 0 && b.Model != 0 || !contains(&a.Record, &b.Record) && !contains(&b.Record, &a.Record) {
			return 0, false
		}
	}
	// What is closest in time, unless another is the same in every count.
	return timeDistance(&a.Record, &b.Record) + distance(a.Completion, b.Completion)*int64(Tolerance), true
}

func sameUsage(a, b *Record) bool {
	return a.Prompt == b.Prompt && a.Other == b.Other && (a.Completion == b.Completion || nearCompletion(a, b))
}

// shares reports whether a reporter has reported the call already.
func (n *node) shares(by reporter) bool {
	for _, other := range n.base() {
		if other.reporter() == by {
			return true
		}
	}
	return false
}

// mayJoin reports whether nothing in the groups of two records forbids to make them one.
func mayJoin(a, b *node) bool {
	for _, x := range a.all() {
		for _, y := range b.all() {
			if x == y || !sameResponse(&x.Record, &y.Record) || x.Flags&y.Flags&HasUsage != 0 && !compatibleUsage(&x.Record, &y.Record) {
				return false
			}
		}
	}
	return true
}

// all is the record and those that it is grouped with.
func (n *node) all() []*node {
	if base := n.base(); base != nil {
		return base
	}
	return []*node{n}
}

// The record of a stream's end may come so long after its request. Two log records
// are written at its end both.
const (
	maxStream = 10 * time.Minute
	maxEvents = time.Second
)

var (
	sideRequest = reporter{scope: "request"}
	sideEnd     = reporter{scope: "end"}
)

// sideOfStream is where a record is paired by the rule stream: an instrumentation
// ends the span of the request when the stream begins, without usage, and reports
// the usage at its end in a record of no length.
func sideOfStream(n *Record) (place, bool) {
	if n.Scope == "" || n.Resource == 0 || n.End == 0 || n.Flags.Has(Failed) || n.Flags.Has(Unreadable) {
		return place{}, false
	}
	at := place{pool: n.Resource*31 + Hash(n.Scope), reach: int64(maxStream), side: sideRequest}
	if n.Flags.Has(HasUsage) {
		if n.Start != n.End {
			return place{}, false
		}
		at.side = sideEnd
	}
	return at, true
}

// sameSignal reports whether both are spans, or log records, or the end is a log record of no
// span.
func sameSignal(request, end *node) bool {
	return request.Flags&IsSpan == end.Flags&IsSpan || request.Flags.Has(IsSpan) && end.Content != 0
}

// weighStream returns how long a stream took, if the records are of one.
func weighStream(a, b *node) (int64, bool) {
	if a.Flags.Has(HasUsage) {
		a, b = b, a
	}
	took := b.End - a.Start
	if a.Scope != b.Scope || a.Resource != b.Resource || took < -int64(Tolerance) || took > int64(maxStream) ||
		!sameSignal(a, b) || !sameModel(&a.Record, &b.Record) || !mayJoin(a, b) {
		return 0, false
	}
	if !a.Flags.Has(IsSpan) && took > int64(maxEvents) {
		return 0, false
	}
	for _, x := range a.all() {
		if x.Flags.Has(HasUsage) {
			return 0, false
		}
	}
	for _, y := range b.all() {
		if !y.Flags.Has(HasUsage) {
			return 0, false
		}
	}
	return distance(b.End, a.End), true
}
