// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// raisedAlert is an alert that an occurrence raises.
type raisedAlert struct {
	alert    alertevent.Alert
	rule     string
	cooldown time.Duration
	resolve  time.Duration // after which it is resolved without another occurrence; 0: never
	// annotate renders what only an alert that is notified, or shown, needs.
	annotate func() map[string]string
	at       time.Time // of the occurrence
}

// maxQueued bounds the occurrences that wait to be recorded.
const maxQueued = 10_000

// raise records an occurrence, or has it recorded: with many alerts of rules a decision takes long,
// and telemetry does not wait for it, unless very much is raised meanwhile.
func (n *dispatcher) raise(e raisedAlert) {
	e.at = time.Now()
	n.raisedMu.Lock()
	full := len(n.queue) >= maxQueued
	if !full {
		n.queue = append(n.queue, e)
	}
	n.raisedMu.Unlock()
	switch {
	case full:
		n.lock()
		n.record(e)
	case n.stopped.Load():
		n.lock()
	case n.mu.TryLock():
		n.recordRaised()
	default:
		n.raised.Add(1) // perhaps: who persists it finds out
		n.wakeUp()
		return
	}
	n.mu.Unlock()
}

// lock locks mu, and records what was raised while it was held.
func (n *dispatcher) lock() {
	n.mu.Lock()
	n.recordRaised()
}

// recordRaised records what was raised while mu was held. It must be called with mu held.
func (n *dispatcher) recordRaised() {
	n.raisedMu.Lock()
	queue := n.queue
	n.queue = nil
	n.raisedMu.Unlock()
	for i := range queue {
		n.record(queue[i])
	}
}

// record records an occurrence. It must be called with mu held.
func (n *dispatcher) record(e raisedAlert) {
	now := e.at
	fingerprint := e.alert.Fingerprint()
	o := notification.Occurrence{Ends: now.Add(e.resolve), Mute: n.mutes(now)(e.alert)}
	if o.Mute.Reason == "" && !n.gate.Pass(now, fingerprint, e.rule, e.cooldown) {
		if e.resolve > 0 && n.log.ResolvedEvent(now, fingerprint) {
			// Recipients believe that it is resolved. The next resolution waits for
			// the cooldown, so that an alert that flaps does not notify each time.
			n.gate.Renew(now, fingerprint, e.cooldown)
			o.Ends = now.Add(max(e.resolve, e.cooldown))
		} else {
			o.Mute.Reason = notification.Cooldown
		}
	}
	o.CoolsUntil = now.Add(e.cooldown)
	if o.Mute.Reason != "" {
		n.countSuppressed(notification.Counts{o.Mute.Reason: 1})
		if e.resolve == 0 || n.log.Extend(fingerprint, o.Ends) || n.log.EventsFull() {
			return
		}
	}
	e.alert.Annotations = e.annotate()
	o.Alert = e.alert
	if e.resolve == 0 {
		n.countSuppressed(n.log.OccurOnce(now, e.alert))
	} else {
		n.countSuppressed(n.log.Occur(now, o))
	}
	if n.file != nil {
		for _, entry := range n.persistent().Occurrence(fingerprint, o, e.resolve == 0) {
			n.journal.add(entry)
		}
	}
	n.markChanged()
	n.raised.Add(1)
	if n.running {
		n.wakeUp()
		return
	}
	n.log.ReleaseOccurrences()
	n.flush(now)
}
