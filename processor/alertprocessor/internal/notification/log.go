// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Reason says why a change of an alert is not told.
type Reason string

// The reasons to suppress.
const (
	// Cooldown: the alert fires again, too soon after the last firing notice.
	Cooldown Reason = "cooldown"
	// NeverNotified: the alert is over, but nobody was told that it fires.
	NeverNotified Reason = "untold"
	// Silenced: a silence keeps the alert from being told.
	Silenced Reason = "silenced"
	// Inhibited: another alert keeps the alert from being told.
	Inhibited Reason = "inhibited"
	// RateLimit: more is to be told in a minute than the cap allows.
	RateLimit Reason = "rate_limit"
	// Limit: more alerts fire at once than are tracked.
	Limit Reason = "limit"
)

// Mute is what keeps an alert from being told. The zero value is nothing.
type Mute struct {
	Reason Reason
	// By is the ID of the silence, or the fingerprint of the inhibiting alert.
	By string
}

// Notification is what people are told at once: one alert, or the alerts of a
// group: those that fire before those that are over, the most severe first.
type Notification struct {
	Alerts []alertevent.Alert
}

// Outgoing is a notification on its way to the pipelines.
type Outgoing struct {
	Notification
	At time.Time // when it was decided
}

// Counts are changes that are not told, by reason.
type Counts map[Reason]int

// Policy says when, how often, and of which alerts together people are told.
type Policy struct {
	// Cooldown is the time after a firing notice within which there is no
	// other for the same alert, except in a notification of its group.
	Cooldown time.Duration
	// Cooldowns are those of the alerts of a name, where it is another.
	Cooldowns map[string]time.Duration
	// Repeat is the time after a firing notice after which there is another
	// when the alert still fires; 0 means none. The cooldown is its least value.
	Repeat time.Duration
	// Grouping says which alerts are told together.
	Grouping Grouping
	// PerMinute is the number of notifications of firing alerts in a minute; 0 is no limit.
	PerMinute int
	// External are labels of the alerts that the book raises itself.
	External map[string]string
	// Grace is how long an alert from before a restart that is not seen to
	// fire is not taken to be over.
	Grace time.Duration
	// Limit is the number of alerts tracked at once.
	Limit int
}

func (p Policy) cooldown(a alertevent.Alert) time.Duration {
	if own, ok := p.Cooldowns[a.Name()]; ok {
		return own
	}
	return p.Cooldown
}

// Book remembers what people have been told. An alert goes through
//
//	             fires                        is over
//	unknown ───────────────► told ───────────────────────► cooling ──┐
//	   ▲                     │  ▲                             │ ▲    │ cooldown ends
//	   │                     └──┘ still fires: repeat   fires │ │    │
//	   │                                                      ▼ │ is over
//	   └────────────────────── suppressed ◄───────────────────┴─┘
//	                             │ cooldown ends, or what mutes it: told
//
// and is told with its group, when that may be told again. An alert by itself
// is a group that may always be told. It is not safe for concurrent use. Times
// must not go backwards.
type Log struct {
	policy Policy
	cap    *Cap
	alerts map[string]*entry
	groups map[string]*group
	added  uint64
	events int // alerts that have an event
}

type entry struct {
	alert           alertevent.Alert
	group           *group
	firing          bool      // at the last observation
	notified        bool      // people think that it fires
	notifiedAt      time.Time // when a firing notice was last decided on; zero if never
	suppressedUntil time.Time // the cap cut it; until then it waits as if it had been told
	once            bool      // it happened and is over: it is told once and forgotten
	mute            Mute      // at the last observation
	event           *event    // set for what fires from when it happens, for a while
	// graceEnds is set while nothing is known of an alert from before a restart.
	graceEnds time.Time
}

// event is what the book knows of an alert that is not observed but happens.
type event struct {
	ends    time.Time // it is over then, unless it happens again
	pending bool      // it has happened since it was told, and is to be told
}

// live says whether the entry is more than the memory of a cooldown.
func (e *entry) live() bool { return e.firing || e.notified || e.once }

