// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"time"
)

// decide has decisions persisted, and then sent: a process that is killed after recipients were
// notified, and before it knows that, would not notify them of the opposite. It must be called with mu held.
func (n *dispatcher) decide(decisions []decision) {
	for _, d := range decisions {
		n.journal.add(n.persistent().Decision(d.at, d.alert))
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
	count := len(n.decided)
	n.mu.Unlock()
	if count == 0 {
		return
	}
	n.persistDecided()
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

// persistDecided persists what was decided, but does not wait longer than maxPersistWait: a disk that
// hangs does not hold up notifications.
func (n *dispatcher) persistDecided() {
	timeout := time.NewTimer(maxPersistWait)
	defer timeout.Stop()
	select {
	case n.persisting <- struct{}{}:
	case <-timeout.C:
		return
	}
	written := make(chan error, 1)
	go func() {
		defer func() { <-n.persisting }()
		written <- n.persistRaised()
	}()
	select {
	case err := <-written:
		if err != nil {
			n.onSave(err)
		}
	case <-timeout.C:
	}
}
