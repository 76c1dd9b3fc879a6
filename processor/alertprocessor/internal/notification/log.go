// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

// Reason is why a change of an alert causes no notification.
type Reason string

// The reasons to suppress.
const (
	// Cooldown: the alert fires again while its resolution is held back, so that
	// nothing has changed for recipients.
	Cooldown Reason = "cooldown"
	// NeverNotified: the alert is resolved, but nobody was notified that it fires.
	NeverNotified Reason = "never_notified"
	// Silenced: a silence mutes the alert.
	Silenced Reason = "silenced"
	// Inhibited: another alert inhibits the alert.
	Inhibited Reason = "inhibited"
	// RateLimit: more notifications are due in a minute than the cap allows.
	RateLimit Reason = "rate_limit"
	// Limit: more alerts fire at once than are tracked.
	Limit Reason = "limit"
	// MutedTime: the alert's route is muted at this time.
	MutedTime Reason = "mute_time_interval"
)

// Mute is what suppresses an alert. The zero value is nothing.
type Mute struct {
	Reason Reason
	// By is the ID of the silence, or the fingerprint of the inhibiting alert.
	By string
}

// Notification is one alert, or the alerts of a group that recipients are notified
// of in one message: firing ones before resolved ones, the most severe first.
type Notification struct {
	Alerts []alertevent.Alert
}

// Counts are suppressed changes of alerts, by reason.
type Counts map[Reason]int

// Policy specifies when, how often, and of which alerts together recipients are
// notified.
type Policy struct {
	// Cooldown bounds how often an alert that flaps notifies. An alert that
	// fires again within this time after its last firing notification is notified
	// again if its resolution was; then its next resolution is held back until the
	// cooldown has passed.
	Cooldown time.Duration
	// Cooldowns are those of the alerts of a name, where it is another.
	Cooldowns map[string]time.Duration
	// Repeat is the time after a firing notification after which an alert that
	// still fires is re-notified; 0 is never. The cooldown is its least value.
	Repeat time.Duration
	// Grouping is which alerts are notified together.
	Grouping Grouping
	// Routes choose the receivers of an alert, and take the place of Grouping and
	// Repeat; nil when every channel is notified.
	Routes *routing.Tree
	// PerMinute is the number of notifications of firing alerts in a minute; 0 is no limit.
	PerMinute int
	// External are labels of the alerts that the log raises itself.
	External map[string]string
	// Grace is how long an alert from before a restart may be missing before it
	// is resolved, unless it is known to be.
	Grace time.Duration
	// Limit is the number of alerts tracked at once, and RuleLimit that of one
	// rule; see [limiter]. A RuleLimit of 0 is Limit.
	Limit, RuleLimit int
}

func (p Policy) cooldown(a alertevent.Alert) time.Duration {
	if own, ok := p.Cooldowns[a.Name()]; ok {
		return own
	}
	return p.Cooldown
}

// Log is the notification log: it remembers which alerts recipients believe to
// fire, and decides when they are notified. An alert goes through
//
//	           fires                        resolved
//	unknown ──────────► notified ──────────────────────────► cooling ──► unknown
//	                     │  ▲  ▲                                │  cooldown ends
//	                     └──┘  └────────────────────────────────┘
//	            repeat interval   fires again within the cooldown: notified, and
//	                              the next resolution waits for the cooldown
//
// and is notified with its group, when that is due. An alert that is not grouped is
// a group that is always due. What recipients were notified of last is true, but for
// a resolution that is held back. A Log is not safe for concurrent use. Times must
// not go backwards.
type Log struct {
	policy  Policy
	cap     *Cap
	dropped dropped
	limiter *limiter
	refused refused

	routes routes

	alerts  map[string]*entry // an alert has one for each receiver
	groups  map[string]*group
	awaited awaited
	added   uint64
	events  int // alerts that have an event

	// An observation concerns one group of rules, and must not cost what the alerts of all
	// others do. What becomes due with time is found here:
	due     *agenda[*group] // when a group may have something to notify
	ending  *agenda[*entry] // when the alert of an event rule is resolved
	cooling *agenda[*entry] // when an alert that is not live is to be forgotten
}

