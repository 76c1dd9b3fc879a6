// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import "time"

// SetBack takes times of a clock that was ahead, and has been set back: what is later
// than now was that much earlier. Otherwise cooldowns and repeat intervals would last until the
// clock is there again. Silences are times of users, and stay.
func (m Persistent) SetBack(now time.Time, by time.Duration) {
	correct := func(times ...*time.Time) {
		for _, t := range times {
			if t.After(now) {
				*t = t.Add(-by)
			}
		}
	}
	b := m.Log
	for _, e := range b.alerts {
		correct(&e.alert.StartsAt, &e.notifiedAt, &e.suppressedUntil, &e.graceEnds, &e.keep.Since)
		if e.event != nil {
			correct(&e.event.ends, &e.event.coolsUntil)
		}
		b.appoint(e)
		if !e.graceEnds.IsZero() {
			b.awaited.overdue.set(e, e.awaitedUntil())
		}
	}
	for _, g := range b.groups {
		correct(&g.next)
		b.due.set(g, g.next)
	}
	correct(&b.cap.windowStart, &b.cap.startsAt)
	for _, d := range b.dropped.rules {
		correct(&d.startsAt, &d.last)
	}
	for key, until := range m.Gate.until {
		correct(&until)
		m.Gate.until[key] = until
	}
	correct(&m.Gate.sweep)
}
