// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package slackexporter

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
	"go.uber.org/zap"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
)

// maxThreads bounds the alerts whose thread is remembered, in memory and in the
// storage. Later notifications of a forgotten one are messages of their own.
const maxThreads = 2000

// keyThreads is the key of the threads in the storage.
const keyThreads = "threads"

// thread is a message that the exporter sent, with its replies.
type thread struct {
	Channel string `json:"channel"` // the ID in Slack's response
	TS      string `json:"ts"`      // Slack's name for the message, which its replies name too
	Total   int    `json:"total"`   // the alerts in the message
}

// threadEntry is the thread of an alert or a group.
type threadEntry struct {
	thread *thread
	began  int64 // when the alert fired, in Unix nanoseconds: when it fires again it is another message
}

// threads remember the threads of the alerts that fire. For the alerts of a group the
// group's thread is remembered, too. Concurrent use is safe: the cache has a lock, and
// a thread never changes.
type threads struct {
	known   *lru.Cache[string, threadEntry]
	storage storage.Client // nil: they do not outlive the process
	logger  *zap.Logger
}

func newThreads(logger *zap.Logger) (*threads, error) {
	known, err := lru.New[string, threadEntry](maxThreads)
	return &threads{known: known, logger: logger}, err
}

// open reads the threads of a receiver from the storage; "" is the exporter's own
// channel. If they are damaged, no thread is known.
func (t *threads) open(ctx context.Context, host component.Host, extension, owner component.ID, receiver string) error {
	name := keyThreads
	if receiver != "" {
		name += "_" + receiver
	}
	client, err := checkedstorage.Open(ctx, host, extension, checkedstorage.Owner{Kind: component.KindExporter, ID: owner, Name: name}, func(string, []byte) {
		t.logger.Error("Message threads in the storage are damaged; their alerts are sent as new messages", zap.Error(errors.New("the checksum is wrong")))
	})
	if err != nil {
		return err
	}
	t.storage = client
	content, err := client.Get(ctx, keyThreads)
	if err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if content != nil {
		if err := t.load(content); err != nil {
			t.logger.Error("Message threads in the storage are damaged; their alerts are sent as new messages", zap.Error(err))
		}
	}
	return nil
}

func (t *threads) close(ctx context.Context) error {
	if t.storage == nil {
		return nil
	}
	return t.storage.Close(ctx)
}

// kept is how threads are stored: each once, and who has which, the least
// recently used first.
type storedThreads struct {
	Threads []*thread     `json:"threads"`
	Spots   []storedEntry `json:"spots"`
}

type storedEntry struct {
	Key    string `json:"key"`
	Thread int    `json:"thread"` // index
	Began  int64  `json:"began"`
}

func (t *threads) load(content []byte) error {
	var from storedThreads
	if err := json.Unmarshal(content, &from); err != nil {
		return err
	}
	for _, s := range from.Spots {
		if s.Thread < 0 || s.Thread >= len(from.Threads) || from.Threads[s.Thread] == nil {
			t.known.Purge()
			return errors.New("an entry has no thread")
		}
		t.known.Add(s.Key, threadEntry{thread: from.Threads[s.Thread], began: s.Began})
	}
	return nil
}

// save writes all threads to the storage. A failure is logged and not returned: it must
// not cause the alert to be sent again.
func (t *threads) save(ctx context.Context) {
	if t.storage == nil {
		return
	}
	var to storedThreads
	index := map[*thread]int{}
	for _, key := range t.known.Keys() {
		s, _ := t.known.Peek(key)
		i, ok := index[s.thread]
		if !ok {
			i = len(to.Threads)
			index[s.thread] = i
			to.Threads = append(to.Threads, s.thread)
		}
		to.Spots = append(to.Spots, storedEntry{Key: key, Thread: i, Began: s.began})
	}
	content, err := json.Marshal(to)
	if err == nil {
		err = t.storage.Set(ctx, keyThreads, content)
	}
	if err != nil {
		t.logger.Error("Storing the message threads failed; after a restart, resolved alerts may be sent as new messages", zap.Error(err))
	}
}

// groupKey is the key of a group's thread.
func groupKey(group *alertevent.Group) string {
	h := fnv.New128a()
	_, _ = h.Write([]byte(group.Key))
	return "group/" + hex.EncodeToString(h.Sum(nil))
}

// key is the key of an alert's thread. An alert in two groups has two.
func key(alert alertevent.Alert) string {
	if alert.Group != nil {
		return groupKey(alert.Group) + "/" + alert.Fingerprint()
	}
	return alert.Fingerprint()
}

// of is the thread of an alert, or of its group; nil when there is none.
func (t *threads) of(alert alertevent.Alert) *thread {
	if alert.Group != nil {
		s, _ := t.known.Get(groupKey(alert.Group))
		return s.thread
	}
	if s, ok := t.known.Get(key(alert)); ok && s.isFor(alert) {
		return s.thread
	}
	return nil
}

// isFor reports whether the entry is for this occurrence of the alert. A resolved alert
// always matches: after a restart its start time can differ.
func (s threadEntry) isFor(alert alertevent.Alert) bool {
	return alert.State == alertevent.Resolved || s.began == alert.StartsAt.UnixNano()
}

// sharedThread is the thread in which the alerts of a message were sent before. It is nil,
// too, when it has none of the alerts: a group's thread is left over when the channel
// was not sent the resolved alerts.
func (t *threads) sharedThread(alerts []alertevent.Alert) *thread {
	in := t.of(alerts[0])
	if in == nil || !slices.ContainsFunc(alerts, func(a alertevent.Alert) bool { return t.has(in, a) }) {
		return nil
	}
	return in
}

// has reports whether the thread is that of the alert.
func (t *threads) has(in *thread, alert alertevent.Alert) bool {
	s, ok := t.known.Peek(key(alert))
	return ok && s.thread == in && s.isFor(alert)
}

// firing is the number of alerts of the thread that still fire.
func (t *threads) firing(in *thread) int {
	n := 0
	for _, s := range t.known.Values() {
		if s.thread == in && s.began != 0 {
			n++
		}
	}
	return n
}

// remember updates the threads after a message was accepted: it adds the alerts that
// fire, and removes those that are resolved.
func (t *threads) remember(ctx context.Context, in *thread, alerts []alertevent.Alert) {
	fires := false
	for _, alert := range alerts {
		if alert.State == alertevent.Firing {
			fires = true
			t.known.Add(key(alert), threadEntry{thread: in, began: alert.StartsAt.UnixNano()})
		} else {
			t.known.Remove(key(alert))
		}
	}
	if group := alerts[0].Group; group != nil && fires {
		t.known.Add(groupKey(group), threadEntry{thread: in})
	}
	t.save(ctx)
}

// forget removes a thread that accepts no replies any more.
func (t *threads) forget(gone *thread) {
	for _, k := range t.known.Keys() {
		if s, _ := t.known.Peek(k); s.thread == gone {
			t.known.Remove(k)
		}
	}
}
