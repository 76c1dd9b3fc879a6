// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// outboxDouble holds what is sent.
type outboxDouble struct {
	mu        sync.Mutex
	sent      []decision
	onEnqueue func() // nil for nothing
}

func (o *outboxDouble) enqueue(decisions []decision) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.onEnqueue != nil && len(decisions) > 0 {
		o.onEnqueue()
	}
	o.sent = append(o.sent, decisions...)
}

func (*outboxDouble) undeliveredDecisions() []decision { return nil }
func (*outboxDouble) backlog() int                     { return 0 }

// filedDispatcher is a dispatcher that persists its state in a directory.
func filedDispatcher(t *testing.T, directory string) (*dispatcher, *outboxDouble) {
	t.Helper()
	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	out := &outboxDouble{}
	n := newDispatcher(testConfig(none), telemetry, out, func(err error) { assert.NoError(t, err) }, func([]string) {})
	require.NoError(t, n.persistIn(newStateFile(directory)))
	return n, out
}

// running runs a dispatcher. Stop has it end, and wait waits until it has.
func running(t *testing.T, n *dispatcher) (stop, wait func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { n.run(ctx) })
	synctest.Wait()
	return stop, all.Wait
}

func firing(names ...string) evaluate.Result {
	result := evaluate.Result{Firing: map[string]alertevent.Alert{}}
	for _, name := range names {
		alert := alertevent.Alert{Labels: map[string]string{alertevent.LabelName: name}, State: alertevent.Firing, StartsAt: time.Now()}
		result.Firing[alert.Fingerprint()] = alert
	}
	return result
}

// What is decided when the dispatcher is to stop, and still writes the state, is sent before it stops.
func TestDecidedWhileTheStateIsWrittenAtAStop(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		n, out := filedDispatcher(t, directory)
		n.saving <- struct{}{} // the disk is slow
		stop, wait := running(t, n)
		stop()
		synctest.Wait()
		n.observe(firing("Late"))
		<-n.saving
		wait()
		require.Len(t, out.sent, 1)
		assert.Equal(t, "Late", out.sent[0].alert.Name())
		assert.Empty(t, n.decided)
		require.NoError(t, n.close())
	})
}

// What is raised while the last decisions are written is sent after them.
func TestOrderAtAStop(t *testing.T) {
	directory := t.TempDir()
	falseclock.Test(t, func(t *testing.T) {
		n, out := filedDispatcher(t, directory)
		n.persisting.busy <- struct{}{} // the disk is slow
		stop, wait := running(t, n)
		n.observe(firing("First"))
		stop()
		synctest.Wait()
		n.observe(firing("First", "Second"))
		<-n.persisting.busy
		wait()
		require.Len(t, out.sent, 2)
		assert.Equal(t, "First", out.sent[0].alert.Name())
		assert.Equal(t, "Second", out.sent[1].alert.Name())
		require.NoError(t, n.close())
	})
}

// Whoever writes the journal waits for the state, so that closing it must not hold the state.
func TestCloseWhileTheJournalIsWritten(t *testing.T) {
	n, _ := filedDispatcher(t, t.TempDir())
	closed := make(chan error, 1)
	written := make(chan error, 1)
	go func() {
		written <- n.file.appendJournal(func() []notification.JournalEntry {
			go func() { closed <- n.close() }()
			time.Sleep(100 * time.Millisecond) // for close to wait for the journal
			n.lock()
			defer n.mu.Unlock()
			return n.journal.take()
		})
	}()
	for _, done := range []chan error{written, closed} {
		select {
		case err := <-done:
			require.NoError(t, err)
		case <-time.After(10 * time.Second):
			t.Fatal("waits for ever")
		}
	}
}