// unknown says whether an alert from before a restart that does not fire may
// still be on its way back.
func (e *entry) unknown(now time.Time, pending bool) bool {
	return now.Before(e.graceEnds) || !e.graceEnds.IsZero() && pending
}

// NewLog makes a book that knows no alerts.
func NewLog(policy Policy) *Log {
	return &Log{
		policy: policy,
		cap:    &Cap{limit: policy.PerMinute},
		alerts: map[string]*entry{},
		groups: map[string]*group{},
	}
}

// Observe takes all alerts that fire at a time, by fingerprint, and those that
// do not fire yet but have begun to.
func (b *Log) Observe(now time.Time, firing map[string]alertevent.Alert, pending map[string]bool, mutes func(alertevent.Alert) Mute) Counts {
	counts := Counts{}
	for _, key := range slices.Sorted(maps.Keys(firing)) {
		e := b.entry(now, key, firing[key])
		if e == nil {
			counts[Limit]++
			continue
		}
		mute := mutes(e.alert)
		if !e.notified && (!e.firing || e.mute.Reason != mute.Reason) {
			switch {
			case mute.Reason != "":
				counts[mute.Reason]++
			case b.cooling(now, e) && !e.firing:
				counts[Cooldown]++
			}
		}
		e.firing, e.mute, e.graceEnds = true, mute, time.Time{}
	}
	for key, e := range b.alerts {
		if _, ok := firing[key]; ok || e.once || e.event != nil || e.unknown(now, pending[key]) {
			continue
		}
		b.resolve(now, key, e, counts)
	}
	return counts
}

// Remute takes what mutes alerts now.
func (b *Log) Remute(mutes func(alertevent.Alert) Mute) {
	for _, e := range b.alerts {
		if e.firing && e.event == nil { // what happened while it was muted is not told later
			e.mute = mutes(e.alert)
		}
	}
}

// resolve notes that an alert does not fire.
func (b *Log) resolve(now time.Time, key string, e *entry, counts Counts) {
	if e.firing && !e.notified && e.event == nil {
		counts[NeverNotified]++
	}
	e.firing, e.mute, e.graceEnds = false, Mute{}, time.Time{}
	if !e.notified && !b.cooling(now, e) {
		b.forget(key, e)
	}
}

// eventPrefix tells the keys of what happens from those of what is observed.
const eventPrefix = "event "

// Occur takes an alert that happens, and is over when it has not happened
// again until ends. Muted, it is not told, nor is its end; but it is active. There
// is room for half as many as for all alerts, so that those that are observed
// always have some: what exceeds it is told without an end, as by Add.
func (b *Log) Occur(now time.Time, alert alertevent.Alert, ends time.Time, mute Mute) Counts {
	key := eventPrefix + alert.Fingerprint()
	e, known := b.alerts[key]
	if !known && b.EventsFull() {
		if mute.Reason != "" {
			return nil
		}
		return b.OccurOnce(now, alert)
	}
	if known && e.live() {
		alert.StartsAt = e.alert.StartsAt
	}
	if known && e.event.pending && mute.Reason == "" && !b.policy.Grouping.on() {
		e.event.ends = ends
		return b.OccurOnce(now, alert) // what happens twice at once is told twice
	}
	if e = b.entry(now, key, alert); e == nil {
		return Counts{Limit: 1}
	}
	if e.event == nil {
		e.event = &event{}
		b.events++
	}
	e.firing, e.mute, e.event.ends = true, mute, ends
	e.event.pending = e.event.pending || mute.Reason == ""
	return nil
}

// EventsFull says whether there is no room for the end of another event.
func (b *Log) EventsFull() bool { return b.events >= (b.policy.Limit+1)/2 }

// Extend notes that something that is active has happened again, but is not to
// be told. It says whether it is active.
func (b *Log) Extend(fingerprint string, ends time.Time) bool {
	e, ok := b.alerts[eventPrefix+fingerprint]
	if !ok || !e.firing {
		return false
	}
	e.event.ends = ends
	return true
}

