// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// slots are the queue of records, in the order of their arrival. A record to which no other
// is related is in its slot, without pointers: of a hundred thousand records the garbage
// collector then has nothing to walk through. What others are related to is a node, and
// its slot only has its place in the queue.
type slots struct {
	window
	base   uint64 // the number of the first slot of chunks
	chunks []*chunk
	spare  *chunk // that is used again
	// The numbers of texts and values in the last chunk.
	scopes map[string]uint16
	values map[*Values]uint16
}

const slotsInChunk = 512

// chunk is some slots with what they refer to.
type chunk struct {
	slots    []slot
	payloads []string // of the slots, in their order
	scopes   []string
	values   []*Values
}

type slotState uint8

const (
	slotFree    slotState = iota // its record is forgotten
	slotCompact                  // it has the record
	slotNode                     // its record is a node
)

// slot is a record that is grouped with no other but its twin, if it has one.
type slot struct {
	trace                       [16]byte
	span, parent                [8]byte
	above                       [8]byte // the first span around it of which nothing is known
	content, response, resource uint64
	start, end                  int64
	Usage
	call, print uint64
	model       uint32
	flags       Flags
	arrived     uint32
	// The ones before of the same hash, in each index.
	sameSite, sameResponse, sameTrace, sameAbove, samePool uint32
	twin                                                   uint32 // the number of its twin; 0 for none
	scope, values, inherited                               uint16 // from 1; 0 for none
	// How many of its trace and of its pool came before it and are compact.
	inTrace, inPool uint16
	place           uint8
	state           slotState
	lesser          bool // its twin represents the call
}

func newSlots() slots {
	return slots{first: 1, next: 1, base: 1, scopes: map[string]uint16{}, values: map[*Values]uint16{}}
}

// at is the slot of a number that is remembered.
func (s *slots) at(number uint64) *slot {
	i := number - s.base
	return &s.chunks[i/slotsInChunk].slots[i%slotsInChunk]
}

// payload is that of the record of a slot.
func (s *slots) payload(number uint64) *string {
	i := number - s.base
	return &s.chunks[i/slotsInChunk].payloads[i%slotsInChunk]
}

func (s *slots) chunkOf(number uint64) *chunk { return s.chunks[(number-s.base)/slotsInChunk] }

// append adds an empty slot.
func (s *slots) append() (uint64, *slot) {
	if s.next == s.base+uint64(len(s.chunks))*slotsInChunk {
		c := s.spare
		if s.spare = nil; c == nil {
			c = &chunk{slots: make([]slot, slotsInChunk), payloads: make([]string, slotsInChunk)}
		}
		s.chunks = append(s.chunks, c)
		clear(s.scopes)
		clear(s.values)
	}
	s.next++
	return s.next - 1, s.at(s.next - 1)
}

// dequeue forgets the first slot.
func (s *slots) dequeue() {
	*s.at(s.first), *s.payload(s.first) = slot{}, ""
	s.first++
	if s.first < s.base+slotsInChunk {
		return
	}
	c := s.chunks[0]
	clear(c.scopes)
	clear(c.values)
	c.scopes, c.values = c.scopes[:0], c.values[:0]
	s.spare, s.chunks[0] = c, nil
	s.chunks = s.chunks[1:]
	s.base += slotsInChunk
}

// set puts a record into the last slot.
func (s *slots) set(to *slot, r *Record, fingerprint uint64, inherited *Values) {
	c := s.chunks[len(s.chunks)-1]
	to.trace, to.span, to.parent = r.Trace, r.Span, r.Parent
	to.content, to.response, to.resource = r.Content, r.Response, r.Resource
	to.start, to.end, to.Usage = r.Start, r.End, r.Usage
	to.model, to.flags, to.print, to.state = r.Model, r.Flags, fingerprint, slotCompact
	*s.payload(s.next - 1) = r.Payload
	to.scope = numberOf(&c.scopes, s.scopes, r.Scope)
	to.values, to.inherited = numberOf(&c.values, s.values, r.Values), numberOf(&c.values, s.values, inherited)
}

// numberOf is the number of a value in a chunk, which has it once.
func numberOf[T comparable](all *[]T, known map[T]uint16, one T) uint16 {
	var zero T
	if one == zero {
		return 0
	}
	if n := len(*all); n > 0 && (*all)[n-1] == one {
		return uint16(n)
	}
	number, ok := known[one]
	if !ok {
		*all = append(*all, one)
		number = uint16(len(*all))
		known[one] = number
	}
	return number
}

func (c *chunk) scope(s *slot) (name string) {
	if s.scope > 0 {
		name = c.scopes[s.scope-1]
	}
	return name
}

func (c *chunk) reporter(s *slot) reporter { return reporterOf(c.scope(s), s.content, s.flags) }

func (c *chunk) valuesAt(number uint16) *Values {
	if number == 0 {
		return nil
	}
	return c.values[number-1]
}

// record returns the record of a slot, and what it inherits.
func (s *slots) record(number uint64) (r Record, inherited *Values) {
	of, c := s.at(number), s.chunkOf(number)
	return Record{
		Trace: of.trace, Span: of.span, Parent: of.parent,
		Content: of.content, Response: of.response, Resource: of.resource,
		Scope: c.scope(of), Start: of.start, End: of.end, Usage: of.Usage,
		Values: c.valuesAt(of.values), Payload: *s.payload(number), Model: of.model, Flags: of.flags,
	}, c.valuesAt(of.inherited)
}

// node is the record of a slot as a node that is not remembered.
func (s *slots) node(number uint64) *node {
	of := s.at(number)
	r, inherited := s.record(number)
	n := &node{Record: r, print: of.print, arrived: of.arrived, slot: number}
	if inherited != nil {
		n.tied().inherited = inherited
	}
	return n
}

// site names where the record of a slot was found.
func (s *slot) site() SpanKey {
	return (&Record{Trace: s.trace, Span: s.span, Content: s.content, Response: s.response, Resource: s.resource}).site()
}

// each calls visit with the compact records of a hash, the newest first, until it returns
// false. Those that are compact no more are taken out of the list, so that each is
// passed once.
func (s *slots) each(x *index, hash uint32, before func(*slot) *uint32, visit func(uint64, *slot) bool) {
	head, ok := x.find(hash, s.window)
	if !ok {
		return
	}
	at, last := head, s.next
	var link *uint32 // of the last compact one
	for s.has(at) {
		number := s.number(at)
		if number >= last {
			break // it is one of before the numbers began again
		}
		one := s.at(number)
		last = number
		if one.state != slotCompact {
			at = *before(one)
			continue
		}
		switch {
		case link != nil:
			*link = at
		case at != head:
			x.set(hash, at, s.window)
		}
		if !visit(number, one) {
			return
		}
		link = before(one)
		at = *link
	}
	if link == nil {
		x.set(hash, uint32(s.first-1), s.window) // nothing
	}
}
