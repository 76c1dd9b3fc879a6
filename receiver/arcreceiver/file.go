// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/adapter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/fileconsumer/attrs"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/mapping"
)

// warnInterval is the least time between two log lines about bad lines.
const warnInterval = 10 * time.Second

// tail follows files by contrib's file reader, which knows of rotation and
// truncation and keeps its place in a storage extension.
type tail struct {
	core    *core
	manager *fileconsumer.Manager
	places  *places

	// consume ends when Stop gives up waiting for a pipeline.
	consume  context.Context
	giveUp   context.CancelFunc
	stopping chan struct{}
	emitting sync.RWMutex // is read-locked by emit, at several files at the same time

	mu       sync.Mutex // files are read at the same time
	badLines int        // since the last warning
	warned   time.Time
}

func startTail(ctx context.Context, c *core, host component.Host) (*tail, error) {
	client, err := adapter.GetStorageClient(ctx, host, c.cfg.Storage, c.set.ID)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	t := &tail{core: c, places: &places{Client: client}, stopping: make(chan struct{})}
	t.consume, t.giveUp = context.WithCancel(context.WithoutCancel(ctx))
	t.manager, err = c.cfg.File.follow(c.cfg.MaxEventBytes).Build(c.set.TelemetrySettings, t.emit)
	if err == nil {
		err = t.manager.Start(t.places)
	}
	if err != nil {
		t.giveUp()
		return nil, errors.Join(fmt.Errorf("file: %w", err), client.Close(ctx))
	}
	return t, nil
}

// stop lets the pipelines finish what they have, as long as ctx allows.
//
// A reader that is stopped while it emits does not move its place on, though the lines were
// accepted, and they would be read again after the next start. So it is stopped when nothing is
// emitted any more, and the place after what was accepted is kept.
func (t *tail) stop(ctx context.Context) error {
	stopped := make(chan error, 1)
	close(t.stopping)
	go func() {
		t.emitting.Lock()
		t.emitting.Unlock() //nolint:staticcheck // nothing is emitted after it
		t.places.await(t.consume)
		stopped <- t.manager.Stop()
	}()
	var err error
	select {
	case err = <-stopped:
		t.giveUp()
	case <-ctx.Done():
		t.giveUp()
		err = errors.Join(ctx.Err(), <-stopped)
	}
	return errors.Join(err, t.places.Close(context.WithoutCancel(ctx)))
}

// emit takes lines of one file, and returns when the pipelines have taken them.
//
// The file reader moves its place on whether emit fails or not. So where a
// pipeline still refuses when the receiver is stopped, emit does not return but
// ends the goroutine, which the reader starts again for each file and poll: the
// place stays before the lines that were not accepted, and nothing is lost.
func (t *tail) emit(ctx context.Context, texts [][]byte, file map[string]any, last int64, offsets []int64) error {
	t.emitting.RLock()
	defer t.emitting.RUnlock()
	select {
	case <-t.stopping:
		runtime.Goexit()
	default:
	}
	// What a pipeline has begun is finished, also when the reader is stopped.
	consume, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(t.consume, cancel)() //nolint:contextcheck // it is about the end of stop, not of the reader
	for i := range texts {
		texts[i] = event.TrimPadding(texts[i])
	}
	in := &lines{texts: texts, offsets: offsets, received: t.core.now()}
	t.core.random(in.seed[:])
	var read kinds
	reasons := map[event.Reason]int64{}
	batch := t.batch(in, signals{logs: true, traces: true, metrics: true}, func(i int, e *event.Event, err error) {
		if err != nil {
			reasons[event.ReasonOf(err)]++
			t.bad(file, last-int64(len(texts)-1-i), err)
			return
		}
		read[e.Kind()]++
	})
	t.core.telemetry.countRejected(consume, reasons)
	if read == (kinds{}) {
		t.places.move()
		return nil
	}
	how := accepted
	for _, p := range parts {
		err := t.deliver(consume, in, batch, p, func(no outcome) { t.core.telemetry.countEvents(consume, &read, no) })
		switch {
		case err == nil:
		case isPermanent(err):
			how = failed
			t.core.set.Logger.Error("Pipeline permanently rejected lines of a file", zap.Error(err))
		default:
			runtime.Goexit()
		}
	}
	t.core.telemetry.countEvents(consume, &read, how)
	t.places.move()
	return nil
}

// signals are the signals that a batch is made of.
type signals struct{ logs, traces, metrics bool }

// parts are the signals, and how their part of a batch is sent.
var parts = []part{
	{signals{logs: true}, (*core).sendLogs},
	{signals{traces: true}, (*core).sendTraces},
	{signals{metrics: true}, (*core).sendMetrics},
}

type part struct {
	signals
	send func(*core, context.Context, *mapping.Batch) error
}

// lines are lines of a file.
type lines struct {
	texts    [][]byte
	offsets  []int64 // of the lines in the file
	received time.Time
	seed     [32]byte // of trace and span IDs, which are the same for each signal and try
}

// batch makes telemetry of lines, and calls onLine for each that is not empty.
func (t *tail) batch(in *lines, s signals, onLine func(i int, e *event.Event, err error)) *mapping.Batch {
	random := rand.NewChaCha8(in.seed)
	batch := mapping.NewBatch(mapping.Options{
		Scope:    t.core.scope,
		Received: in.received,
		Random:   func(b []byte) { _, _ = random.Read(b) }, // never fails
		Logs:     s.logs && t.core.nextLogs != nil,
		Traces:   s.traces && t.core.nextTraces != nil,
		Metrics:  s.metrics && t.core.nextMetrics != nil,
	})
	decoder := event.NewDecoder()
	defer decoder.Close()
	for i, text := range in.texts {
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		e, err := decoder.Decode(text)
		onLine(i, e, err)
		if err != nil {
			continue
		}
		if e.ID == "" && !e.Time.IsZero() && mapping.IsSpan(e) {
			// After a crash the last lines are read again, and are the same calls.
			e.ID = fmt.Sprintf("%x/%d", sha256.Sum256(text), in.offsets[i])
		}
		batch.Add(e)
	}
	return batch
}

// bad logs a line that is not an event, at most one in ten seconds.
func (t *tail) bad(file map[string]any, line int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.badLines++
	now := t.core.now()
	if now.Sub(t.warned) < warnInterval {
		return
	}
	t.core.set.Logger.Warn("Line of a file is not an event, dropped",
		zap.String("line", fmt.Sprintf("%v:%d", file[attrs.LogFilePath], line)),
		zap.Error(err), zap.Int("bad_lines_since_last_warning", t.badLines))
	t.badLines, t.warned = 0, now
}

// deliver hands a part of lines to its pipeline until it takes them, refuses them
// permanently, or the reader is stopped. A pipeline may have changed what it refused, so
// that the batch is made again.
func (t *tail) deliver(
	ctx context.Context, in *lines, batch *mapping.Batch, p part, refused func(outcome),
) error {
	for {
		var wait time.Duration
		if t.core.notStarted.Load() == 0 {
			err := p.send(t.core, ctx, batch)
			if err == nil || isPermanent(err) {
				return err
			}
			no := newRejection(err)
			refused(no.outcome())
			wait = no.retryAfter
			batch = t.batch(in, p.signals, func(int, *event.Event, error) {})
		} else {
			wait = t.core.cfg.File.follow(1).PollInterval
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-t.stopping:
			timer.Stop()
			return context.Canceled
		}
	}
}
