// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// What becomes of a call, besides the reasons of the convention package.
const (
	outcomePriced    = "priced"
	outcomeEstimated = "estimated"
	outcomeUnpriced  = "unpriced"
	outcomeReported  = "reported"
	outcomeFree      = "free"
	outcomeDuplicate = "duplicate"
	outcomeWrapper   = "wrapper"
	outcomeAggregate = "aggregate"
)

// outcome is a label set of the self-telemetry: what happened, by the convention. Both
// are from small sets.
type outcome struct{ convention, what string }

// outcomeCount is how often.
type outcomeCount struct {
	outcome
	n int64
}

// counts are those of a batch.
type counts []outcomeCount

func (c *counts) add(convention, what string) {
	// There are few kinds, mostly one.
	for i := range *c {
		if one := &(*c)[i]; one.what == what && one.convention == convention {
			one.n++
			return
		}
	}
	*c = append(*c, outcomeCount{outcome{convention, what}, 1})
}

// outcomeCounter adds counts to a metric, a batch at a time.
type outcomeCounter struct {
	counter   metric.Int64Counter
	attribute string   // that has what happened
	entries   sync.Map // of outcome to *outcomeEntry
}

// outcomeEntry is made once for each outcome.
type outcomeEntry struct {
	options []metric.AddOption
	sum     atomic.Int64 // since the start
}

func newOutcomeCounter(counter metric.Int64Counter, attribute string) *outcomeCounter {
	return &outcomeCounter{counter: counter, attribute: attribute}
}

func (t *outcomeCounter) add(ctx context.Context, counts counts) {
	for _, one := range counts {
		key, n := one.outcome, one.n
		entry, ok := t.entries.Load(key)
		if !ok {
			entry, _ = t.entries.LoadOrStore(key, &outcomeEntry{options: []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
				attribute.String("convention", key.convention),
				attribute.String(t.attribute, key.what),
			))}})
		}
		e := entry.(*outcomeEntry)
		t.counter.Add(ctx, n, e.options...)
		e.sum.Add(n)
	}
}

// sums are the counts since the start, by what happened.
func (t *outcomeCounter) sums() map[string]int64 {
	sums := map[string]int64{}
	t.entries.Range(func(key, entry any) bool {
		sums[key.(outcome).what] += entry.(*outcomeEntry).sum.Load()
		return true
	})
	return sums
}
