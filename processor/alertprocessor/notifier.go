// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notice"
)

const (
	// maxTracked bounds the alerts that people are told of at once.
	maxTracked = 10_000
	// maxCooling bounds the label sets of event rules whose cooldowns run at once.
	maxCooling = 10_000
	// restartGrace is how long an alert from before a restart may be missing:
	// as long as PromQL looks back for a sample, in which sources that report
	// once a minute have come back.
	restartGrace = 5 * time.Minute
	// saveInterval is the least time between two writings of the state.
	saveInterval = time.Second
	// handOver is how long the state waits to be written until the pipelines have
	// taken what it says was told, and handOverLook the time between two looks.
	// Mostly they have by then, and the state need not be written again.
	handOver     = 100 * time.Millisecond
	handOverLook = 2 * time.Millisecond
)

// notifier decides what people are told of what rules and events raise, and
// keeps what they were told.
type notifier struct {
	telemetry *metadata.TelemetryBuilder
	// send hands a notification on; it does not block.
	send func(told)
	// outgoing is what was sent, and is not yet with all pipelines.
	outgoing func() []told
	// saved is called after the state was written, or could not be.
	saved func(err error)

	saving chan struct{} // holds a token while the state is written, in the order it was taken
	raised atomic.Int64  // events that changed the state

	wake chan struct{} // holds a token when there is something new

	mu        sync.Mutex // guards what follows
	book      *notice.Book
	gate      *notice.Gate
	silences  *notice.Silences
	inhibitor *notice.Inhibitor
	history   notice.History
	file      *stateFile // nil when nothing is kept
	changed   bool       // since the state was last written
	unsent    int        // notifications that were outgoing when it was
	running   bool       // run is, or will be
}

func newNotifier(cfg *Config, telemetry *metadata.TelemetryBuilder) *notifier {
	return &notifier{
		telemetry: telemetry,
		running:   true,
		saved:     func(error) {},
		outgoing:  func() []told { return nil },
		saving:    make(chan struct{}, 1),
		wake:      make(chan struct{}, 1),
		book:      notice.NewBook(cfg.policy()),
		gate:      notice.NewGate(maxCooling),
		silences:  notice.NewSilences(cfg.silences()),
		inhibitor: notice.NewInhibitor(cfg.inhibitRules()),
	}
}

// observe takes how the rules stand after an evaluation.
func (n *notifier) observe(result evaluation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	n.inhibitor.Update(result.firing)
	n.count(n.book.Observe(now, result.firing, result.pending, n.mutes(now)))
	n.flush(now)
	n.poke()
}

// event is an alert that happened.
type event struct {
	alert    alertevent.Alert
	rule     string
	cooldown time.Duration
	resolve  time.Duration // after which it is over, unless it happens again; 0: it has no end
	// annotate renders what only an alert that is told, or shown, needs.
	annotate func() map[string]string
}

// event takes an alert that happened. It does not wait for a delivery.
func (n *notifier) event(e event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	mute := n.mutes(now)(e.alert)
	if mute.Reason == "" && !n.gate.Pass(now, e.alert.Fingerprint(), e.rule, e.cooldown) {
		mute.Reason = notice.Cooldown
	}
	if mute.Reason != "" {
		n.count(notice.Counts{mute.Reason: 1})
		if e.resolve == 0 || n.book.Extend(e.alert.Fingerprint(), now.Add(e.resolve)) || n.book.FullOfEvents() {
			return
		}
	}
	e.alert.Annotations = e.annotate()
	if e.resolve == 0 {
		n.count(n.book.Add(now, e.alert))
	} else {
		n.count(n.book.Happened(now, e.alert, now.Add(e.resolve), mute))
	}
	n.changed = true
	n.raised.Add(1)
	if n.running {
		n.poke()
		return
	}
	n.book.Hurry()
	n.flush(now)
}

// happened are the alerts of events that are active, and what keeps them from
// being told, or would keep them if they happened again.
func (n *notifier) happened() []notice.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	events, mutes := n.book.Events(), n.mutes(time.Now())
	for i := range events {
		if events[i].Mute.Reason == "" {
			events[i].Mute = mutes(events[i].Alert)
		}
	}
	return events
}

// silence changes the silences, and what they mute.
func (n *notifier) silence(change func(now time.Time, silences *notice.Silences) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if err := change(now, n.silences); err != nil {
		return err
	}
	n.book.Remute(n.mutes(now))
	n.changed = true
	n.poke()
	return nil
}

func (n *notifier) mutes(now time.Time) func(alertevent.Alert) notice.Mute {
	return func(alert alertevent.Alert) notice.Mute {
		if by := n.inhibitor.Mutes(alert.Labels); by != "" {
			return notice.Mute{Reason: notice.Inhibited, By: by}
		}
		if by := n.silences.Mutes(now, alert.Labels); by != "" {
			return notice.Mute{Reason: notice.Silenced, By: by}
		}
		return notice.Mute{}
	}
}