type entry struct {
	alert           alertevent.Alert
	base            string // the key of the alert, without the receiver
	route           *route
	group           *group
	firing          bool      // at the last observation
	notified        bool      // recipients believe that it fires
	notifiedAt      time.Time // of the last firing notification; zero if never
	returned        bool      // that was a return within the cooldown
	suppressedUntil time.Time // the cap suppressed it; until then it is not due
	once            bool      // an occurrence that is notified once and forgotten
	mute            Mute      // at the last observation
	held            bool      // its resolution is held back
	event           *event    // set for an alert of an event rule
	keep            KeepFiring
	// graceEnds is set while nothing is known of an alert from before a restart.
	graceEnds time.Time
}

// KeepFiring is the keep_firing_for of an alert's rule.
type KeepFiring struct {
	For   time.Duration // 0 is none
	Since time.Time     // the expression has not yielded the alert since; zero while it does
}

// event is what the log knows of an alert of an event rule.
type event struct {
	ends    time.Time // it is resolved then, unless there is another occurrence
	pending bool      // an occurrence has not been notified yet
	// coolsUntil is set when the alert has been notified, and until then it is
	// remembered when it is resolved.
	coolsUntil time.Time
}

// live reports whether the entry is more than the memory of a cooldown.
func (e *entry) live() bool { return e.firing || e.notified || e.once }

// NewLog makes a log without alerts.
func NewLog(policy Policy) *Log {
	if policy.RuleLimit == 0 {
		policy.RuleLimit = policy.Limit
	}
	return &Log{
		policy:  policy,
		cap:     &Cap{limit: policy.PerMinute},
		limiter: newLimiter(policy.RuleLimit, policy.Limit),
		refused: newRefused(),
		routes:  newRoutes(policy),
		alerts:  map[string]*entry{},
		groups:  map[string]*group{},
		awaited: newAwaited(),
		due:     newAgenda[*group](),
		ending:  newAgenda[*entry](),
		cooling: newAgenda[*entry](),
	}
}

func (b *Log) inCooldown(now time.Time, e *entry) bool { return now.Before(b.cooldownEnd(e)) }

// Len is the number of tracked alerts, for each receiver.
func (b *Log) Len() int { return len(b.alerts) }

// drop records an occurrence whose alert gets no slot.
func (b *Log) drop(now time.Time, alert alertevent.Alert, counts Counts) {
	b.dropped.add(now, alert.Name(), alert.SeverityRank())
	counts[Limit]++
}

// entry finds the entry of an alert on a route, or makes it. It is nil when there is
// no slot.
func (b *Log) entry(now time.Time, base string, alert alertevent.Alert, route *route) *entry {
	key := keyOf(base, route.receiver)
	e, known := b.alerts[key]
	if !known {
		if !b.limiter.admits(alert) {
			return nil
		}
		b.limiter.add(alert)
		e = &entry{}
		b.alerts[key] = e
	}
	alert.Receiver = route.receiver
	e.base, e.alert, e.route = base, alert, route
	if e.group == nil {
		e.group = b.join(now, key, alert.Labels, route)
	}
	return e
}

// forget removes an entry of which nothing is left to remember.
func (b *Log) forget(key string, e *entry) {
	b.leave(key, e)
	delete(b.alerts, key)
	b.awaited.remove(e)
	b.ending.remove(e)
	b.cooling.remove(e)
	b.limiter.remove(e.alert)
	if e.event != nil {
		b.events--
	}
}

// forgetCooling frees the slots of what is remembered for its cooldown alone.
func (b *Log) forgetCooling() {
	for _, e := range b.cooling.all() {
		b.forget(e.key(), e)
	}
}

// isCooling reports whether an alert that does not fire is to be remembered.
func (b *Log) isCooling(now time.Time, e *entry) bool { return now.Before(b.coolsUntil(e)) }

// coolsUntil is until when it is.
func (b *Log) coolsUntil(e *entry) time.Time {
	return later(e.suppressedUntil, b.cooldownEnd(e))
}

// cooldownEnd is zero for an alert that has not been notified.
func (b *Log) cooldownEnd(e *entry) time.Time {
	switch {
	case e.event != nil:
		return e.event.coolsUntil
	case e.notifiedAt.IsZero():
		return time.Time{}
	default:
		return e.notifiedAt.Add(b.policy.cooldown(e.alert))
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
