// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"strings"
	"time"
)

// Options bound a cache.
type Options struct {
	// Records is how many records are remembered.
	Records int
	// Spans is how many links of spans that are not calls are remembered.
	Spans int
	// Window is for how long a record is remembered; a pause counts as a tenth of it at most.
	Window time.Duration
	// PairByTime switches the rule concurrent on.
	PairByTime bool
}

// Rule is why a record belongs to a call that another record stands for.
type Rule string

// The rules, in their order.
const (
	Alone      Rule = "" // the record stands for the call
	SameSpan   Rule = "same_span"
	ResponseID Rule = "response_id"
	Nested     Rule = "nested"
	Stream     Rule = "stream"
	Concurrent Rule = "concurrent"
	// Aggregate is not a call: a span that repeats the sum of the calls within it.
	Aggregate Rule = "aggregate"
)

// Outcome is what a record of a batch is.
type Outcome struct {
	// Rule is how the record came to belong to a call that another record represents.
	Rule Rule
	// Copy: the same record was added before.
	Copy bool
	// Marks: the record is the one whose span carries the cost of the call. That is
	// one span of each call, the first that represented it.
	Marks bool
}

// Merged is a record that belongs to a call that another record represents.
type Merged struct {
	SpanKey
	Scope string
	Rule  Rule
}

// Counted is what stands for a call in the ledger.
type Counted struct {
	Payload string
	more    *more
	// Place is the ledger's, to find what was counted.
	Place uint8
	// Unnamed: the record does not name the model.
	Unnamed bool
	// Amended is the caller's: what it counted instead of the payload, if not "".
	Amended string
}

// Current is the payload that is counted.
func (c *Counted) Current() string { return cmp.Or(c.Amended, c.Payload) }

// more is what few calls have.
type more struct {
	values *Values
	merged []Merged
	named  string
	caller string
}

// Values are the attribution: of the record, of the others of the call, and of the
// spans around them.
func (c *Counted) Values() []string {
	if c.more == nil {
		return nil
	}
	return c.more.values.of()
}

// Named is the payload of another record of the call, which names the model that the one
// that stands for it does not; "" for none.
func (c *Counted) Named() string {
	if c.more == nil {
		return ""
	}
	return c.more.named
}

// Caller is the payload of the record of whoever made the call, if that is of another resource
// than the one that stands for it, as an application's is of another than its gateway's; "" if not.
func (c *Counted) Caller() string {
	if c.more == nil {
		return ""
	}
	return c.more.caller
}

// Merged are the other records of the call.
func (c *Counted) Merged() []Merged {
	if c.more == nil {
		return nil
	}
	return c.more.merged
}

// Change replaces what stands for a call.
type Change struct {
	// Call is the same for all changes of a call.
	Call uint64
	// Out was counted before, In is to be counted; nil for nothing. Both are the
	// same when no more than the merged records changed.
	Out, In *Counted
	// Record is the index of In's record in the batch; -1 when it is of an earlier one.
	Record int
	slot   uint64 // of a compact record
	of     *call  // of other records
}

// Result is what a batch leads to. It is valid until the next one is added.
type Result struct {
	// Outcomes are those of the records, in their order.
	Outcomes []Outcome
	Changes  []Change
	// Merged is how many records came to belong to a call that another stands for.
	Merged map[Rule]int64
}

// Span is a span that is not a call: what is around it, and its attribution.
type Span struct {
	SpanKey
	Parent [8]byte
	Values *Values
}

// Cache remembers records. It must not be used by two goroutines at once.
type Cache struct {
	options Options
	aging   aging

	sequence uint64
	pass     uint32
	slots    slots
	nodes    map[uint64]*node // by the numbers of their slots
	live     int
	indexes  indexes
	work     work
	// The maps are by hashes, of which two of a hundred thousand are the same in one of
	// three billion cases; no sender can make them so.
	seed      seed
	sites     map[uint64]*node
	responses map[uint64]*node
	traces    map[uint64]trace
	trees     map[uint64]*tree // of large traces
	links     links
	parallel  matching
	streams   matching
	evicted   int64
	crowding  Crowding
	maxScan   scan
	maxUnit   int
	// noneCompact: every record is a node. Tests compare the two.
	noneCompact bool
	hashBits    uint32 // of the hashes of indexes those that count: all, but in tests
	loaded      uint32 // by load, which the compiler must not leave out
}

// trace is what is known of a trace of whose calls there are nodes.
type trace struct {
	calls *node // the last that arrived, of a ring
	large bool  // it has a tree
}

