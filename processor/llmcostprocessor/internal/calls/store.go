// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package calls

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Limits bound a store.
type Limits struct {
	// Newest is how many of the newest calls are kept; none at all for 0.
	Newest int
	// MostExpensive is how many calls of each day are kept when newer ones took their
	// place.
	MostExpensive int
	// Age is for how long a call is kept.
	Age time.Duration
	// DayOf is the day that a time in nanoseconds since 1970 is in: the number of it, and
	// when it begins and ends.
	DayOf func(at int64) (number, begin, end int64)
}

// Call is a call as it is kept.
type Call struct {
	// ID is the same as long as the call is kept, whatever corrects it.
	ID uint64
	// Payload is the call as the ledger writes it, with its Detail behind it.
	Payload string
	// Values are its dimensions where they are not those of the payload.
	Values []string
	Merged []Merged
	// End is when it ended, in nanoseconds since 1970; Cost what it costs, 0 without a
	// price.
	End  int64
	Cost money.Pico
}

// Merged is a record that reports a call that another record represents.
type Merged struct {
	Trace [16]byte
	Span  [8]byte
	Scope string
	Rule  string
}

// Store keeps calls. Each has a number, which are given one after another, and the newest
// have places in a ring by it. A call that loses its place goes to those of its day.
type Store struct {
	limits Limits

	mu      sync.Mutex
	ring    ring[kept]
	last    uint64 // number of the newest
	held    int    // calls in the ring
	days    map[int64]*day
	inDays  map[uint64]int64 // by number of the call
	chunks  map[uint64]bool  // of the ring, that are to be written
	dropped int64

	steps      ring[numberedStep]
	sessions   map[[16]byte]string // of the steps, by trace
	lastStep   uint64
	stepChunks map[uint64]bool // that are to be written

	strays uint64 // calls without a number, which are counted from firstStray on

	// The numbers that callers use begin with 1 in each process: base is added to them.
	// Those up to bound are of calls that were remembered, and have places in remembered.
	base, bound uint64
	remembered  map[uint64]uint64
	loading     map[uint64]uint64 // numbers by hash of the payload; nil once all is loaded

	today struct{ number, begin, end int64 } // the day that was asked for last
}

// kept is a call with its number; 0 is none.
type kept struct {
	number uint64
	Call
}

// New makes a store.
func New(limits Limits) *Store {
	return &Store{
		limits: limits, days: map[int64]*day{}, inDays: map[uint64]int64{}, chunks: map[uint64]bool{},
		sessions:   map[[16]byte]string{},
		stepChunks: map[uint64]bool{}, remembered: map[uint64]uint64{}, loading: map[uint64]uint64{},
	}
}

// numberOf is the number of a caller's call; false for one that is not kept any more.
func (s *Store) numberOf(call uint64) (number uint64, known bool) {
	if len(s.remembered) > 0 {
		if number, known = s.remembered[call]; known {
			return number, true
		}
	}
	if call > s.bound {
		return s.base + call - s.bound, true
	}
	return 0, false
}

// Set keeps a call, or replaces what is known of it. Its ID is left as it was.
func (s *Store) Set(call uint64, c *Call) {
	if s.limits.Newest == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.loading) > 0 && s.bind(call, c.Payload) {
		return
	}
	number, known := s.numberOf(call)
	if !known {
		s.strays++
		s.dropped-- // it was counted when it lost its place
		s.offer(kept{firstStray + s.strays, s.named(c)})
		return
	}
	s.put(number, c)
}

// firstStray is the number before that of the first call that has none of a caller.
const firstStray = 1 << 63

// named is a call with an ID.
func (s *Store) named(c *Call) Call {
	made := *c
	if made.ID == 0 {
		made.ID = max(xxhash.Sum64String(c.Payload), 1)
	}
	return made
}

// put keeps a call under a number.
func (s *Store) put(number uint64, c *Call) {
	at := s.ring.use(number, s.limits.Newest)
	switch {
	case at.number == number:
		if c.ID == 0 {
			c.ID = at.ID
		}
	case number > at.number:
		if at.number != 0 {
			s.offer(*at)
			s.held--
		}
		s.held++
	default:
		s.replaceInDays(number, c)
		return
	}
	*at = kept{number, s.named(c)}
	s.last = max(s.last, number)
	s.chunks[number/chunkSize] = true
}

