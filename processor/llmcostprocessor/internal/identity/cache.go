// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
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

func (c *Cache) next() uint64 {
	c.sequence++
	return c.sequence
}
