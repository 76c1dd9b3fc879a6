// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

// logMemory is a storage that syncs later than it writes. It notes what happens in which order.
type logMemory struct {
	memory
	written, synced uint64
	syncErr         error
	happened        []string
}

func (m *logMemory) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return m, nil
}

func (m *logMemory) extension() extension { return extension{storageID, m} }

func (m *logMemory) Append(ctx context.Context, operations ...*storage.Operation) (groupcommit.Log, uint64, error) {
	if err := m.Batch(ctx, operations...); err != nil {
		return nil, 0, err
	}
	m.written++
	m.happened = append(m.happened, fmt.Sprint("append ", len(operations)))
	return m, m.written, nil
}

func (m *logMemory) Sync(position uint64) error {
	if m.syncErr != nil {
		return m.syncErr
	}
	if m.synced < position {
		m.synced = position
		m.happened = append(m.happened, "sync")
	}
	return nil
}

// queue is a next consumer that can be full, and writes what it accepts to the same storage.
type queue struct {
	consumertest.Consumer
	storage *logMemory
	full    bool
	memory  bool // the queue is not in the storage
}

func (q *queue) ConsumeTraces(ctx context.Context, _ ptrace.Traces) error {
	if q.full {
		q.storage.happened = append(q.storage.happened, "reject")
		return errors.New("sending queue is full")
	}
	q.storage.happened = append(q.storage.happened, "accept")
	if q.memory {
		return nil
	}
	q.storage.written++
	groupcommit.Of(ctx).Append(q.storage, q.storage.written, nil)
	return nil
}

func newJournaled(t *testing.T) (*logMemory, *queue, *rig) {
	t.Helper()
	m := &logMemory{}
	q := &queue{Consumer: consumertest.NewNop(), storage: m}
	cfg := withStorage(nil)
	r := buildRig(t, cfg, m.extension())
	factory := NewFactory() // with another next consumer
	var err error
	r.traces, err = factory.CreateTraces(t.Context(), r.settings, cfg, q)
	require.NoError(t, err)
	r.logs, err = factory.CreateLogs(t.Context(), r.settings, cfg, r.logsOut)
	require.NoError(t, err)
	r.metrics, err = factory.CreateMetrics(t.Context(), r.settings, cfg, r.metricsOut)
	require.NoError(t, err)
	for _, c := range r.components() {
		require.NoError(t, c.Start(t.Context(), r.host))
	}
	t.Cleanup(r.stop)
	return m, q, r
}

// sendGrouped passes traces as a receiver does that has a group for each request.
func sendGrouped(t *testing.T, r *rig, td ptrace.Traces) error {
	t.Helper()
	return groupcommit.Run(t.Context(), func(ctx context.Context) error { return r.traces.ConsumeTraces(ctx, td) })
}

// A request that was accepted is in the journal, and on the disk, before it is acknowledged: with
// one sync for the queue and the journal.
func TestJournalIsSyncedBeforeAcknowledging(t *testing.T) {
	m, _, r := newJournaled(t)
	require.NoError(t, sendGrouped(t, r, callSpan()))
	assert.Equal(t, []string{"accept", "append 1", "sync"}, m.happened[:3])
	assert.Equal(t, m.written, m.synced)
	killed := m.copy()
	assert.Equal(t, 0.0075, newRig(t, withStorage(nil), killed.extension()).totals()[costOfGPT4o])
}

// Without a group it is there before the request is forwarded.
func TestJournalWithoutAGroup(t *testing.T) {
	m, _, r := newJournaled(t)
	require.NoError(t, r.traces.ConsumeTraces(t.Context(), callSpan()))
	assert.Equal(t, []string{"append 1", "sync", "accept"}, m.happened)
}

func copied(td ptrace.Traces) ptrace.Traces {
	to := ptrace.NewTraces()
	td.CopyTo(to)
	return to
}

// What a full queue rejects is not journaled. It is when it is sent again and accepted, or when
// another request is, and in the next snapshot; and it counts once.
func TestRejectedRequestsAreNotJournaled(t *testing.T) {
	m, q, r := newJournaled(t)
	call := callSpan()
	q.full = true
	require.Error(t, sendGrouped(t, r, copied(call)))
	require.Error(t, sendGrouped(t, r, copied(call)))
	assert.Equal(t, []string{"reject", "reject"}, m.happened)
	q.full = false
	require.NoError(t, sendGrouped(t, r, copied(call)))
	assert.Equal(t, []string{"accept", "append 1", "sync"}, m.happened[2:5])
	killed := m.copy()
	assert.Equal(t, 0.0075, newRig(t, withStorage(nil), killed.extension()).totals()[costOfGPT4o])
	r.stop()
	assert.Equal(t, 0.0075, newRig(t, withStorage(nil), m.copy().extension()).totals()[costOfGPT4o])
}

// A snapshot holds what was rejected so far; what is accepted later adds nothing to it.
func TestSnapshotOfARejectedRequest(t *testing.T) {
	m, q, r := newJournaled(t)
	call := callSpan()
	q.full = true
	require.Error(t, sendGrouped(t, r, copied(call)))
	r.persistMetrics()
	q.full = false
	require.NoError(t, sendGrouped(t, r, copied(call)))
	assert.Equal(t, 0.0075, newRig(t, withStorage(nil), m.copy().extension()).totals()[costOfGPT4o])
}

// A journal that cannot be synced holds nothing back. A queue that cannot does.
func TestJournalThatCannotBeSynced(t *testing.T) {
	m, q, r := newJournaled(t)
	m.syncErr = errors.New("input/output error")
	q.memory = true
	require.NoError(t, sendGrouped(t, r, callSpan()))
	require.NoError(t, sendGrouped(t, r, callSpan()))
	assert.Equal(t, 1, r.warnings.FilterMessageSnippet("Writing the journal to the storage failed").Len(), "logged once")
	metadatatest.AssertEqualProcessorLlmCostJournalFailures(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 2}}, metricdatatest.IgnoreTimestamp())
	q.memory = false
	require.ErrorIs(t, sendGrouped(t, r, callSpan()), m.syncErr, "what is not in the queue for certain is not acknowledged")
	m.syncErr = nil
	require.NoError(t, sendGrouped(t, r, callSpan()))
	assert.Equal(t, m.written, m.synced)
}

// An event becomes records of two signals in one request. The first writes what both have added; the
// second, which finds nothing to write, does not report that the storage works.
func TestFailingJournalOfARequestWithTwoSignals(t *testing.T) {
	m, q, r := newJournaled(t)
	q.memory = true
	send := func() {
		require.NoError(t, groupcommit.Run(t.Context(), func(ctx context.Context) error {
			return errors.Join(r.traces.ConsumeTraces(ctx, callSpan()), r.traces.ConsumeTraces(ctx, callSpan()))
		}))
	}
	send() // there is a log to sync
	m.change(func() { m.setErr = errors.New("disk full") })
	send()
	send()
	assert.Equal(t, 1, r.warnings.FilterMessageSnippet("Writing the journal to the storage failed").Len(), "logged once")
	metadatatest.AssertEqualProcessorLlmCostJournalFailures(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: 2}}, metricdatatest.IgnoreTimestamp())
	assert.True(t, r.core().health.Has(problemJournal))
	m.change(func() { m.setErr = nil })
	send()
	assert.False(t, r.core().health.Has(problemJournal))
}