// append adds a call to the ring.
func (t *trace) append(n *node) {
	if t.calls == nil {
		n.nextInTrace = n
	} else {
		n.nextInTrace, t.calls.nextInTrace = t.calls.nextInTrace, n
	}
	t.calls = n
}

// remove takes a call out of the ring. It is mostly the first, since the oldest is
// forgotten first.
func (t *trace) remove(n *node) {
	before := t.calls
	for before.nextInTrace != n {
		before = before.nextInTrace
	}
	before.nextInTrace = n.nextInTrace
	switch {
	case before == n:
		t.calls = nil
	case t.calls == n:
		t.calls = before
	}
	n.nextInTrace = nil
}

// all are the calls, the first that arrived first.
func (t *trace) all(yield func(*node) bool) {
	if t.calls == nil {
		return
	}
	for n := t.calls.nextInTrace; yield(n) && n != t.calls; n = n.nextInTrace {
	}
}

func (c *Cache) siteHash(n *node) uint64 {
	hash := c.seed.span(n.site())
	if n.overflow {
		hash = c.seed.overflow(hash, n.print)
	}
	return hash
}

func (c *Cache) responseHash(n *node) uint64 {
	return c.seed.response(n.Response)
}

func (c *Cache) traceHash(trace [16]byte) uint64 { return c.seed.trace(trace) }

// atSite is the first record of a span or of other content.
func (c *Cache) atSite(key SpanKey) *node { return c.sites[c.seed.span(key)] }

type node struct {
	Record
	print   uint64
	slot    uint64 // its number
	arrived uint32 // seconds since 1970
	index   int32  // in the batch that is added, from 1

	nextInSite, nextOfResponse, nextInTrace *node

	up    *node // the nearest call around it
	call  *call
	ties  *ties  // nil for none
	pass  uint32 // that visited it last
	depth uint16 // how many calls are around it

	aggregate, merged         bool // merged: at some time
	crowded, around, overflow bool // see crowd.go

	buried   bool   // its ID was reported not to be a call, by States
	namedBy  uint8  // a bit for each evidence by which States named its call last
	version  uint64 // of the last state of the call that it names
	released uint8  // how often it was a call again
}

// ties are what few records have.
type ties struct {
	inner     []*node // the nearest calls within it
	base      []*node // it and those that rules but stream and concurrent put with it; nil for it alone
	inherited *Values
	named     string // payload of the call whose span it was written in, which names the model that it does not
}

func (n *node) tied() *ties {
	if n.ties == nil {
		n.ties = &ties{}
	}
	return n.ties
}

func (n *node) inner() []*node {
	if n.ties == nil {
		return nil
	}
	return n.ties.inner
}

func (n *node) base() []*node {
	if n.ties == nil {
		return nil
	}
	return n.ties.base
}

func (n *node) named() string {
	if n.ties == nil {
		return ""
	}
	return n.ties.named
}

func (n *node) inherited() *Values {
	if n.ties == nil {
		return nil
	}
	return n.ties.inherited
}

// call is a group of records.
type call struct {
	id      uint64
	winner  *node
	group   *[]*node // nil for the winner alone
	counted *Counted
	marked  *node // its span carries the cost
}

func (c *call) members() []*node {
	if c == nil || c.group == nil {
		return nil
	}
	return *c.group
}

// New returns an empty cache.
func New(options Options) *Cache {
	c := &Cache{
		options:   options,
		slots:     newSlots(),
		nodes:     map[uint64]*node{},
		seed:      newSeed(),
		sites:     map[uint64]*node{},
		responses: map[uint64]*node{},
		traces:    map[uint64]trace{},
		trees:     map[uint64]*tree{},
		maxScan:   scan{calls: 64, times: 4},
		maxUnit:   1000,
		hashBits:  1<<32 - 1,
	}
	c.parallel.init(weighParallel, sideOfParallel)
	c.streams.init(weighStream, sideOfStream)
	return c
}

// Evicted is how many records were forgotten before the window was over, since
// more came than the cache holds.
func (c *Cache) Evicted() int64 { return c.evicted }

// Len is how many records are remembered.
func (c *Cache) Len() int { return c.live }

