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
	"github.com/otelcol-arc/otelcol-arc/internal/notify"
)

// maxThreads bounds the alerts whose thread is remembered, in memory and in the
// storage. What is told of one that was forgotten is a message of its own.
const maxThreads = 2000

// keyThreads is what the storage keeps the threads by.
const keyThreads = "threads"

// thread is a message of ours, and what is said below it.
type thread struct {
	Channel string `json:"channel"` // the ID that Slack answered with
	TS      string `json:"ts"`      // Slack's name for the message, which its replies name too
	Total   int    `json:"total"`   // the alerts that the message tells of
}

// spot is where an alert, or a group of them, is told.
type spot struct {
	thread *thread
	began  int64 // the alert's beginning, in Unix nanoseconds: another one is told anew
}

// threads remember where the alerts that fire were told. Those of a group have
// the group's thread, too. The queue's one consumer uses them; without a queue
// several may at once, for which the cache has a lock and no thread ever changes.
type threads struct {
	known   *lru.Cache[string, spot]
	storage storage.Client // nil: they do not outlive the process
	logger  *zap.Logger
}

func newThreads(logger *zap.Logger) (*threads, error) {
	known, err := lru.New[string, spot](maxThreads)
	return &threads{known: known, logger: logger}, err
}

// open reads what the storage has of a receiver; "" is the exporter's own channel.
// What it has may be damaged, and then nothing is known.
func (t *threads) open(ctx context.Context, host component.Host, extension, owner component.ID, receiver string) error {
	name := keyThreads
	if receiver != "" {
		name += "_" + receiver
	}
	client, err := notify.OpenStorage(ctx, host, extension, owner, name)
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
			t.logger.Error("The threads in the storage are damaged; what they tell of is told in new messages", zap.Error(err))
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
type kept struct {
	Threads []*thread  `json:"threads"`
	Spots   []keptSpot `json:"spots"`
}

type keptSpot struct {
	Key    string `json:"key"`
	Thread int    `json:"thread"` // index
	Began  int64  `json:"began"`
}

func (t *threads) load(content []byte) error {
	var from kept
	if err := json.Unmarshal(content, &from); err != nil {
		return err
	}
	for _, s := range from.Spots {
		if s.Thread < 0 || s.Thread >= len(from.Threads) || from.Threads[s.Thread] == nil {
			t.known.Purge()
			return errors.New("a spot has no thread")
		}
		t.known.Add(s.Key, spot{thread: from.Threads[s.Thread], began: s.Began})
	}
	return nil
}

// save puts all into the storage. An alert that was told must not be told again
// because that failed, so it is logged.
func (t *threads) save(ctx context.Context) {
	if t.storage == nil {
		return
	}
	var to kept
	index := map[*thread]int{}
	for _, key := range t.known.Keys() {
		s, _ := t.known.Peek(key)
		i, ok := index[s.thread]
		if !ok {
			i = len(to.Threads)
			index[s.thread] = i
			to.Threads = append(to.Threads, s.thread)
		}
		to.Spots = append(to.Spots, keptSpot{Key: key, Thread: i, Began: s.began})
	}
	content, err := json.Marshal(to)
	if err == nil {
		err = t.storage.Set(ctx, keyThreads, content)
	}
	if err != nil {
		t.logger.Error("Threads could not be stored; after a restart, ends may be told in new messages", zap.Error(err))
	}
}

// groupKey is what a group's thread is remembered by.
func groupKey(group *alertevent.Group) string {
	h := fnv.New128a()
	_, _ = h.Write([]byte(group.Key))
	return "group/" + hex.EncodeToString(h.Sum(nil))
}

// key is what an alert is remembered by. In two groups it is two.
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
	if s, ok := t.known.Get(key(alert)); ok && s.tells(alert) {
		return s.thread
	}
	return nil
}

// tells says whether it is the alert that began there. What is over can be that
// alone: its beginning is not that of before when a restart was between.
func (s spot) tells(alert alertevent.Alert) bool {
	return alert.State == alertevent.Resolved || s.began == alert.StartsAt.UnixNano()
}

// ofAll is the thread that alerts which are told together were told in before. It
// is nil, too, when it knows none of them: that of a group whose end was not for
// this channel.
func (t *threads) ofAll(alerts []alertevent.Alert) *thread {
	in := t.of(alerts[0])
	if in == nil || !slices.ContainsFunc(alerts, func(a alertevent.Alert) bool { return t.has(in, a) }) {
		return nil
	}
	return in
}

// has says whether the thread tells of the alert.
func (t *threads) has(in *thread, alert alertevent.Alert) bool {
	s, ok := t.known.Peek(key(alert))
	return ok && s.thread == in && s.tells(alert)
}

// firing is how many alerts of the thread are not over.
func (t *threads) firing(in *thread) int {
	n := 0
	for _, s := range t.known.Values() {
		if s.thread == in && s.began != 0 {
			n++
		}
	}
	return n
}

// settle remembers what was told in a thread: where the alerts that fire are, and
// no longer those that are over.
func (t *threads) settle(ctx context.Context, in *thread, alerts []alertevent.Alert) {
	fires := false
	for _, alert := range alerts {
		if alert.State == alertevent.Firing {
			fires = true
			t.known.Add(key(alert), spot{thread: in, began: alert.StartsAt.UnixNano()})
		} else {
			t.known.Remove(key(alert))
		}
	}
	if group := alerts[0].Group; group != nil && fires {
		t.known.Add(groupKey(group), spot{thread: in})
	}
	t.save(ctx)
}

// forget takes a thread out that nobody can answer in any more.
func (t *threads) forget(gone *thread) {
	for _, k := range t.known.Keys() {
		if s, _ := t.known.Peek(k); s.thread == gone {
			t.known.Remove(k)
		}
	}
}
