// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// maxHistory bounds the notifications that are remembered.
	maxHistory = 1000
	// persistedHistory is how many of them are persisted across restarts.
	persistedHistory = 200
)

// HistoryEntry is an alert that recipients were notified of.
type HistoryEntry struct {
	At    time.Time
	Alert alertevent.Alert
}

// History remembers the last notifications. Its zero value is ready to
// use. It is not safe for concurrent use.
type History struct {
	entries []HistoryEntry // a ring once it is full
	next    int            // the oldest of a full ring
}

// Add remembers an entry, for the oldest if need be.
func (h *History) Add(entry HistoryEntry) {
	if len(h.entries) < maxHistory {
		h.entries = append(h.entries, entry)
		return
	}
	h.entries[h.next] = entry
	h.next = (h.next + 1) % maxHistory
}

// Last returns the newest entries, the newest first; limit 0 is all.
func (h *History) Last(limit int) []HistoryEntry {
	out := slices.Concat(h.entries[h.next:], h.entries[:h.next])
	slices.Reverse(out)
	if limit > 0 && limit < len(out) {
		out = out[:limit]
	}
	return out
}