// Add remembers the records of a batch, and returns what each of them is, and what
// changes in the ledger. Spans are those of the batch that are not calls.
func (c *Cache) Add(records []Record, spans []Span, now time.Time) Result {
	now = c.aging.at(now, c.options.Window)
	c.expire(now)
	c.evictFor(len(records))
	w := &c.work
	w.begin(c, len(records))
	var sites [ahead]uint64
	for i := range spans {
		if i%ahead == 0 {
			c.loadLinks(spans[i:min(i+ahead, len(spans))], &sites)
		}
		w.addLink(&spans[i], sites[i%ahead])
	}
	var found [ahead]hashes
	for i := range records {
		if i%ahead == 0 {
			c.load(records[i:min(i+ahead, len(records))], &found)
		}
		w.insert(&records[i], &found[i%ahead], i, now)
	}
	w.newcomer = newcomer{} // it refers to a record of the caller
	w.resolve()
	w.decideOutcomes()
	w.separate()
	return Result{Outcomes: w.outcomes, Changes: w.changes, Merged: w.merged}
}

// SetPlace notes where the ledger has counted what a change puts in.
func (c *Cache) SetPlace(change *Change, place uint8) {
	change.In.Place = place
	if number := change.slot; number >= c.slots.first && number < c.slots.next {
		c.slots.at(number).place = place
	}
}

// insert remembers a record, unless the same is there.
func (w *work) insert(r *Record, by *hashes, index int, now time.Time) {
	c := w.Cache
	own, fingerprint := r, fingerprintOf(r)
	if r.Parent == r.Span && r.Parent != [8]byte{} {
		w.own = *r // the record is the caller's
		own = &w.own
		own.Parent = [8]byte{}
	}
	arrived := uint32(now.Unix())
	site := own.site()
	if site == (SpanKey{}) {
		// It cannot be distinguished from others, and counts.
		w.nodes[index] = &node{Record: *own, print: fingerprint, arrived: arrived, index: int32(index + 1)}
		w.single(w.nodes[index])
		return
	}
	w.newcomer = newcomer{Record: own, print: fingerprint, siteHash: by.site, traceHash: by.trace, responseHash: by.response}
	added := &w.newcomer
	number, found := c.compactAt(site, added.siteHash)
	if found {
		if known := c.copyAt(number, fingerprint); known != 0 {
			w.places[index], w.copies[index] = known, true
			return
		}
		c.evictFor(1)
		if first := w.twinOf(number, added); first != nil {
			w.addTwin(first, added, index, arrived)
			return
		}
		number, found = c.compactAt(site, added.siteHash) // unless it was forgotten
	}
	if !found && c.sites[added.siteHash] == nil && c.fits(added) {
		c.evictFor(1)
		w.addCompact(added, index, arrived)
		return
	}
	if found {
		w.expand(number)
	}
	w.insertNode(added, index, arrived)
}

// insertNode remembers a record to which others may be related.
func (w *work) insertNode(r *newcomer, index int, arrived uint32) {
	c := w.Cache
	n := &node{Record: *r.Record, print: r.print, arrived: arrived, index: int32(index + 1)}
	hash := r.siteHash
	known, many := c.findCopy(hash, n.print)
	if known == nil && many {
		n.overflow = true
		hash = c.siteHash(n)
		known, _ = c.findCopy(hash, n.print)
	}
	if known != nil {
		w.nodes[index], w.copies[index] = known, true
		return
	}
	c.evictFor(1)
	if n.Response != 0 {
		if number := c.compactOfResponse(r); number != 0 {
			w.expand(number)
		}
	}
	if n.Trace != [16]byte{} {
		w.expandTrace(n.Trace, r.traceHash)
	}
	number, s := c.slots.append()
	s.state, n.slot = slotNode, number
	w.ofSlots = append(w.ofSlots, ofSlot{record: index})
	n.Payload = strings.Clone(n.Payload) // it is a part of those of the batch
	c.nodes[number] = n
	c.live++
	c.enlist(n, hash)
	if n.Trace != [16]byte{} {
		w.touch(n.Trace)
	}
	w.nodes[index] = n
	w.added = append(w.added, n)
}

// enlist has a record found by its site, its response and its trace.
func (c *Cache) enlist(n *node, site uint64) {
	n.nextInSite, c.sites[site] = c.sites[site], n
	if n.Response != 0 {
		key := c.responseHash(n)
		n.nextOfResponse = c.responses[key]
		if n.nextOfResponse != nil && n.nextOfResponse.crowded {
			n.nextOfResponse.nextOfResponse = nil // those before it are related to nothing
		}
		c.responses[key] = n
	}
	if n.Trace != [16]byte{} {
		key := c.traceHash(n.Trace)
		known := c.traces[key]
		known.append(n)
		if known.large {
			c.trees[key].addCall(n)
		}
		c.traces[key] = known
	}
}

