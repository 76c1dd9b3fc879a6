// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package seen remembers, in bounded memory, which calls were counted.
package seen

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"time"
)

// ID stands for a trace ID and a span ID. Of a hundred thousand calls with
// random IDs, two have the same in one of three billion cases.
type ID uint64

// IDOf is the ID of a span.
func IDOf(trace [16]byte, span [8]byte) ID {
	const a, b, c = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9 // odd, with as many ones as zeros
	h := binary.LittleEndian.Uint64(trace[:8]) * a
	h = (bits.RotateLeft64(h, 31) ^ binary.LittleEndian.Uint64(trace[8:])) * b
	h = (bits.RotateLeft64(h, 29) ^ binary.LittleEndian.Uint64(span[:])) * c
	// The finish of MurmurHash3, so that each bit depends on all.
	h = (h ^ h>>33) * 0xFF51AFD7ED558CCD
	h = (h ^ h>>33) * 0xC4CEB9FE1A85EC53
	return ID(max(h^h>>33, 1)) // 0 is none
}

// Sighting is a call that was seen.
type Sighting struct {
	ID ID
	// Parent is the span around it; 0: unknown.
	Parent ID
	// Use stands for what was used: of a span and the span inside it that have
	// the same, one repeats the other. 0: it repeats nothing.
	Use uint64
	// Wrapper says that a call inside it was seen with it, and counts instead.
	Wrapper bool
}

// Verdict is what a call is.
type Verdict uint8

// What a call may be.
const (
	// First was not seen before, and counts.
	First Verdict = iota
	// Known was seen before.
	Known
	// Repeat has the use of the span around it or inside it, which counted.
	Repeat
)

// Memory holds two generations of calls. A new one is begun when the younger is
// full or old; the older is forgotten then. So a call is remembered for at least
// half the window, and at most the whole, unless more calls come than it holds.
type Memory struct {
	half time.Duration
	size int

	mu             sync.Mutex
	begun          time.Time
	younger, older generation
	peeked         ID
}

// New returns a memory of at most limit calls, for at most window.
func New(limit int, window time.Duration) *Memory {
	return &Memory{half: window / 2, size: max(1, limit/2)}
}

// Add remembers calls in their order, and appends what each is to the verdicts.
// A sighting without an ID cannot be told from another: it is First, and not
// remembered.
func (m *Memory) Add(verdicts []Verdict, sightings []Sighting, now time.Time) []Verdict {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.age(now)
	for len(sightings) > 0 {
		some := sightings[:min(len(sightings), touched)]
		m.touch(some)
		for i := range some {
			verdicts = append(verdicts, m.verdict(&some[i], now))
		}
		sightings = sightings[len(some):]
	}
	return verdicts
}

func (m *Memory) verdict(s *Sighting, now time.Time) Verdict {
	if s.ID == 0 {
		return First
	}
	if m.younger.calls >= m.size {
		m.begin(now)
	}
	return m.add(s)
}

// touched is how many sightings are touched at once: few enough that all their
// slots stay in the processor's nearest cache.
const touched = 64

// touch has the slots loaded that sightings will need. Most are far away in
// memory, and what add does with one has to wait for it; here, where nothing
// depends on what is read, the processor waits for many at the same time.
func (m *Memory) touch(sightings []Sighting) {
	var sum ID
	for i := range sightings {
		s := &sightings[i]
		sum += m.older.peek(s.ID) + m.younger.peek(s.ID) + m.older.peek(s.Parent) + m.younger.peek(s.Parent)
	}
	m.peeked = sum // or the compiler would leave the loads out
}

func (m *Memory) add(s *Sighting) Verdict {
	old := m.older.find(s.ID)
	if old.isCall() {
		return Known
	}
	young := m.younger.at(s.ID)
	if young.isCall() {
		return Known
	}
	m.younger.calls++
	if s.Wrapper {
		young.call = noUse
		return Repeat
	}
	if s.Use == 0 {
		young.call = noUse
		return First
	}
	use := fold(s.Use)
	verdict := First
	young.call = use
	if old.inner == use || young.inner == use {
		verdict, young.call = Repeat, noUse // the call inside counted
	}
	if s.Parent == 0 || s.Parent == s.ID {
		return verdict
	}
	// From here on, young may have moved.
	parent := m.younger.at(s.Parent)
	if verdict == First && (parent.call == use || m.older.find(s.Parent).call == use) {
		verdict = Repeat // the call around counted
	}
	parent.inner = use
	return verdict
}

// age forgets what is past the window.
func (m *Memory) age(now time.Time) {
	switch elapsed := now.Sub(m.begun); {
	case elapsed >= 2*m.half:
		// Both generations are.
		m.older, m.younger = generation{}, generation{}
		m.begun = now
	case elapsed >= m.half:
		m.begin(now)
	}
}

// begin begins a new generation, in the place of the older.
func (m *Memory) begin(now time.Time) {
	m.older.forget()
	m.older, m.younger = m.younger, m.older
	m.begun = now
}
