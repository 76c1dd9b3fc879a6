// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/notification"
)

// saveAt is when a state that has changed is to be written: when the pipelines have
// accepted what was decided or a while has passed, and not before next. It must be
// called with mu held.
func (n *dispatcher) saveAt(next time.Time) (at time.Time, due bool) {
	if !n.changed {
		return time.Time{}, false
	}
	at = n.changedAt
	if n.outbox.backlog() > 0 {
		at = at.Add(deliveryWait)
	}
	if next.After(at) {
		at = next
	}
	return at, true
}

// persistIn has the state persisted in a file, and restores what it has.
func (n *dispatcher) persistIn(file *stateFile) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.file = file
	n.isFiled.Store(true)
	n.markChanged()
	state, err := file.read()
	if err != nil {
		return err
	}
	n.journal.last = state.Occurrences
	for _, sent := range state.OutgoingBatches() {
		decisions := make([]decision, len(sent.Alerts))
		for i, alert := range sent.Alerts {
			decisions[i] = decision{alert: alert, at: sent.At}
		}
		n.outbox.enqueue(decisions)
	}
	err = n.persistent().Restore(time.Now(), state)
	for _, sent := range n.history.Last(0) {
		if sent.At.After(n.decidedAt) {
			n.decidedAt = sent.At
		}
	}
	return err
}

// isPersistent reports whether the state is persisted in a file.
func (n *dispatcher) isPersistent() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.file != nil
}

// setBack takes the times of a clock that was ahead.
func (n *dispatcher) setBack(by time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.persistent().SetBack(time.Now(), by)
	n.markChanged()
	n.wakeUp()
}

func (n *dispatcher) persistent() notification.Persistent {
	return notification.Persistent{Log: n.log, Gate: n.gate, Silences: n.silences, History: &n.history}
}

// checkDelivered has the state written again when pipelines have accepted what it
// has as outgoing. It must be called with mu held.
func (n *dispatcher) checkDelivered() {
	if n.inTransit > 0 && n.outbox.backlog() != n.inTransit {
		n.markChanged()
	}
}

// save writes the state if it has changed, with the decisions that the pipelines
// have not accepted: after a kill nothing is lost, and what was accepted since is
// sent again, with the same timestamp.
func (n *dispatcher) save() {
	n.saving <- struct{}{}
	defer func() { <-n.saving }()
	n.lock()
	n.checkDelivered()
	if !n.changed || n.file == nil {
		n.changed = false
		n.mu.Unlock()
		return
	}
	outgoing := outgoingOf(slices.Concat(n.outbox.undeliveredDecisions(), n.decided))
	persistent := n.persistent()
	persistent.Outgoing, n.inTransit = outgoing.batches, outgoing.count
	state := persistent.Snapshot(time.Now())
	state.Occurrences = n.journal.last
	n.changed = false
	n.mu.Unlock()
	err := n.file.write(state)
	if err != nil {
		n.mu.Lock()
		n.markChanged() // is tried again
		n.mu.Unlock()
	} else {
		err = n.file.trimJournal(state.Occurrences)
	}
	n.onSave(err)
}

// close closes the files of the state. Nothing is to be raised any more. It does not wait for the
// journal with mu held: whoever writes that waits for mu.
func (n *dispatcher) close() error {
	n.mu.Lock()
	file := n.file
	n.mu.Unlock()
	if file == nil {
		return nil
	}
	return file.close()
}

// persistRaised appends the occurrences and decisions since the last call to the journal.
func (n *dispatcher) persistRaised() error {
	n.mu.Lock()
	file := n.file
	n.mu.Unlock()
	if file == nil {
		return nil
	}
	return file.appendJournal(func() []notification.JournalEntry {
		n.lock()
		defer n.mu.Unlock()
		return n.journal.take()
	})
}

// outgoingDecisions are decisions by batch.
type outgoingDecisions struct {
	batches []notification.Outgoing
	count   int
}

func outgoingOf(decisions []decision) outgoingDecisions {
	out := outgoingDecisions{count: len(decisions)}
	for _, d := range decisions {
		if last := len(out.batches) - 1; last < 0 || !out.batches[last].At.Equal(d.at) {
			out.batches = append(out.batches, notification.Outgoing{At: d.at})
		}
		batch := &out.batches[len(out.batches)-1]
		batch.Alerts = append(batch.Alerts, d.alert)
	}
	return out
}