// Event is an alert of what happened, while it is active.
type Event struct {
	Alert alertevent.Alert
	Mute  Mute
}

// Events are the active alerts of what happened.
func (b *Log) Events() []Event {
	var out []Event
	for _, key := range slices.Sorted(maps.Keys(b.alerts)) {
		if e := b.alerts[key]; e.event != nil && e.firing {
			out = append(out, Event{Alert: e.alert, Mute: e.mute})
		}
	}
	return out
}

// expireEvents ends what has not happened for long enough.
func (b *Log) expireEvents(now time.Time, counts Counts) {
	if b.events == 0 {
		return
	}
	for key, e := range b.alerts {
		if e.event != nil && e.firing && !e.event.pending && !now.Before(e.event.ends) {
			b.resolve(now, key, e, counts)
		}
	}
}

// OccurOnce takes an alert that has happened and is over at once.
func (b *Log) OccurOnce(now time.Time, alert alertevent.Alert) Counts {
	key := "once " + alert.Fingerprint()
	if !b.policy.Grouping.on() {
		b.added++ // what happens twice is told twice
		key = fmt.Sprintf("%s %d", key, b.added)
	}
	e := b.entry(now, key, alert)
	if e == nil {
		return Counts{Limit: 1}
	}
	e.once = true
	return nil
}

// entry finds the entry of an alert, or makes it. It is nil when there are too many.
func (b *Log) entry(now time.Time, key string, alert alertevent.Alert) *entry {
	e, known := b.alerts[key]
	if !known {
		if len(b.alerts) >= b.policy.Limit {
			return nil
		}
		e = &entry{}
		b.alerts[key] = e
	}
	e.alert = alert
	if e.group == nil {
		e.group = b.join(now, key, alert.Labels)
	}
	return e
}

// forget removes an entry of which nothing is left to remember.
func (b *Log) forget(key string, e *entry) {
	b.leave(key, e)
	delete(b.alerts, key)
	if e.event != nil {
		b.events--
	}
}

// cooling says whether there is to be no firing notice yet. The cooldown of
// events is before the book, in the Gate.
func (b *Log) cooling(now time.Time, e *entry) bool {
	return e.event == nil && (now.Before(e.suppressedUntil) || !e.notifiedAt.IsZero() && now.Sub(e.notifiedAt) < b.policy.cooldown(e.alert))
}

// Flush says what is to be told at a time.
func (b *Log) Flush(now time.Time, mutes func(alertevent.Alert) Mute) ([]Notification, Counts) {
	counts := Counts{}
	summary, summed := b.cap.Summary(now, b.policy.External) // of the minute that has passed
	b.expireEvents(now, counts)
	var due []*flush
	for _, g := range b.groups {
		if now.Before(g.next) {
			continue
		}
		if f := b.prepare(now, g); f.due {
			due = append(due, f)
		} else {
			b.reschedule(now, g)
		}
	}
	// The most severe first, so that the cap cuts the least severe.
	slices.SortFunc(due, func(a, b *flush) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(a.name, b.name), cmp.Compare(a.group.key, b.group.key))
	})
	var out []Notification
	for _, f := range due {
		if n := b.notify(now, f, counts); len(n.Alerts) > 0 {
			out = append(out, n)
		}
		b.reschedule(now, f.group)
	}
	if summed && mutes(summary).Reason == "" {
		out = append(out, Notification{Alerts: []alertevent.Alert{summary}})
	}
	return out, counts
}

// flush is what a group has to tell.
type flush struct {
	group            *group
	due              bool
	severity         int    // of the most severe that fires
	name             string // the first in the alphabet
	firing, resolved []*entry
}

