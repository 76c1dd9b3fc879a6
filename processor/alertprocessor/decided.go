// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"time"
)

const (
	// maxJournaled bounds the decisions that are journaled at once, of a storm. With more, the state
	// is written, which is to be done soon anyway.
	maxJournaled = 500
	// journalShare is the part of the tracked alerts, one in so many, up to which decisions are
	// journaled all the same: the state has all alerts, and takes longer.
	journalShare = 10
)

// mostPersistWait bounds how long notifications wait for the disk: a stop has little more time.
const mostPersistWait = 5 * time.Second

// persistWait is how long so many decisions wait until they are persisted. Those of a storm take
// long, and notifications of so many longer.
func persistWait(decisions int) time.Duration {
	const decisionsPerWait = 10_000
	return min(maxPersistWait+maxPersistWait*time.Duration(decisions)/decisionsPerWait, mostPersistWait)
}

// decide has decisions persisted, and then sent: a process that is killed after recipients were
// notified, and before it knows that, would not notify them of the opposite. It must be called with mu held.
func (n *dispatcher) decide(decisions []decision) {
	if len(decisions) > max(maxJournaled, n.log.Len()/journalShare) {
		n.unjournaled = true
	} else {
		for _, d := range decisions {
			n.journal.add(n.persistent().Decision(d.at, d.alert))
		}
	}
	n.decided = append(n.decided, decisions...)
	select {
	case n.wakeSend <- struct{}{}:
	default:
	}
}

// sendDecided sends decisions when they have been persisted, until ctx is done, and then the rest.
func (n *dispatcher) sendDecided(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			n.sendPersisted() //nolint:contextcheck // also when it stops
			return
		case <-n.wakeSend:
			n.sendPersisted() //nolint:contextcheck // also when it stops
		}
	}
}

func (n *dispatcher) sendPersisted() {
	n.lock()
	count, persist := len(n.decided), n.persistRaised
	if n.unjournaled {
		n.unjournaled = false
		persist = func() error { n.save(); return nil } // it reports its errors
	}
	n.mu.Unlock()
	if count == 0 {
		return
	}
	if err := n.persisting.persist(persistWait(count), persist); err != nil {
		n.onSave(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.send(count)
	n.wakeUp()
}

// send sends the first decisions of those that wait. It must be called with mu held.
func (n *dispatcher) send(count int) {
	n.outbox.enqueue(n.decided[:count])
	n.decided = n.decided[count:]
	if len(n.decided) == 0 {
		n.decided = nil // alerts that have been sent are not kept in memory
	}
}
