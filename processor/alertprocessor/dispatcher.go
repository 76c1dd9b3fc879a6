// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"maps"
	"strconv"
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
	// maxTracked bounds the alerts that are tracked at once, of those that are as
	// severe or more, and maxTrackedOfRule those of one rule. An alert takes 2 to 4 KiB.
	maxTracked       = 100_000
	maxTrackedOfRule = 50_000
	// maxCooling bounds the label sets of event rules whose cooldowns run at once.
	maxCooling = 10_000
	// restartGrace is how long an alert from before a restart may be missing when
	// nothing is known of its series: as long as PromQL looks back for a sample, in
	// which sources that report once a minute have reported again.
	restartGrace = 5 * time.Minute
	// saveInterval is the least time between two writes of the state, and saveShare
	// the part of the time that they may take, one in so many.
	saveInterval = time.Second
	saveShare    = 10
	// deliveryWait is how long the first write waits for the pipelines to accept
	// what was decided. Mostly they do at once, and the state is written once only.
	deliveryWait = 100 * time.Millisecond
)

// outbox is what decisions leave through. Its methods do not block.
type outbox interface {
	// enqueue has the decisions sent to every logs pipeline, in one batch.
	enqueue(decisions []decision)
	// undeliveredDecisions are those that not every pipeline has accepted, and
	// backlog is their number.
	undeliveredDecisions() []decision
	backlog() int
}

// dispatcher decides which alerts of rules and events recipients are notified of,
// and persists the notification state.
type dispatcher struct {
	telemetry *metadata.TelemetryBuilder
	outbox    outbox
	onSave    func(err error)      // after the state was written, or could not be
	onDrop    func(rules []string) // with the rules of which alerts are dropped

	saving  chan struct{} // holds a token while the state is written, so that the newest is written last
	raised  atomic.Int64  // occurrences that changed the state, or may
	stopped atomic.Bool   // run has returned, or is about to
	isFiled atomic.Bool   // file is not nil

	wake       chan struct{} // holds a token when there is something new
	wakeSend   chan struct{} // holds a token when something was decided
	persisting persister     // of decisions

	raisedMu sync.Mutex    // guards what follows; after mu
	queue    []raisedAlert // that were raised while mu was held

	mu        sync.Mutex // guards what follows
	log       *notification.Log
	gate      *notification.Gate
	silences  *notification.Silences
	inhibitor *notification.Inhibitor
	history   notification.History
	journal   *journal   // of occurrences and decisions that have not been written
	file      *stateFile // nil when nothing is persisted
	changed   bool       // since the state was last written
	changedAt time.Time  // first
	inTransit int        // decisions that were undelivered when it was written
	decided   []decision // are persisted before they are sent
	decidedAt time.Time  // of the last decision, see decisionTime
	aheadAt   time.Time  // of the last by a clock that was ahead
	batches   uint64
	// unjournaled is set when decided has some that the journal does not.
	unjournaled bool
	epoch       string // distinguishes batches of this process
	running     bool   // run is, or will be
}

func newDispatcher(cfg *Config, telemetry *metadata.TelemetryBuilder, out outbox, onSave func(error), onDrop func([]string)) *dispatcher {
	return &dispatcher{
		telemetry:  telemetry,
		outbox:     out,
		onSave:     onSave,
		onDrop:     onDrop,
		running:    true,
		saving:     make(chan struct{}, 1),
		wake:       make(chan struct{}, 1),
		wakeSend:   make(chan struct{}, 1),
		persisting: newPersister(),
		log:        notification.NewLog(cfg.policy()),
		gate:       notification.NewGate(maxCooling),
		silences:   notification.NewSilences(cfg.silences()),
		inhibitor:  notification.NewInhibitor(cfg.inhibitRules()),
		journal:    &journal{},
		epoch:      strconv.FormatInt(time.Now().UnixNano(), 36),
	}
}

// observe takes the result of an evaluation of one group, and decides. The alerts of others cost
// nothing, unless something has changed for them.
func (n *dispatcher) observe(result evaluate.Result) {
	n.lock()
	defer n.mu.Unlock()
	now := time.Now()
	inhibited := n.inhibitor.Update(result.Firing, result.Ended)
	mutes := n.mutes(now)
	if n.silences.ActiveChanged(now) {
		n.countSuppressed(n.log.Remute(mutes))
	}
	observation := notification.Observation{
		Group: result.Group, Firing: result.Firing, Ended: result.Ended, Pending: result.Pending, Resolved: result.Resolved, Gone: result.Gone,
		Keep: make(map[string]notification.KeepFiring, len(result.Keep)),
	}
	for fingerprint, keep := range result.Keep {
		observation.Keep[fingerprint] = notification.KeepFiring(keep)
	}
	n.countSuppressed(n.log.Observe(now, observation, mutes))
	n.countSuppressed(n.log.RemuteAlerts(inhibited, mutes))
	n.flush(now)
	n.wakeUp()
}

// awaitedAlerts are the alerts of some names from before a restart that have not been found to fire.
func (n *dispatcher) awaitedAlerts(isOf func(name string) bool) map[string]evaluate.Awaited {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := map[string]evaluate.Awaited{}
	for fingerprint, alert := range n.log.AwaitedAlerts(isOf) {
		out[fingerprint] = evaluate.Awaited(alert)
	}
	return out
}

