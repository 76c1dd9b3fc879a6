// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"fmt"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// eventPrefix distinguishes the keys of alerts of event rules from those of rules.
const eventPrefix = "event "

// Occurrence is one that raises the alert of an event rule.
type Occurrence struct {
	Alert alertevent.Alert
	// Ends is when the alert is resolved, unless there is another occurrence.
	Ends time.Time
	// CoolsUntil is when the cooldown ends.
	CoolsUntil time.Time
	// Mute suppresses the alert and its resolution. It is active all the same.
	Mute Mute
}

// Occur records an occurrence. Half of the slots are for alerts of event rules, so
// that the other half is always there for alerts of rules: what exceeds it is notified
// without a resolution, as by OccurOnce.
func (b *Log) Occur(now time.Time, o Occurrence) Counts {
	counts := Counts{}
	for _, route := range b.routes.of(o.Alert.Labels) {
		b.occur(now, o, route, counts)
	}
	return counts
}

func (b *Log) occur(now time.Time, o Occurrence, route *route, counts Counts) {
	alert, mute := o.Alert, o.Mute
	base := eventPrefix + alert.Fingerprint()
	e, known := b.alerts[keyOf(base, route.receiver)]
	if !known && b.EventsFull() {
		if mute.Reason == "" {
			b.occurOnce(now, alert, route, counts)
		}
		return
	}
	if known && e.live() {
		alert.StartsAt = e.alert.StartsAt
	}
	if known && e.event.pending && mute.Reason == "" && !route.grouping.on() {
		e.event.ends = o.Ends
		b.occurOnce(now, alert, route, counts) // two occurrences at once are two notifications
		return
	}
	if e = b.entry(now, base, alert, route); e == nil {
		b.drop(now, alert, counts)
		return
	}
	if e.event == nil {
		e.event = &event{}
		b.events++
	}
	e.firing, e.mute, e.event.ends = true, mute, o.Ends
	if mute.Reason == "" {
		e.event.pending, e.event.coolsUntil = true, o.CoolsUntil
	}
	b.touch(e)
}

// EventsFull reports whether no other alert of an event rule gets a slot. An odd
// number of slots leaves the one in the middle to the event rules.
func (b *Log) EventsFull() bool { return b.events >= (b.policy.Limit+1)/2 }

// Extend records an occurrence that is not to be notified, of an alert that may be
// active. It reports whether the alert is.
func (b *Log) Extend(fingerprint string, ends time.Time) bool {
	active := false
	for e := range b.ofAlert(eventPrefix + fingerprint) {
		if !e.firing {
			continue
		}
		active = true
		if ends.After(e.event.ends) {
			e.event.ends = ends
		}
	}
	return active
}

// ResolvedEvent reports whether the last notification of an event rule's alert was
// its resolution, within its cooldown.
func (b *Log) ResolvedEvent(now time.Time, fingerprint string) bool {
	for e := range b.ofAlert(eventPrefix + fingerprint) {
		if !e.firing && b.inCooldown(now, e) {
			return true
		}
	}
	return false
}

// Event is an active alert of an event rule.
type Event struct {
	Alert alertevent.Alert
	Mute  Mute
}

// Events are the active alerts of event rules.
func (b *Log) Events() []Event {
	if b.events == 0 {
		return nil
	}
	var keys []string
	for key, e := range b.alerts {
		if e.event != nil && e.firing {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var out []Event
	known := map[string]bool{}
	for _, key := range keys {
		if e := b.alerts[key]; !known[e.base] {
			known[e.base] = true
			out = append(out, Event{Alert: e.alert, Mute: e.mute})
		}
	}
	return out
}

// expire resolves alerts of event rules without an occurrence for long enough, and forgets
// alerts whose cooldown has passed.
func (b *Log) expire(now time.Time, counts Counts) {
	for _, e := range b.ending.take(now) {
		if now.Before(e.event.ends) {
			b.appoint(e) // another occurrence has extended it
			continue
		}
		b.resolve(now, e.key(), e, counts)
	}
	for _, e := range b.cooling.take(now) {
		b.forget(e.key(), e)
	}
}

// OccurOnce records an occurrence that is notified once, without a resolution.
func (b *Log) OccurOnce(now time.Time, alert alertevent.Alert) Counts {
	counts := Counts{}
	for _, route := range b.routes.of(alert.Labels) {
		b.occurOnce(now, alert, route, counts)
	}
	return counts
}

func (b *Log) occurOnce(now time.Time, alert alertevent.Alert, route *route, counts Counts) {
	e := b.entry(now, b.onceKey(alert.Fingerprint(), route), alert, route)
	if e == nil {
		b.drop(now, alert, counts)
		return
	}
	e.once = true
}

// onceKey is a new key, since each occurrence is a notification, but in a group.
func (b *Log) onceKey(fingerprint string, route *route) string {
	if route.grouping.on() {
		return "once " + fingerprint
	}
	b.added++
	return fmt.Sprintf("once %s %d", fingerprint, b.added)
}
