// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"sync"

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
	options   sync.Map // of outcome to []metric.AddOption, made once
}

func newOutcomeCounter(counter metric.Int64Counter, attribute string) *outcomeCounter {
	return &outcomeCounter{counter: counter, attribute: attribute}
}

func (t *outcomeCounter) add(ctx context.Context, counts counts) {
	for _, one := range counts {
		key, n := one.outcome, one.n
		options, ok := t.options.Load(key)
		if !ok {
			options, _ = t.options.LoadOrStore(key, []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
				attribute.String("convention", key.convention),
				attribute.String(t.attribute, key.what),
			))})
		}
		t.counter.Add(ctx, n, options.([]metric.AddOption)...)
	}
}
