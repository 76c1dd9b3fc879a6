// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertmanagerexporter

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/alerts"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/notifier"
)

// on is a firing alert of an instance, and off its end.
func on(instance string) alertevent.Alert { return of(alerts.Firing(), instance) }

func off(instance string) alertevent.Alert { return of(alerts.Resolved(), instance) }

func of(alert alertevent.Alert, instance string) alertevent.Alert {
	alert.Labels = maps.Clone(alert.Labels)
	alert.Labels["instance"] = instance
	return alert
}

// After a restart what fires is sent again at once, though nobody tells of it
// anew, and what is over is not.
func TestFiringOverRestart(t *testing.T) {
	inbox := double.NewAlertmanager(t)
	dir := t.TempDir()
	told := 0
	until := func(more int) {
		told += more
		require.Eventually(t, func() bool { return len(inbox.Bodies()) >= told }, 10*time.Second, time.Millisecond)
	}
	run := func(matchers []string, again int, tell ...alertevent.Alert) {
		notifier.WithStorage(t, dir, func(host component.Host, storage component.ID) {
			cfg := createDefaultConfig().(*Config)
			cfg.Endpoints, cfg.Filter.Matchers = []string{inbox.URL}, matchers
			cfg.Queue.Get().StorageID = &storage
			set := exportertest.NewNopSettings(NewFactory().Type())
			set.ID = component.MustNewIDWithName("alertmanager", "x")
			e, err := NewFactory().CreateLogs(t.Context(), set, cfg)
			require.NoError(t, err)
			require.NoError(t, e.Start(t.Context(), host))
			until(again)
			for _, alert := range tell {
				require.NoError(t, e.ConsumeLogs(t.Context(), alerts.Logs(alert)))
			}
			until(len(tell))
			require.NoError(t, e.Shutdown(t.Context()))
			require.Len(t, inbox.Bodies(), told)
		})
	}
	instances := func(from int) []any {
		var all []any
		for _, body := range inbox.Bodies()[from:] {
			end, err := time.Parse(time.RFC3339, body["endsAt"].(string))
			require.NoError(t, err)
			assert.InDelta(t, 4*time.Minute, time.Until(end), float64(time.Minute))
			all = append(all, body["labels"].(map[string]any)["instance"])
		}
		slices.SortFunc(all, func(a, b any) int { return slices.Compare([]byte(a.(string)), []byte(b.(string))) })
		return all
	}
	run(nil, 0, on("a"), on("b"), on("c"), off("b"))
	run(nil, 2)
	assert.Equal(t, []any{"a", "c"}, instances(4))
	run([]string{`instance!="a"`}, 1)
	assert.Equal(t, []any{"c"}, instances(6), "a is not for this channel any more")
	run(nil, 2, off("a"), off("c"))
	run(nil, 0)
}

// keeps is a storage.
type keeps struct {
	mu      sync.Mutex
	content map[string][]byte
	err     error
}

func (k *keeps) Get(context.Context, string) ([]byte, error) { panic("one at a time is slow") }

func (k *keeps) Set(ctx context.Context, key string, value []byte) error {
	return k.Batch(ctx, storage.SetOperation(key, value))
}

func (k *keeps) Delete(ctx context.Context, key string) error {
	return k.Batch(ctx, storage.DeleteOperation(key))
}

func (k *keeps) Batch(_ context.Context, operations ...*storage.Operation) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, op := range operations {
		switch op.Type {
		case storage.Get:
			op.Value = k.content[op.Key]
		case storage.Set:
			k.content[op.Key] = op.Value
		case storage.Delete:
			delete(k.content, op.Key)
		}
	}
	return k.err
}

func (*keeps) Close(context.Context) error { return nil }

func newHeld(k *keeps) (held, *observer.ObservedLogs) {
	core, log := observer.New(zap.DebugLevel)
	return held{alerts: map[string]firing{}, storage: k, logger: zap.New(core)}, log
}

func everything(alertevent.Alert) bool { return true }

// A storage has as many keys as there are shelves at most, and none for those
// that are empty; what it has is read no further than the limit.
func TestShelves(t *testing.T) {
	k := &keeps{content: map[string][]byte{}}
	before, _ := newHeld(k)
	told := time.Unix(1_800_000_000, 0).UTC()
	for i := range 1000 {
		alert := on(string(rune('a' + i)))
		before.set(t.Context(), alert.Fingerprint(), firing{alert: alert, told: told})
	}
	assert.LessOrEqual(t, len(k.content), 256)
	after, log := newHeld(k)
	require.NoError(t, after.load(t.Context(), everything, 1000))
	require.Len(t, after.alerts, 1000)
	for id, f := range before.alerts {
		assert.Equal(t, firing{alert: f.alert, told: told, restored: true}, after.alerts[id])
	}
	few, _ := newHeld(k)
	require.NoError(t, few.load(t.Context(), everything, 10))
	assert.Len(t, few.alerts, 10)
	for id := range before.alerts {
		before.remove(t.Context(), id)
	}
	assert.Empty(t, k.content)
	assert.Empty(t, log.All())
}

// What is damaged is said, and what is not is read.
func TestDamagedShelf(t *testing.T) {
	k := &keeps{content: map[string][]byte{}}
	h, _ := newHeld(k)
	a := on("a")
	h.set(t.Context(), a.Fingerprint(), firing{alert: a, told: time.Now()})
	other := "00"
	if shelfOf(a.Fingerprint()) == other {
		other = "01"
	}
	k.content[other] = []byte("damaged")
	h, log := newHeld(k)
	require.NoError(t, h.load(t.Context(), everything, 10))
	assert.Len(t, h.alerts, 1)
	assert.Equal(t, 1, log.FilterMessageSnippet("damaged").Len())
	k.err = context.DeadlineExceeded
	require.ErrorIs(t, h.load(t.Context(), everything, 10), k.err)
	h.remove(t.Context(), a.Fingerprint())
	assert.Equal(t, 1, log.FilterMessageSnippet("could not be stored").Len())
}

// An alert of before the restart that nobody tells of again is let go after a
// day: the alert processor may have lost its state, and know of no end.
func TestUnconfirmedExpires(t *testing.T) {
	running(t, func(cfg *Config) { cfg.ResendInterval = time.Hour }, func(t *testing.T, b bubble) {
		t.Helper()
		require.NoError(t, b.turn.take(t.Context()))
		for _, alert := range []alertevent.Alert{on("a"), on("b")} {
			b.firing.alerts[alert.Fingerprint()] = firing{alert: alert, told: time.Now(), restored: true}
		}
		b.turn.give()
		after(90 * time.Minute)
		require.NoError(t, b.tell(t.Context(), on("b")))
		after(24 * time.Hour)
		posted := b.wire.posted(first)
		require.NotEmpty(t, posted)
		assert.Len(t, posted[20], 2)
		require.Len(t, posted[len(posted)-1], 1)
		assert.Equal(t, "b", posted[len(posted)-1][0].Labels["instance"])
		after(100 * time.Hour)
		assert.Greater(t, len(b.wire.posted(first)), len(posted), "what was told to this process has no limit")
	})
}
