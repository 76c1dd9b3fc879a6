// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"time"

	"go.opentelemetry.io/collector/component"
)

// ChannelStatus is how a channel is now.
type ChannelStatus struct {
	// Name is the ID of its notifier, with the name of the channel where it has several.
	Name string
	// Waiting is the number of alerts whose notification is not accepted yet.
	Waiting int
	// Accepted is when a notification was last accepted; zero: none since the start.
	Accepted time.Time
	// Failing is since when every attempt fails; zero when the last was accepted. Error is
	// that of the last attempt, and Next when the channel is tried again.
	Failing time.Time
	Error   string
	Next    time.Time
	// Deliveries are the last messages, the newest first; with a storage those before the start, too.
	Deliveries []Delivery
}

// Statuses are those of the channels of a collector that are switched on.
func Statuses(host component.Host) []ChannelStatus {
	var all []ChannelStatus
	for _, e := range Channels(host) {
		for _, w := range e.workers {
			all = append(all, w.status())
		}
	}
	return all
}

func (w *worker) status() ChannelStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := ChannelStatus{Name: w.owner.set.ID.String(), Waiting: w.state.waiting, Accepted: w.state.acceptedAt, Failing: w.state.failing, Deliveries: w.deliveries.all()}
	if w.channel.Name != "" {
		s.Name += " " + w.channel.Name
	}
	if err := w.state.lastErr; err != nil {
		s.Error, s.Next = Truncate(Clean(err.Error()), maxStatusError), w.state.until
	}
	return s
}

// maxStatusError bounds the text of an error that is shown, in runes.
const maxStatusError = 500