// flush tells what is due.
func (n *notifier) flush(now time.Time) {
	notifications, counts := n.book.Flush(now, n.mutes(now))
	n.count(counts)
	for _, notification := range notifications {
		for _, alert := range notification.Alerts {
			n.telemetry.ProcessorAlertNoticesEmitted.Add(context.Background(), 1,
				metric.WithAttributes(attribute.String("state", string(alert.State))))
			n.history.Add(notice.Told{At: now, Alert: alert})
		}
		n.send(told{Notification: notification, At: now})
		n.changed = true
	}
}

func (n *notifier) count(counts notice.Counts) {
	for reason, count := range counts {
		n.telemetry.ProcessorAlertNoticesSuppressed.Add(context.Background(), int64(count),
			metric.WithAttributes(attribute.String("reason", string(reason))))
	}
}

// poke has run look at what is new.
func (n *notifier) poke() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// run tells what becomes due with time, and keeps the state, until ctx is done.
// Then it tells of the events that wait for their group.
func (n *notifier) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var savedAt time.Time
	for {
		select {
		case <-ctx.Done():
			n.mu.Lock()
			n.running = false
			n.changed = true // events that go on happening change when they are over
			n.book.Hurry()
			n.flush(time.Now()) //nolint:contextcheck // what is counted is counted
			n.mu.Unlock()
			n.save()
			return
		case <-n.wake:
		case <-timer.C:
		}
		n.mu.Lock()
		n.flush(time.Now()) //nolint:contextcheck // what is counted is counted
		n.lookForSent()
		due := n.changed && time.Since(savedAt) >= saveInterval
		n.mu.Unlock()
		if due {
			n.save()
			savedAt = time.Now()
		}
		n.mu.Lock()
		next, waits := n.book.Next()
		if n.changed || n.unsent > 0 {
			look := time.Now().Add(saveInterval)
			if n.changed {
				look = savedAt.Add(saveInterval)
			}
			if !waits || look.Before(next) {
				next, waits = look, true
			}
		}
		n.mu.Unlock()
		if waits {
			timer.Reset(time.Until(next))
		} else {
			timer.Stop()
		}
	}
}

// keep has the state kept in a file, and takes what is in it.
func (n *notifier) keep(file *stateFile) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.file, n.changed = file, true
	state, err := file.read()
	if err != nil {
		return err
	}
	for _, outgoing := range state.Sends() {
		n.send(outgoing)
	}
	return n.memory().Restore(time.Now(), state)
}

func (n *notifier) memory() notice.Memory {
	return notice.Memory{Book: n.book, Gate: n.gate, Silences: n.silences, History: &n.history}
}

// lookForSent has the state written again when pipelines have taken what it says
// is outgoing. It must be called with mu held.
func (n *notifier) lookForSent() {
	if n.unsent > 0 && len(n.outgoing()) != n.unsent {
		n.changed = true
	}
}

// last is what people were told last, the newest first; limit 0 is all that is known.
func (n *notifier) last(limit int) []notice.Told {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.history.Last(limit)
}

// save writes the state if it has changed. With what was told it holds what the
// pipelines have not taken yet, and waits a little for them to take it: they write
// it down before they say so. After a kill nothing is lost, and what was taken
// since is told again.
func (n *notifier) save() {
	n.saving <- struct{}{}
	defer func() { <-n.saving }()
	n.mu.Lock()
	n.lookForSent()
	for deadline := time.Now().Add(handOver); n.file != nil && n.changed && len(n.outgoing()) > 0 && time.Now().Before(deadline); {
		n.mu.Unlock()
		time.Sleep(handOverLook)
		n.mu.Lock()
	}
	if !n.changed || n.file == nil {
		n.changed = false
		n.mu.Unlock()
		return
	}
	memory := n.memory()
	memory.Outgoing = n.outgoing()
	state := memory.Save(time.Now())
	n.changed, n.unsent = false, len(memory.Outgoing)
	n.mu.Unlock()
	err := n.file.write(state)
	if err != nil {
		n.mu.Lock()
		n.changed = true // is tried again
		n.mu.Unlock()
	}
	n.saved(err)
}

// muted says what keeps an alert from being told.
func (n *notifier) muted(fingerprint string) notice.Mute {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.book.Muted(time.Now(), fingerprint)
}

// policy is what the configuration says of when people are told.
func (c *Config) policy() notice.Policy {
	cooldowns := map[string]time.Duration{}
	for _, rule := range c.Rules {
		if rule.Cooldown != nil {
			cooldowns[rule.Name] = *rule.Cooldown
		}
	}
	return notice.Policy{
		Cooldown:  c.Cooldown,
		Cooldowns: cooldowns,
		Repeat:    c.RepeatInterval,
		Grouping:  notice.Grouping{By: c.GroupBy, Wait: c.GroupWait, Interval: c.GroupInterval},
		PerMinute: c.MaxAlertsPerMinute,
		External:  maps.Clone(c.ExternalLabels),
		Grace:     restartGrace,
		Limit:     maxTracked,
	}
}