func (c *Cache) next() uint64 {
	c.sequence++
	return c.sequence
}

// expire forgets what is older than the window.
func (c *Cache) expire(now time.Time) {
	oldest := now.Add(-c.options.Window).Unix()
	for c.slots.first < c.slots.next {
		s := c.slots.at(c.slots.first)
		arrived := s.arrived
		if s.state == slotNode {
			arrived = c.nodes[c.slots.first].arrived
		}
		if s.state != slotFree && int64(arrived) > oldest {
			break
		}
		c.dequeue()
	}
}

// evictFor forgets the oldest records when the cache is too full for so many more. It does
// before those of a batch are added, so that these are not forgotten with them.
func (c *Cache) evictFor(n int) {
	for c.live+n > c.options.Records && c.slots.first < c.slots.next {
		before := c.live
		c.dequeue()
		c.evicted += int64(before - c.live)
	}
}

// dequeue forgets what came first.
func (c *Cache) dequeue() {
	switch s := c.slots.at(c.slots.first); s.state {
	case slotCompact:
		c.live--
		if s.twin != 0 {
			c.slots.at(c.slots.number(s.twin)).state = slotFree
			c.live--
		}
	case slotNode:
		c.evict(c.nodes[c.slots.first])
	case slotFree:
	}
	c.slots.dequeue()
}

// evict forgets a record with all others that its being counted depends on: what
// was decided about them is final.
func (c *Cache) evict(n *node) {
	if n.call.members() == nil && c.streams.partner[n] == nil && c.parallel.partner[n] == nil && c.isolated(n) {
		c.remove(n)
		return
	}
	for _, n := range c.closure(n, c.nextPass(), c.related) {
		c.remove(n)
	}
}

// related calls visit with the records that are directly related to one.
func (c *Cache) related(n *node, visit func(*node)) {
	c.relatives(n, visit)
	for _, other := range n.call.members() {
		visit(other)
	}
	c.parallel.eachPartner(n, visit)
	c.streams.eachPartner(n, visit)
}

// relatives calls visit with the records of the same span and, unless there are too
// many, with those of the same response and those directly around and within it.
func (c *Cache) relatives(n *node, visit func(*node)) {
	for other := c.sites[c.siteHash(n)]; other != nil; other = other.nextInSite {
		visit(other)
	}
	if !n.crowded {
		c.distantRelatives(n, visit)
	}
}

func (c *Cache) distantRelatives(n *node, visit func(*node)) {
	if n.Response != 0 {
		for other := c.responses[c.responseHash(n)]; other != nil; other = other.nextOfResponse {
			visit(other)
		}
	}
	if n.up != nil {
		visit(n.up)
	}
	for _, inner := range n.inner() {
		visit(inner)
	}
}

func (c *Cache) remove(n *node) {
	c.slots.at(n.slot).state = slotFree
	delete(c.nodes, n.slot)
	c.live--
	if n.crowded {
		c.crowding.Remembered--
	}
	inSite := func(n *node) **node { return &n.nextInSite }
	site := c.siteHash(n)
	c.set(c.sites, site, without(c.sites[site], n, inSite))
	if n.Response != 0 {
		hash := c.responseHash(n)
		c.set(c.responses, hash, without(c.responses[hash], n, func(n *node) **node { return &n.nextOfResponse }))
	}
	if n.Trace != [16]byte{} {
		hash := c.traceHash(n.Trace)
		known := c.traces[hash]
		known.remove(n)
		if known.large {
			c.trees[hash].removeCall(n)
		}
		if known.calls == nil {
			delete(c.trees, hash)
			known.large = false
		}
		c.setTrace(hash, known)
	}
	c.parallel.drop(n)
	c.streams.drop(n)
	n.up, n.ties, n.call = nil, nil, nil
}

func (c *Cache) set(lists map[uint64]*node, hash uint64, head *node) {
	if head == nil {
		delete(lists, hash)
	} else {
		lists[hash] = head
	}
}

func (c *Cache) setTrace(hash uint64, known trace) {
	if known == (trace{}) {
		delete(c.traces, hash)
	} else {
		c.traces[hash] = known
	}
}

// without takes a record out of a list, and returns its head.
func without(head, n *node, next func(*node) **node) *node {
	if head == n {
		head = *next(n)
	}
	for at := head; at != nil; at = *next(at) {
		if *next(at) == n {
			*next(at) = *next(n)
			break
		}
	}
	*next(n) = nil
	return head
}