// activeEvents are the active alerts of event rules, and what suppresses them, or
// would suppress them if there was another occurrence.
func (n *dispatcher) activeEvents() []notification.Event {
	n.lock()
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
	n.countSuppressed(n.log.Remute(n.mutes(now)))
	n.markChanged()
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

// flush sends what is due, as one batch. It must be called with mu held.
func (n *dispatcher) flush(now time.Time) {
	notifications, counts := n.log.Flush(now, n.mutes(now))
	n.countSuppressed(counts)
	n.onDrop(n.log.Dropping())
	if len(notifications) == 0 {
		return
	}
	n.batches++
	batch := n.epoch + "-" + strconv.FormatUint(n.batches, 36)
	at := n.decisionTime(now)
	var decisions []decision
	states := map[alertevent.State]int64{}
	for _, due := range notifications {
		for _, alert := range due.Alerts {
			alert.Batch = batch
			states[alert.State]++
			n.history.Add(notification.HistoryEntry{At: at, Alert: alert})
			decisions = append(decisions, decision{alert: alert, at: at})
		}
	}
	for state, count := range states {
		n.telemetry.ProcessorAlertNoticesEmitted.Add(context.Background(), count,
			metric.WithAttributes(attribute.String("state", string(state))))
	}
	if n.file == nil || !n.running && len(n.decided) == 0 { // in their order
		n.outbox.enqueue(decisions)
	} else {
		n.decide(decisions)
	}
	n.markChanged()
}

// maxSetBack is by how much the clock may be set back without another order of the decisions.
const maxSetBack = time.Minute

// decisionTime is when something is decided. Notifiers order the records of an alert by it, so that
// it does not go backwards with a clock that is set back a little; they recognize the rest. It
// must be called with mu held.
func (n *dispatcher) decisionTime(now time.Time) time.Time {
	at := now.Round(0) // without the monotonic clock, which is not set back
	for _, latest := range []time.Time{n.decidedAt, n.aheadAt} {
		if ahead := latest.Sub(at); ahead >= 0 && ahead < maxSetBack {
			at = latest.Add(1)
		}
	}
	if n.decidedAt.After(at) {
		n.aheadAt = n.decidedAt
	}
	n.decidedAt = at
	return at
}

func (n *dispatcher) countSuppressed(counts notification.Counts) {
	for reason, count := range counts {
		n.telemetry.ProcessorAlertNoticesSuppressed.Add(context.Background(), int64(count),
			metric.WithAttributes(attribute.String("reason", string(reason))))
	}
}

// markChanged records that the state is to be written. It must be called with mu held.
func (n *dispatcher) markChanged() {
	if !n.changed {
		n.changed, n.changedAt = true, time.Now()
	}
}

// wakeUp makes run check what is new.
func (n *dispatcher) wakeUp() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// run sends what becomes due with time, and writes the state, until ctx is done.
// Then it sends the occurrences that wait for their group.
func (n *dispatcher) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var sending sync.WaitGroup
	sending.Go(func() { n.sendDecided(ctx) })
	var nextSave time.Time
	for {
		select {
		case <-ctx.Done():
			n.mu.Lock()
			n.stopped.Store(true)
			n.recordRaised() //nolint:contextcheck // what is counted is counted
			n.running = false
			n.mu.Unlock()
			sending.Wait()
			n.sendPersisted() //nolint:contextcheck // what was decided since sendDecided has stopped
			n.mu.Lock()
			n.send(len(n.decided)) // what was raised meanwhile
			n.markChanged()        // occurrences that were not notified change when their alert is resolved
			n.log.ReleaseOccurrences()
			n.flush(time.Now()) //nolint:contextcheck // what is counted is counted
			n.mu.Unlock()
			n.save() //nolint:contextcheck // what is counted is counted
			return
		case <-n.wake:
		case <-timer.C:
		}
		n.lock()            //nolint:contextcheck // what is counted is counted
		n.flush(time.Now()) //nolint:contextcheck // what is counted is counted
		n.checkDelivered()
		saveAt, due := n.saveAt(nextSave)
		n.mu.Unlock()
		if due && !time.Now().Before(saveAt) {
			start := time.Now()
			n.save() //nolint:contextcheck // what is counted is counted
			nextSave = start.Add(max(saveInterval, saveShare*time.Since(start)))
		}
		n.mu.Lock()
		next, waits := n.log.Next()
		if saveAt, due = n.saveAt(nextSave); due && (!waits || saveAt.Before(next)) {
			next, waits = saveAt, true
		}
		n.mu.Unlock()
		if waits {
			timer.Reset(time.Until(next))
		} else {
			timer.Stop()
		}
	}
}

// lastNotifications is what recipients were notified of last, the newest first; limit 0
// is all that is known.
func (n *dispatcher) lastNotifications(limit int) []notification.HistoryEntry {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.history.Last(limit)
}

// muteOf is what suppresses an alert.
func (n *dispatcher) muteOf(fingerprint string) notification.Mute {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.MuteOf(time.Now(), fingerprint)
}

// policy is what the configuration specifies about notifications.
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
		RuleLimit: maxTrackedOfRule,
		Routes:    c.routes(),
	}
}
