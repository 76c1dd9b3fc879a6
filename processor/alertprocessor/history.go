// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"slices"
	"sync"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// maxHistory bounds the notices that are remembered for the page.
const maxHistory = 1000

// history remembers the last notices. Its zero value is ready to use.
type history struct {
	mu      sync.Mutex
	entries []dashboard.HistoryEntry // a ring once it is full
	next    int                      // the oldest of a full ring
}

func (h *history) add(entry dashboard.HistoryEntry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.entries) < maxHistory {
		h.entries = append(h.entries, entry)
		return
	}
	h.entries[h.next] = entry
	h.next = (h.next + 1) % maxHistory
}

// last returns the newest entries, the newest first; limit 0 is all.
func (h *history) last(limit int) []dashboard.HistoryEntry {
	h.mu.Lock()
	out := slices.Concat(h.entries[h.next:], h.entries[:h.next])
	h.mu.Unlock()
	slices.Reverse(out)
	if limit > 0 && limit < len(out) {
		out = out[:limit]
	}
	return out
}
