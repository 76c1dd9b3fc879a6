// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import "time"

// isDue reports whether an alert that fires is to be notified.
func (b *Log) isDue(now time.Time, e *entry) bool {
	switch {
	case e.once:
		return true
	case e.event != nil:
		return e.event.pending
	case e.notified:
		return e.route.repeat > 0 && e.mute.Reason == "" && !now.Before(b.repeatAt(e))
	default:
		return !now.Before(e.suppressedUntil)
	}
}

// repeatAt is when an alert that still fires is re-notified.
func (b *Log) repeatAt(e *entry) time.Time {
	return later(e.notifiedAt.Add(e.route.repeat), b.coolsUntil(e))
}

// holdsBack reports whether the resolution of an alert is to wait: it fired again
// within its cooldown, recipients know that, and it may do so once more.
func (b *Log) holdsBack(now time.Time, e *entry) bool {
	return e.notified && !e.firing && e.returned && e.event == nil && !e.route.grouping.on() && b.inCooldown(now, e)
}

// touch has the group of an alert checked that has changed, when it may be notified.
func (b *Log) touch(e *entry) {
	if e.group != nil {
		b.due.set(e.group, e.group.next)
	}
	b.appoint(e)
}

// appoint sets when an alert is resolved or forgotten without an observation.
func (b *Log) appoint(e *entry) {
	b.ending.remove(e)
	b.cooling.remove(e)
	switch {
	case !e.live():
		b.cooling.set(e, b.coolsUntil(e))
	case e.event != nil && e.firing && !e.event.pending:
		b.ending.set(e, e.event.ends)
	}
}

// reschedule sets when a group is due next, or removes it when none of its alerts
// is live.
func (b *Log) reschedule(now time.Time, g *group) {
	for key := range g.members {
		e := b.alerts[key]
		switch {
		case e.live():
			b.appoint(e)
		case b.isCooling(now, e):
			b.leave(key, e)
			b.appoint(e)
		default:
			b.forget(key, e)
		}
	}
	if len(g.members) == 0 {
		return
	}
	g.next = time.Time{}
	if g.shared != nil {
		g.next = now.Add(g.route.grouping.Interval)
		b.due.set(g, g.next)
		return
	}
	if at := b.dueAt(now, b.alerts[g.key]); !at.IsZero() {
		b.due.set(g, at)
	}
}

// dueAt is when an alert that is sent individually is to be checked again, if it does not change
// until then; zero is never.
func (b *Log) dueAt(now time.Time, e *entry) time.Time {
	switch {
	case b.holdsBack(now, e):
		return b.cooldownEnd(e)
	case !e.firing || e.event != nil || e.mute.Reason != "" || !e.graceEnds.IsZero():
		return time.Time{}
	case !e.notified:
		return e.suppressedUntil
	case e.route.repeat > 0:
		return b.repeatAt(e)
	default:
		return time.Time{}
	}
}

// Next is when a notification may be due without an observation.
func (b *Log) Next() (next time.Time, ok bool) {
	add := func(at time.Time, open bool) {
		if open && (!ok || at.Before(next)) {
			next, ok = at, true
		}
	}
	add(b.due.next())
	add(b.ending.next())
	add(b.cap.WindowEnd())
	add(b.dropped.next())
	return next, ok
}
