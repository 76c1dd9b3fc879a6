// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package persistentqueue

import (
	"context"
	"maps"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configoptional"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/testhost"
)

var (
	queueType = component.MustNewType("queued")
	storageID = component.MustNewID("storage")
)

// disk is a storage extension whose process can be killed: writes after the last are lost.
type disk struct {
	component.StartFunc
	component.ShutdownFunc

	restore bool // as our storage extensions do

	mu     sync.Mutex
	memory memory
	left   int // writes until the process is killed
}

func (d *disk) GetClient(ctx context.Context, kind component.Kind, _ component.ID, name string) (storage.Client, error) {
	if d.restore && IsQueue(kind, name) {
		if _, err := Restore(ctx, diskClient{d}, d.memory.list); err != nil {
			return nil, err
		}
	}
	return diskClient{d}, nil
}

type diskClient struct{ *disk }

func (c diskClient) Get(ctx context.Context, key string) ([]byte, error) {
	o := storage.GetOperation(key)
	err := c.Batch(ctx, o)
	return o.Value, err
}

func (c diskClient) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

func (c diskClient) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

func (c diskClient) Batch(ctx context.Context, operations ...*storage.Operation) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 { // reads alone work, and nobody sees what they return
		killed := memory{content: maps.Clone(c.memory.content)}
		return killed.Batch(ctx, operations...)
	}
	before := c.memory.writes
	err := c.memory.Batch(ctx, operations...)
	c.left -= c.memory.writes - before
	return err
}

func (c diskClient) Close(context.Context) error { return nil }

// startQueue starts an exporter with a queue on the disk.
func startQueue(t *testing.T, d *disk, push func(context.Context, ptrace.Traces) error) exporter.Traces {
	t.Helper()
	config := exporterhelper.NewDefaultQueueConfig()
	config.StorageID = &storageID
	config.NumConsumers = 3
	set := exportertest.NewNopSettings(queueType)
	e, err := exporterhelper.NewTraces(t.Context(), set, &struct{}{}, push,
		exporterhelper.WithQueue(configoptional.Some(config)), exporterhelper.WithTimeout(exporterhelper.TimeoutConfig{}))
	require.NoError(t, err)
	require.NoError(t, e.Start(t.Context(), testhost.Host{storageID: d}))
	return e
}

func named(name string) ptrace.Traces {
	td := ptrace.NewTraces()
	td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty().SetName(name)
	return td
}

func nameOf(td ptrace.Traces) string {
	return td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Name()
}

// hanging is a backend that does not answer until the process ends.
type hanging struct {
	end     chan struct{}
	waiting chan struct{}
}

func newHanging() *hanging {
	return &hanging{end: make(chan struct{}), waiting: make(chan struct{}, 100)}
}

func (h *hanging) push(context.Context, ptrace.Traces) error {
	h.waiting <- struct{}{}
	<-h.end
	return nil
}

func (h *hanging) stop(t *testing.T, e exporter.Traces) {
	t.Helper()
	close(h.end)
	require.NoError(t, e.Shutdown(t.Context()))
}

const requests = 8

// leftBehind is what a process has on its disk that is killed while it sends 3 of 8 requests.
func leftBehind(t *testing.T) map[string]string {
	t.Helper()
	d := &disk{memory: memory{content: map[string]string{}}, left: -1}
	h := newHanging()
	e := startQueue(t, d, h.push)
	for i := range requests {
		require.NoError(t, e.ConsumeTraces(t.Context(), named(strconv.Itoa(i))))
	}
	for range 3 {
		<-h.waiting
	}
	d.mu.Lock()
	left := maps.Clone(d.memory.content)
	d.mu.Unlock()
	h.stop(t, e)
	return left
}

// lostWhenKilled starts on what was left behind, is killed after so many writes, and starts again. It
// returns how many requests do not arrive, and whether there were so many writes.
func lostWhenKilled(t *testing.T, content map[string]string, after int, restore bool) (lost int, killed bool) {
	t.Helper()
	d := &disk{memory: memory{content: maps.Clone(content)}, left: after, restore: restore}
	h := newHanging()
	e := startQueue(t, d, h.push)
	for range 3 {
		<-h.waiting
	}
	d.mu.Lock()
	killed = d.left == 0
	d.left = 0
	d.mu.Unlock()
	h.stop(t, e)

	d = &disk{memory: memory{content: d.memory.content}, left: -1, restore: restore}
	var mu sync.Mutex
	arrived := map[string]bool{}
	e = startQueue(t, d, func(_ context.Context, td ptrace.Traces) error {
		mu.Lock()
		defer mu.Unlock()
		arrived[nameOf(td)] = true
		return nil
	})
	require.NoError(t, e.ConsumeTraces(t.Context(), named("last")))
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return arrived["last"]
	}, 30*time.Second, time.Millisecond)
	require.NoError(t, e.Shutdown(t.Context())) // sends what is left
	return requests + 1 - len(arrived), killed
}

// A collector that is killed after any write of its start loses nothing.
func TestKilledAfterEachWriteOfTheStart(t *testing.T) {
	content := leftBehind(t)
	after := 1
	for killed := true; killed; after++ {
		var lost int
		lost, killed = lostWhenKilled(t, content, after, true)
		assert.Zero(t, lost, "killed after %d writes", after)
	}
	assert.Greater(t, after, 3)
}

// Fails when exporterhelper loses nothing by itself. Then this package is not needed any more.
func TestExporterhelperLosesRequests(t *testing.T) {
	content := leftBehind(t)
	most, killed := 0, true
	for after := 1; killed; after++ {
		var lost int
		lost, killed = lostWhenKilled(t, content, after, false)
		most = max(most, lost)
	}
	assert.Equal(t, 3, most, "all that were being sent")
}
