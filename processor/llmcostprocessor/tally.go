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
	outcomeUnpriced  = "unpriced"
	outcomeFree      = "free"
	outcomeDuplicate = "duplicate"
	outcomeWrapper   = "wrapper"
)

// tally is a line of the self-telemetry. Both words are from small sets.
type tally struct{ convention, outcome string }

// tallied is how often.
type tallied struct {
	tally
	n int64
}

// tallies counts what becomes of calls, a batch at a time.
type tallies struct {
	counter metric.Int64Counter
	options sync.Map // of tally to []metric.AddOption, made once
}

func newTallies(counter metric.Int64Counter) *tallies { return &tallies{counter: counter} }

func (t *tallies) add(ctx context.Context, counts []tallied) {
	for _, counted := range counts {
		key, n := counted.tally, counted.n
		options, ok := t.options.Load(key)
		if !ok {
			options, _ = t.options.LoadOrStore(key, []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(
				attribute.String("convention", key.convention),
				attribute.String("outcome", key.outcome),
			))})
		}
		t.counter.Add(ctx, n, options.([]metric.AddOption)...)
	}
}
