// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// maxDeliveries bounds the messages of a channel that are remembered.
	maxDeliveries = 50
	// maxDeliveredNames bounds the names of alerts of each of them.
	maxDeliveredNames = 5
)

// Delivery is a message of a channel and what became of it.
type Delivery struct {
	// First is when it was tried first, At when last, and Took how long that took.
	First, At time.Time
	Took      time.Duration
	Attempts  int
	// Alerts are names of its alerts, each once and at most 5; Firing and Resolved count all.
	Alerts           []string
	Firing, Resolved int
	Target           string // the recipient, where the channel has several
	// Outcome is accepted, partly accepted, failed or rejected; what failed is tried again,
	// with other alerts perhaps.
	Outcome string
	Status  int    // of HTTP; 0: none
	Error   string // of the last attempt
}

// The outcomes of a delivery.
const (
	deliveryAccepted = "accepted"
	deliveryPartly   = "partly accepted"
	deliveryFailed   = "failed"
	deliveryRejected = "rejected"
)

// deliveries remembers the last messages of a channel. Its zero value is ready to use.
type deliveries struct {
	newest []delivery // the newest last
	last   uint64     // number of the newest
}

type delivery struct {
	number uint64 // they are numbered in the order of their last attempts
	slot   int    // in the storage, from 0 to below maxDeliveries
	id     string
	Delivery
}

// add remembers an attempt to send a message, and returns what is known of that. Attempts at the
// same message are one entry.
func (d *deliveries) add(m Message, attempt Delivery) *delivery {
	for _, alert := range m.Alerts {
		if alert.State == alertevent.Resolved {
			attempt.Resolved++
		} else {
			attempt.Firing++
		}
		if name := Truncate(Clean(alert.Name()), maxDeliveredName); len(attempt.Alerts) < maxDeliveredNames && !slices.Contains(attempt.Alerts, name) {
			attempt.Alerts = append(attempt.Alerts, name)
		}
	}
	attempt.First, attempt.Attempts, attempt.Target = attempt.At, 1, m.Target
	i := slices.IndexFunc(d.newest, func(known delivery) bool { return known.id == m.ID })
	if i >= 0 {
		attempt.First, attempt.Attempts = d.newest[i].First, d.newest[i].Attempts+1
	} else if len(d.newest) == maxDeliveries {
		i = 0 // the oldest makes room
	}
	slot := d.freeSlot()
	if i >= 0 {
		slot = d.newest[i].slot
		d.newest = slices.Delete(d.newest, i, i+1)
	}
	d.last++
	d.newest = append(d.newest, delivery{d.last, slot, m.ID, attempt})
	return &d.newest[len(d.newest)-1]
}

// freeSlot is the first slot that no delivery has.
func (d *deliveries) freeSlot() int {
	slot := 0
	for slices.ContainsFunc(d.newest, func(known delivery) bool { return known.slot == slot }) {
		slot++
	}
	return slot
}

// maxDeliveredName bounds the name of an alert that is remembered, in runes.
const maxDeliveredName = 100

// all are the deliveries, the newest first.
func (d *deliveries) all() []Delivery {
	out := make([]Delivery, 0, len(d.newest))
	for _, known := range slices.Backward(d.newest) {
		known.Alerts = slices.Clone(known.Alerts)
		out = append(out, known.Delivery)
	}
	return out
}

// recordAttempt remembers an attempt to send a message that began at a time and ended now. It must
// be called with the lock held.
func (w *worker) recordAttempt(m Message, began, now time.Time, err error, givenUp bool) error {
	attempt := Delivery{At: now, Took: now.Sub(began), Outcome: deliveryAccepted, Status: int(w.lastStatus.Swap(0))}
	var partial *PartialError
	switch {
	case errors.As(err, &partial):
		attempt.Outcome = deliveryPartly
	case err != nil && givenUp:
		attempt.Outcome = deliveryRejected
	case err != nil:
		attempt.Outcome = deliveryFailed
	}
	if err != nil {
		attempt.Error = Truncate(Clean(err.Error()), maxStatusError)
	}
	return w.store.putDelivery(w.deliveries.add(m, attempt))
}

// noting notes the status of each response.
type noting struct {
	next http.RoundTripper
	last *atomic.Int32
}

// RoundTrip notes the status.
func (n noting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := n.next.RoundTrip(request)
	if err != nil {
		n.last.Store(0)
		return nil, err
	}
	n.last.Store(int32(response.StatusCode))
	return response, nil
}
