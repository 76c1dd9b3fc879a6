// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// ahead is for how many records the indexes are loaded at once.
const ahead = 64

// hashes are those by which a record is looked up.
type hashes struct{ site, trace, response uint64 }

// load loads the parts of the indexes that records will be looked up in, and returns their
// hashes. The parts are at random places of a memory that is larger than the processor's
// caches: each would be waited for when it is looked up, while here many are loaded at once.
func (c *Cache) load(records []Record, into *[ahead]hashes) {
	for i := range records {
		r, h := &records[i], &into[i]
		*h = hashes{site: c.seed.span(r.site()), trace: c.traceHash(r.Trace)}
		if r.Response != 0 {
			h.response = c.seed.response(r.Response)
		}
	}
	x := &c.indexes
	loaded := uint32(0)
	for i := range records {
		own, around := c.short(into[i].site), c.short(c.seed.inTrace(into[i].trace, records[i].enclosing()))
		loaded += x.sites.peek(own) + x.above.peek(own) + x.responses.peek(c.short(into[i].response))
		loaded += x.sites.peek(around) + x.above.peek(around) + c.links.spans.peek(around)
	}
	c.loaded = loaded
}

// loadLinks does the same for spans that are not calls, and returns the hashes of their IDs.
func (c *Cache) loadLinks(spans []Span, into *[ahead]uint64) {
	for i := range spans {
		into[i] = c.seed.span(spans[i].SpanKey)
	}
	loaded := uint32(0)
	for i := range spans {
		loaded += c.links.spans.peek(c.short(into[i]))
	}
	c.loaded = loaded
}

// peek reads something of the bucket of a hash.
func (x *index) peek(hash uint32) uint32 {
	if len(x.buckets) == 0 {
		return 0
	}
	return x.buckets[int(hash)&(len(x.buckets)-1)][0].at
}
