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
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
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
	// deliveryWait is how long the state waits to be written until the pipelines have
	// taken what it says was told, and handOverLook the time between two looks.
	// Mostly they have by then, and the state need not be written again.
	deliveryWait = 100 * time.Millisecond
	deliveryPoll = 2 * time.Millisecond
)

// dispatcher decides what people are told of what rules and events raise, and
// keeps what they were told.
type dispatcher struct {
	telemetry *metadata.TelemetryBuilder
	// send hands a notification on; it does not block.
	send func(outgoing)
	// outgoing is what was sent, and is not yet with all pipelines.
	outgoing func() []outgoing
	// onSave is called after the state was written, or could not be.
	onSave func(err error)

	saving chan struct{} // holds a token while the state is written, in the order it was taken
	raised atomic.Int64  // events that changed the state

	wake chan struct{} // holds a token when there is something new

	mu          sync.Mutex // guards what follows
	log         *notification.Log
	gate        *notification.Gate
	silences    *notification.Silences
	inhibitor   *notification.Inhibitor
	history     notification.History
	file        *stateFile // nil when nothing is kept
	changed     bool       // since the state was last written
	undelivered int        // notifications that were outgoing when it was
	running     bool       // run is, or will be
}

func newDispatcher(cfg *Config, telemetry *metadata.TelemetryBuilder) *dispatcher {
	return &dispatcher{
		telemetry: telemetry,
		running:   true,
		onSave:    func(error) {},
		outgoing:  func() []outgoing { return nil },
		saving:    make(chan struct{}, 1),
		wake:      make(chan struct{}, 1),
		log:       notification.NewLog(cfg.policy()),
		gate:      notification.NewGate(maxCooling),
		silences:  notification.NewSilences(cfg.silences()),
		inhibitor: notification.NewInhibitor(cfg.inhibitRules()),
	}
}

// observe takes how the rules stand after an evaluation.
func (n *dispatcher) observe(result evaluate.Result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	n.inhibitor.Update(result.Firing)
	n.countSuppressed(n.log.Observe(now, result.Firing, result.Pending, n.mutes(now)))
	n.flush(now)
	n.wakeUp()
}

// raisedAlert is an alert that happened.
type raisedAlert struct {
	alert    alertevent.Alert
	rule     string
	cooldown time.Duration
	resolve  time.Duration // after which it is over, unless it happens again; 0: it has no end
	// annotate renders what only an alert that is told, or shown, needs.
	annotate func() map[string]string
}

// raise takes an alert that happened. It does not wait for a delivery.
func (n *dispatcher) raise(e raisedAlert) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	mute := n.mutes(now)(e.alert)
	if mute.Reason == "" && !n.gate.Pass(now, e.alert.Fingerprint(), e.rule, e.cooldown) {
		mute.Reason = notification.Cooldown
	}
	if mute.Reason != "" {
		n.countSuppressed(notification.Counts{mute.Reason: 1})
		if e.resolve == 0 || n.log.Extend(e.alert.Fingerprint(), now.Add(e.resolve)) || n.log.EventsFull() {
			return
		}
	}
	e.alert.Annotations = e.annotate()
	if e.resolve == 0 {
		n.countSuppressed(n.log.OccurOnce(now, e.alert))
	} else {
		n.countSuppressed(n.log.Occur(now, e.alert, now.Add(e.resolve), mute))
	}
	n.changed = true
	n.raised.Add(1)
	if n.running {
		n.wakeUp()
		return
	}
	n.log.ReleaseOccurrences()
	n.flush(now)
}

// activeEvents are the alerts of events that are active, and what keeps them from
// being told, or would keep them if they happened again.
func (n *dispatcher) activeEvents() []notification.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	events, mutes := n.log.Events(), n.mutes(time.Now())
	for i := range events {
		if events[i].Mute.Reason == "" {
			events[i].Mute = mutes(events[i].Alert)
		}
	}
	return events
}

// changeSilences changes the silences, and what they mute.
func (n *dispatcher) changeSilences(change func(now time.Time, silences *notification.Silences) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if err := change(now, n.silences); err != nil {
		return err
	}
	n.log.Remute(n.mutes(now))
	n.changed = true
	n.wakeUp()
	return nil
}

func (n *dispatcher) mutes(now time.Time) func(alertevent.Alert) notification.Mute {
	return func(alert alertevent.Alert) notification.Mute {
		if by := n.inhibitor.Mutes(alert.Labels); by != "" {
			return notification.Mute{Reason: notification.Inhibited, By: by}
		}
		if by := n.silences.Mutes(now, alert.Labels); by != "" {
			return notification.Mute{Reason: notification.Silenced, By: by}
		}
		return notification.Mute{}
	}
}

