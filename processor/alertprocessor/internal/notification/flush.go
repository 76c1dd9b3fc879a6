// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Flush returns the notifications that are due.
func (b *Log) Flush(now time.Time, mutes func(alertevent.Alert) Mute) ([]Notification, Counts) {
	counts := Counts{}
	summary, summed := b.cap.Summary(now, b.policy.External) // of the minute that has passed
	b.expire(now, counts)
	var due []*flush
	for _, g := range b.due.take(now) {
		if g.route.isMuted(now) {
			g.next = nextMinute(now) // times are by the minute
			b.due.set(g, g.next)
			continue
		}
		if f := b.prepare(now, g); f.due {
			due = append(due, f)
		} else {
			b.reschedule(now, g)
		}
	}
	// The most severe first, so that the cap suppresses the least severe.
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
	if summed && b.cap.isNotified(summary, mutes(summary).Reason != "") {
		out = append(out, b.routes.address(summary)...)
	}
	isMuted := func(alert alertevent.Alert) bool {
		mute := mutes(alert)
		if mute.Reason != "" {
			counts[mute.Reason]++
		}
		return mute.Reason != ""
	}
	for _, alert := range b.dropped.flush(now, b.policy.External, isMuted) {
		out = append(out, b.routes.address(alert)...)
	}
	return out, counts
}

// nextMinute is when the next minute begins. It comes also when the clock is set back meanwhile: a
// time that is truncated alone has no monotonic clock.
func nextMinute(now time.Time) time.Time {
	return now.Add(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
}

// flush is what a group is to notify.
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
		case b.holdsBack(now, e):
			continue
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
		f.severity = max(f.severity, e.alert.SeverityRank())
		f.due = f.due || b.isDue(now, e)
	}
	return f
}

// notify makes the notification of a group.
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
		e.returned = !e.notified && b.inCooldown(now, e)
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
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(b.SeverityRank(), a.SeverityRank()), cmp.Compare(a.Name(), b.Name()))
	})
	for key := range f.group.members {
		switch e := b.alerts[key]; {
		case e.once:
			b.forget(key, e)
		case !e.notified:
			e.held = false
		}
	}
	return n
}

// MuteOf is what suppresses an alert that fires, on all its routes.
func (b *Log) MuteOf(now time.Time, fingerprint string) Mute {
	var mute Mute
	for e := range b.ofAlert(fingerprint) {
		own := e.suppressedBy(now)
		if own.Reason == "" {
			return Mute{}
		}
		if mute.Reason == "" {
			mute = own
		}
	}
	return mute
}

func (e *entry) suppressedBy(now time.Time) Mute {
	switch {
	case e.notified:
		return Mute{}
	case e.mute.Reason != "":
		return e.mute
	case now.Before(e.suppressedUntil):
		return Mute{Reason: RateLimit}
	case e.route.isMuted(now):
		return Mute{Reason: MutedTime}
	default:
		return Mute{}
	}
}
