// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// counter counts by the attribute outcome.
type counter struct {
	noop.Int64Counter
	mu     sync.Mutex
	counts map[string]int64
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	return &counter{counts: map[string]int64{}}
}

func (c *counter) Add(_ context.Context, n int64, options ...metric.AddOption) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set := metric.NewAddConfig(options).Attributes()
	value, _ := set.Value(attribute.Key("outcome"))
	c.counts[value.AsString()] += n
}

func (c *counter) outcome(name string) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[name]
}