// flush tells what is due.
func (n *dispatcher) flush(now time.Time) {
	notifications, counts := n.log.Flush(now, n.mutes(now))
	n.countSuppressed(counts)
	for _, due := range notifications {
		for _, alert := range due.Alerts {
			n.telemetry.ProcessorAlertNoticesEmitted.Add(context.Background(), 1,
				metric.WithAttributes(attribute.String("state", string(alert.State))))
			n.history.Add(notification.HistoryEntry{At: now, Alert: alert})
		}
		n.send(outgoing{Notification: due, At: now})
		n.changed = true
	}
}

func (n *dispatcher) countSuppressed(counts notification.Counts) {
	for reason, count := range counts {
		n.telemetry.ProcessorAlertNoticesSuppressed.Add(context.Background(), int64(count),
			metric.WithAttributes(attribute.String("reason", string(reason))))
	}
}

// wakeUp has run look at what is new.
func (n *dispatcher) wakeUp() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// run tells what becomes due with time, and keeps the state, until ctx is done.
// Then it tells of the events that wait for their group.
func (n *dispatcher) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var savedAt time.Time
	for {
		select {
		case <-ctx.Done():
			n.mu.Lock()
			n.running = false
			n.changed = true // events that go on happening change when they are over
			n.log.ReleaseOccurrences()
			n.flush(time.Now()) //nolint:contextcheck // what is counted is counted
			n.mu.Unlock()
			n.save()
			return
		case <-n.wake:
		case <-timer.C:
		}
		n.mu.Lock()
		n.flush(time.Now()) //nolint:contextcheck // what is counted is counted
		n.checkDelivered()
		due := n.changed && time.Since(savedAt) >= saveInterval
		n.mu.Unlock()
		if due {
			n.save()
			savedAt = time.Now()
		}
		n.mu.Lock()
		next, waits := n.log.Next()
		if n.changed || n.undelivered > 0 {
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

// persistIn has the state kept in a file, and takes what is in it.
func (n *dispatcher) persistIn(file *stateFile) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.file, n.changed = file, true
	state, err := file.read()
	if err != nil {
		return err
	}
	for _, outgoing := range state.Undelivered() {
		n.send(outgoing)
	}
	return n.persistent().Restore(time.Now(), state)
}

func (n *dispatcher) persistent() notification.Persistent {
	return notification.Persistent{Log: n.log, Gate: n.gate, Silences: n.silences, History: &n.history}
}

// checkDelivered has the state written again when pipelines have taken what it says
// is outgoing. It must be called with mu held.
func (n *dispatcher) checkDelivered() {
	if n.undelivered > 0 && len(n.outgoing()) != n.undelivered {
		n.changed = true
	}
}

// lastNotified is what people were told last, the newest first; limit 0 is all that is known.
func (n *dispatcher) lastNotified(limit int) []notification.HistoryEntry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.history.Last(limit)
}

// save writes the state if it has changed. With what was told it holds what the
// pipelines have not taken yet, and waits a little for them to take it: they write
// it down before they say so. After a kill nothing is lost, and what was taken
// since is told again.
func (n *dispatcher) save() {
	n.saving <- struct{}{}
	defer func() { <-n.saving }()
	n.mu.Lock()
	n.checkDelivered()
	for deadline := time.Now().Add(deliveryWait); n.file != nil && n.changed && len(n.outgoing()) > 0 && time.Now().Before(deadline); {
		n.mu.Unlock()
		time.Sleep(deliveryPoll)
		n.mu.Lock()
	}
	if !n.changed || n.file == nil {
		n.changed = false
		n.mu.Unlock()
		return
	}
	memory := n.persistent()
	memory.Outgoing = n.outgoing()
	state := memory.Snapshot(time.Now())
	n.changed, n.undelivered = false, len(memory.Outgoing)
	n.mu.Unlock()
	err := n.file.write(state)
	if err != nil {
		n.mu.Lock()
		n.changed = true // is tried again
		n.mu.Unlock()
	}
	n.onSave(err)
}

// muteOf says what keeps an alert from being told.
func (n *dispatcher) muteOf(fingerprint string) notification.Mute {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Muted(time.Now(), fingerprint)
}

// policy is what the configuration says of when people are told.
func (c *Config) policy() notification.Policy {
	cooldowns := map[string]time.Duration{}
	for _, rule := range c.Rules {
		if rule.Cooldown != nil {
			cooldowns[rule.Name] = *rule.Cooldown
		}
	}
	return notification.Policy{
		Cooldown:  c.Cooldown,
		Cooldowns: cooldowns,
		Repeat:    c.RepeatInterval,
		Grouping:  notification.Grouping{By: c.GroupBy, Wait: c.GroupWait, Interval: c.GroupInterval},
		PerMinute: c.MaxAlertsPerMinute,
		External:  maps.Clone(c.ExternalLabels),
		Grace:     restartGrace,
		Limit:     maxTracked,
	}
}
