// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package groupcommit

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// positions is a log that notes what it was synced to.
type positions struct {
	synced []uint64
	err    error
}

func (p *positions) Sync(position uint64) error {
	p.synced = append(p.synced, position)
	return p.err
}

func TestSyncsWhatWasAcceptedAtTheEnd(t *testing.T) {
	log := &positions{}
	require.NoError(t, Run(t.Context(), func(ctx context.Context) error {
		assert.True(t, Of(ctx).Append(log, 1, nil))
		assert.True(t, Of(ctx).BeforeSync(func() { assert.True(t, Of(ctx).Append(log, 3, nil)) }))
		require.NoError(t, Run(ctx, func(ctx context.Context) error {
			assert.True(t, Of(ctx).Append(log, 2, nil))
			return nil
		}))
		assert.Empty(t, log.synced)
		return nil
	}))
	assert.Equal(t, []uint64{1, 2, 3}, log.synced)
}

func TestSyncsNothingThatWasRejected(t *testing.T) {
	log := &positions{}
	full := errors.New("the queue is full")
	require.ErrorIs(t, Run(t.Context(), func(ctx context.Context) error {
		Of(ctx).Append(log, 1, nil)
		Of(ctx).BeforeSync(func() { assert.Fail(t, "it was rejected") })
		return full
	}), full)
	assert.Empty(t, log.synced)
}

// What outlives its request syncs by itself.
func TestEndedGroup(t *testing.T) {
	kept := make(chan context.Context, 1)
	log := &positions{}
	require.NoError(t, Run(t.Context(), func(ctx context.Context) error {
		kept <- ctx
		return nil
	}))
	outlives := <-kept
	assert.False(t, Of(outlives).Append(log, 1, nil))
	assert.False(t, Of(outlives).BeforeSync(func() {}))
	require.NoError(t, Run(outlives, func(ctx context.Context) error {
		assert.True(t, Of(ctx).Append(log, 2, nil), "a group of its own")
		return nil
	}))
	assert.Equal(t, []uint64{2}, log.synced)
	assert.False(t, Of(t.Context()).Append(log, 1, nil))
	assert.False(t, Of(t.Context()).BeforeSync(func() {}))
}

func TestSyncThatFails(t *testing.T) {
	log := &positions{err: errors.New("input/output error")}
	require.ErrorIs(t, Run(t.Context(), func(ctx context.Context) error {
		Of(ctx).Append(log, 1, nil)
		return nil
	}), log.err)
	var got error
	require.NoError(t, Run(t.Context(), func(ctx context.Context) error {
		Of(ctx).Append(log, 1, func(err error) { got = err })
		return nil
	}))
	assert.Equal(t, log.err, got)
}

func TestConsumers(t *testing.T) {
	log := &positions{}
	var position uint64
	write := func(ctx context.Context) error {
		position++
		assert.True(t, Of(ctx).Append(log, position, nil))
		return nil
	}
	traces, err := consumer.NewTraces(func(ctx context.Context, _ ptrace.Traces) error { return write(ctx) }, consumer.WithCapabilities(consumer.Capabilities{MutatesData: true}))
	require.NoError(t, err)
	metrics, err := consumer.NewMetrics(func(ctx context.Context, _ pmetric.Metrics) error { return write(ctx) })
	require.NoError(t, err)
	logs, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error { return write(ctx) })
	require.NoError(t, err)
	require.NoError(t, Traces(traces).ConsumeTraces(t.Context(), ptrace.NewTraces()))
	require.NoError(t, Metrics(metrics).ConsumeMetrics(t.Context(), pmetric.NewMetrics()))
	require.NoError(t, Logs(logs).ConsumeLogs(t.Context(), plog.NewLogs()))
	assert.Equal(t, []uint64{1, 2, 3}, log.synced)
	assert.True(t, Traces(traces).Capabilities().MutatesData)
	assert.False(t, Traces(consumertest.NewNop()).Capabilities().MutatesData)
}