func (b *Log) prepare(now time.Time, g *group) *flush {
	f := &flush{group: g, severity: -1}
	for _, key := range slices.Sorted(maps.Keys(g.members)) {
		e := b.alerts[key]
		if f.name == "" || e.alert.Name() < f.name {
			f.name = e.alert.Name()
		}
		switch {
		case e.notified && !e.firing:
			f.resolved = append(f.resolved, e)
			f.due = true
			continue
		case e.mute.Reason != "" || !e.graceEnds.IsZero() || !e.firing && !e.once:
			continue
		case e.event != nil && !e.notified && !e.event.pending:
			continue
		}
		f.firing = append(f.firing, e)
		f.severity = max(f.severity, Severity(e.alert))
		f.due = f.due || b.isDue(now, e)
	}
	return f
}

func (b *Log) isDue(now time.Time, e *entry) bool {
	switch {
	case e.once:
		return true
	case e.event != nil:
		return e.event.pending
	case e.notified:
		return b.policy.Repeat > 0 && now.Sub(e.notifiedAt) >= b.policy.Repeat && !b.cooling(now, e)
	default:
		return !b.cooling(now, e)
	}
}

// notify makes the notification of a group, and notes that it was told.
func (b *Log) notify(now time.Time, f *flush, counts Counts) Notification {
	firing := f.firing
	if len(firing) > 0 && !b.cap.Allow(now, firing) {
		counts[RateLimit] += len(firing)
		for _, e := range firing {
			e.suppressedUntil = now.Add(max(b.policy.cooldown(e.alert), window))
			if e.event != nil {
				e.event.pending, e.mute = false, Mute{Reason: RateLimit}
			}
		}
		firing = nil
	}
	var n Notification
	for _, e := range firing {
		n.Alerts = append(n.Alerts, f.group.stamp(e.alert))
		e.notified, e.notifiedAt = true, now
		if e.event != nil {
			e.event.pending = false
		}
	}
	for _, e := range f.resolved {
		alert := e.alert
		alert.State, alert.EndsAt = alertevent.Resolved, now
		n.Alerts = append(n.Alerts, f.group.stamp(alert))
		e.notified = false
	}
	slices.SortStableFunc(n.Alerts, func(a, b alertevent.Alert) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(Severity(b), Severity(a)), cmp.Compare(a.Name(), b.Name()))
	})
	for key := range f.group.members {
		if e := b.alerts[key]; e.once {
			b.forget(key, e)
		}
	}
	return n
}

// reschedule makes a group wait for its next time, or ends it when none of its
// alerts is live.
func (b *Log) reschedule(now time.Time, g *group) {
	g.next = now.Add(b.policy.Grouping.Interval)
	if !b.policy.Grouping.on() {
		g.next = time.Time{}
	}
	for key := range g.members {
		e := b.alerts[key]
		if e.live() {
			continue
		}
		if b.cooling(now, e) {
			b.leave(key, e)
		} else {
			b.forget(key, e)
		}
	}
}

// Next is when there may be something to tell without an observation.
func (b *Log) Next() (next time.Time, ok bool) {
	if b.policy.Grouping.on() {
		for _, g := range b.groups {
			if !ok || g.next.Before(next) {
				next, ok = g.next, true
			}
		}
	}
	if end, open := b.cap.WindowEnd(); open && (!ok || end.Before(next)) {
		next, ok = end, true
	}
	if b.events > 0 {
		for _, e := range b.alerts {
			if e.event != nil && e.firing && !e.event.pending && (!ok || e.event.ends.Before(next)) {
				next, ok = e.event.ends, true
			}
		}
	}
	return next, ok
}

// Muted says what keeps an alert that fires from being told.
func (b *Log) Muted(now time.Time, fingerprint string) Mute {
	e, ok := b.alerts[fingerprint]
	switch {
	case !ok || e.notified:
		return Mute{}
	case e.mute.Reason != "":
		return e.mute
	case b.cooling(now, e):
		return Mute{Reason: Cooldown}
	default:
		return Mute{}
	}
}

// severities are in rising order.
var severities = []string{alertevent.SeverityInfo, alertevent.SeverityWarning, alertevent.SeverityError, alertevent.SeverityCritical}

// Severity is higher for what is more severe, and -1 for words of the user's own.
func Severity(a alertevent.Alert) int { return slices.Index(severities, a.Severity()) }
