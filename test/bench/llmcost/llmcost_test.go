// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/test/bench/traffic"
)

// TestSystemsPriceAllCalls: what is fast because it does nothing is no peer.
func TestSystemsPriceAllCalls(t *testing.T) {
	const calls = 300 // of which none is with a model that one of them does not know
	systems, stop, err := startSystems(t.Context())
	t.Cleanup(stop)
	require.NoError(t, err)
	for _, s := range systems {
		t.Run(s.name, func(t *testing.T) {
			td := traffic.Spans(3*calls, 33, 1)
			require.NoError(t, s.consume(t.Context(), td))
			assert.Equal(t, s.prices, priced(td) == calls-3, "%d have a cost", priced(td))
		})
	}
}

// priced is the number of spans with a cost.
func priced(td ptrace.Traces) (n int) {
	for _, span := range td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		for _, key := range []string{"gen_ai.usage.cost", "gen_ai.cost.total"} {
			if v, ok := span.Attributes().Get(key); ok && v.Double() > 0 {
				n++
				break
			}
		}
	}
	return n
}
