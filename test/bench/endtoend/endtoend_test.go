// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCPUOf(t *testing.T) {
	cpu, err := cpuOf("4711 (a name) of) S 1 4711 4711 0 -1 4194560 9 0 0 0 123 45 0 0 20 0 8 0 100 1 1\n")
	require.NoError(t, err)
	assert.Equal(t, 1680*time.Millisecond, cpu)
	_, err = cpuOf("4711 (name) S 1")
	require.Error(t, err)
}

func TestDerivedConfigurations(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	derived := func(s system) settings {
		c, err := defaults(root)
		require.NoError(t, err)
		return s.derive(c)
	}
	c := derived(bare)
	assert.Equal(t, []any{"health_check"}, part(c, "service")["extensions"])
	assert.Equal(t, []any{"memory_limiter"}, part(c, "service", "pipelines", "traces")["processors"])
	assert.NotContains(t, part(c, "service", "pipelines"), "logs/alerts")

	c = derived(ours)
	assert.Equal(t, []any{"memory_limiter", "llm_cost", "alert"}, part(c, "service", "pipelines", "traces")["processors"])
	assert.Contains(t, part(c, "service", "pipelines"), "logs/alerts")
	assert.Equal(t, at(portArc), part(c, "receivers", "arc")["endpoint"])

	c = derived(contrib)
	assert.Equal(t, []any{"memory_limiter", "transform"}, part(c, "service", "pipelines", "traces")["processors"])
	assert.Contains(t, part(c, "service", "pipelines", "metrics")["receivers"], "signaltometrics")
	assert.Len(t, part(c, "connectors", "signaltometrics")["spans"], 5)
}

func TestSendSendsEachOnce(t *testing.T) {
	var sum, calls atomic.Uint64
	count := func(_ context.Context, n uint64) error {
		sum.Add(n)
		calls.Add(1)
		return nil
	}
	latencies, err := send(t.Context(), []sender{count, count}, 100, 1000, 10*time.Millisecond)
	require.NoError(t, err)
	assert.Len(t, latencies, 10)
	assert.EqualValues(t, 10, calls.Load())
	assert.EqualValues(t, 10*100+55, sum.Load())

	_, err = send(t.Context(), []sender{func(context.Context, uint64) error { return errors.New("refused") }}, 0, 1000, 10*time.Millisecond)
	require.ErrorContains(t, err, "refused")
}
