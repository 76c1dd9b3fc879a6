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
	outcomeFree      = "free"
	outcomeDuplicate = "duplicate"
	outcomeWrapper   = "wrapper"
)

// tally is a line of the self-telemetry: what happened, by the convention. Both are
// from small sets.
type tally struct{ convention, what string }

// tallied is how often.
type tallied struct {
	tally
	n int64
}

// counts are those of a batch.
type counts []tallied

func (c *counts) add(convention, what string) {
	// There are few kinds, mostly one.
	for i := range *c {
		if counted := &(*c)[i]; counted.what == what && counted.convention == convention {
			counted.n++
			return
		}
	}
	*c = append(*c, tallied{tally{convention, what}, 1})
}

// tallies adds what was counted to a metric, a batch at a time.
type tallies struct {
	counter   metric.Int64Counter
	attribute string   // that says what happened
	options   sync.Map // of tally to []metric.AddOption, made once
}

func newTallies(counter metric.Int64Counter, attribute string) *tallies {
	return &tallies{counter: counter, attribute: attribute}
}

func (t *tallies) add(ctx context.Context, counts counts) {
	for _, counted := range counts {
		key, n := counted.tally, counted.n
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
