// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"encoding/hex"
	"fmt"
)

// The evidence by which a record names its call, the strongest first: the response ID, the
// span or else the content of a log record, and all that it reports.
const (
	byResponse = iota
	bySite
	byContent
	evidences
)

// callID is the name of a call by one evidence; "" where the record has none.
func (r *Record) callID(evidence int, fingerprint uint64) string {
	switch {
	case evidence == byResponse && r.Response != 0:
		return fmt.Sprintf("r%016x", r.Response)
	case evidence == bySite && r.Content != 0:
		return fmt.Sprintf("c%016x", r.Content)
	case evidence == bySite && r.Trace != [16]byte{} && r.Span != [8]byte{}:
		return "s" + hex.EncodeToString(r.Trace[:]) + hex.EncodeToString(r.Span[:])
	case evidence == byContent && r.site() != SpanKey{}:
		return fmt.Sprintf("p%016x", fingerprint)
	}
	return ""
}

// firstID is the name of a call by the strongest evidence.
func (r *Record) firstID(fingerprint uint64) (id string) {
	for evidence := byResponse; id == "" && evidence < evidences; evidence++ {
		id = r.callID(evidence, fingerprint)
	}
	return id
}

// idOf is the ID that a record gives its call. Of different calls to which the same evidence
// points, as one response ID that all of a test have, only the best is named by it. The sum
// of several calls may have the response ID of the last.
func (c *Cache) idOf(n *node) (id string, evidence int) {
	for evidence = byResponse; evidence < evidences; evidence++ {
		if id = n.callID(evidence, n.print); id == "" || evidence == byResponse && n.crowded {
			continue
		}
		if sharer := c.sharer(n, evidence); sharer == nil || !n.aggregate && !better(sharer, n.call) {
			break
		}
	}
	return id, min(evidence, byContent)
}

// sharer is the best of the other calls to which the same evidence points.
func (c *Cache) sharer(n *node, evidence int) (best *call) {
	if n.call == nil {
		return nil
	}
	c.eachPointed(n, evidence, func(other *node) {
		of := other.call
		if of != nil && of != n.call && !other.aggregate && (best == nil || better(of, best)) {
			best = of
		}
	})
	return best
}

// releasedBy is how often the ID that the evidence makes was that of a call again, whichever
// of the records named it.
func (c *Cache) releasedBy(n *node, evidence int) uint8 {
	released := n.released
	c.eachPointed(n, evidence, func(other *node) { released = max(released, other.released) })
	return released
}

// denials is what the version of a call must be released above, since the ID by which the
// evidence names it was reported not to be a call: an agent's span that is a sum of calls may
// have the response ID of one that arrives after it.
func (c *Cache) denials(n *node, evidence int) (released uint8) {
	c.eachPointed(n, evidence, func(other *node) {
		if other != n && other.call != n.call && other.denied&(1<<evidence) != 0 {
			released = max(released, min(other.released+1, maxReleased))
		}
	})
	return released
}

// eachPointed calls visit with the records to which the same evidence points.
func (c *Cache) eachPointed(n *node, evidence int, visit func(*node)) {
	switch {
	case evidence == byResponse && n.Response != 0 && !n.crowded:
		for other := c.responses[c.responseHash(n)]; other != nil; other = other.nextOfResponse {
			if other.Response == n.Response && !other.crowded {
				visit(other)
			}
		}
	case evidence == bySite && n.site() != SpanKey{}:
		for other := c.sites[c.siteHash(n)]; other != nil; other = other.nextInSite {
			if other.site() == n.site() && (other.Response == 0 || other.crowded) {
				visit(other)
			}
		}
	}
}

// better is an order of calls, that of the versions of their states.
func better(a, b *call) bool {
	x, y := a.winner, b.winner
	return cmp.Or(
		cmp.Compare(rankBits(&y.Record, y.NonZero), rankBits(&x.Record, x.NonZero)),
		cmp.Compare(len(b.members()), len(a.members())),
		canonical(x, y),
	) < 0
}