// at is a call in the ring; nil when it has no place any more.
func (s *Store) at(number uint64) *kept {
	if at := s.ring.at(number, s.limits.Newest); at != nil && at.number == number {
		return at
	}
	return nil
}

// Describe replaces the records that a call was merged from.
func (s *Store) Describe(call uint64, merged []Merged) {
	s.change(call, func(k *kept) { k.Merged = merged })
}

func (s *Store) change(call uint64, with func(*kept)) {
	if s.limits.Newest == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	number, known := s.numberOf(call)
	if !known {
		return
	}
	if at := s.at(number); at != nil {
		with(at)
		s.chunks[number/chunkSize] = true
		return
	}
	if d := s.dayWith(number); d != nil {
		with(&d.calls[d.index(number)])
		d.changed = true
	}
}

// Remove removes a call, which a correction took out.
func (s *Store) Remove(call uint64) {
	if s.limits.Newest == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	number, known := s.numberOf(call)
	if !known {
		return
	}
	if at := s.at(number); at != nil {
		*at = kept{}
		s.held--
		s.chunks[number/chunkSize] = true
		return
	}
	if d := s.dayWith(number); d != nil {
		delete(s.inDays, number)
		d.remove(d.index(number))
	}
}

// Remember binds a caller's call, which was counted before the start, to the one that was
// loaded and has the same payload.
func (s *Store) Remember(call uint64, payload string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bind(call, payload)
	s.bound = max(s.bound, call)
}

func (s *Store) bind(call uint64, payload string) bool {
	hash := xxhash.Sum64String(payload)
	number, found := s.loading[hash]
	if found {
		delete(s.loading, hash)
		s.remembered[call] = number
	}
	return found
}

// EndRemembering is called when all calls that were counted before the start are bound:
// what comes is new.
func (s *Store) EndRemembering() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = s.last
}

// EndLoading is called when all calls are loaded and bound.
func (s *Store) EndLoading() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loading = nil
}

// Forget drops the calls that are too old.
func (s *Store) Forget(now time.Time) {
	if s.limits.Newest == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := now.Add(-s.limits.Age).UnixNano()
	s.forgetSteps(oldest)
	for at := range s.ring.all {
		if at.number != 0 && at.End < oldest {
			s.chunks[at.number/chunkSize] = true
			*at = kept{}
			s.held--
		}
	}
	for number, d := range s.days {
		_, begin, end := s.limits.DayOf(d.at)
		if begin >= oldest {
			continue
		}
		d.calls = slices.DeleteFunc(d.calls, func(k kept) bool {
			if k.End < oldest {
				delete(s.inDays, k.number)
			}
			return k.End < oldest
		})
		heap.Init(d)
		if d.changed = true; end <= oldest {
			delete(s.days, number)
		}
	}
}

// Extent is what a store keeps.
type Extent struct {
	// Newest and MostExpensive are how many calls there are of each.
	Newest, MostExpensive int
	// Dropped are the calls that gave their place to newer ones and were not among the
	// most expensive of their day.
	Dropped int64
	// Since is the end of the oldest of the newest calls, in nanoseconds since 1970: no
	// call after it is missing, if calls arrive in the order of their ends. 0 for none.
	Since int64
}

// Extent is what is kept now.
func (s *Store) Extent() Extent {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := Extent{Newest: s.held, Dropped: s.dropped}
	for _, d := range s.days {
		e.MostExpensive += len(d.calls)
	}
	if s.dropped == 0 && e.MostExpensive == 0 {
		return e
	}
	for at := range s.ring.all {
		if at.number != 0 && (e.Since == 0 || at.End < e.Since) {
			e.Since = at.End
		}
	}
	return e
}

// Between are the calls that ended in [from, to), in no order.
func (s *Store) Between(from, to int64) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := make([]Call, 0, s.held+len(s.inDays))
	add := func(k *kept) {
		if k.number != 0 && k.End >= from && k.End < to {
			found = append(found, k.Call)
		}
	}
	for at := range s.ring.all {
		add(at)
	}
	for _, d := range s.days {
		for i := range d.calls {
			add(&d.calls[i])
		}
	}
	return found
}
