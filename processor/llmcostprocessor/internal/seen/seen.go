// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package seen remembers, in bounded memory, which calls were counted.
package seen

import (
	"sync"
	"time"
)

// ID is a trace ID and a span ID.
type ID [24]byte

// Memory holds two generations of IDs. A new one is begun when the younger is
// full or old; the older is forgotten then. So an ID is remembered for at least
// half the window, and at most the whole, unless more IDs come than it holds.
type Memory struct {
	half time.Duration
	size int

	mu             sync.Mutex
	begun          time.Time
	younger, older map[ID]struct{}
}

// New returns a memory of at most limit IDs, for at most window.
func New(limit int, window time.Duration) *Memory {
	return &Memory{half: window / 2, size: max(1, limit/2), younger: map[ID]struct{}{}}
}

// Add remembers an ID, and says whether it was new.
func (m *Memory) Add(id ID, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(now)
	if _, known := m.younger[id]; known {
		return false
	}
	if _, known := m.older[id]; known {
		return false
	}
	m.younger[id] = struct{}{}
	return true
}

func (m *Memory) age(now time.Time) {
	switch elapsed := now.Sub(m.begun); {
	case elapsed >= 2*m.half:
		// Both generations are past the window.
		m.older, m.younger = nil, map[ID]struct{}{}
	case elapsed >= m.half, len(m.younger) >= m.size:
		m.older, m.younger = m.younger, map[ID]struct{}{}
	default:
		return
	}
	m.begun = now
}
