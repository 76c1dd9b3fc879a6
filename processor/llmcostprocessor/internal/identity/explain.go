// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

// Standing is what a record is among all that were added.
type Standing struct {
	// Call is the same for all records of a call; 0 for an aggregate.
	Call uint64
	// Rule is how the record came to belong to the call.
	Rule Rule
	// Winner is the record that stands for the call.
	Winner Record
	// Counted is what is in the ledger; nil for an aggregate.
	Counted *Counted
}

// Standing returns what a record is by now. It is false for one that is not
// remembered.
func (c *Cache) Standing(r *Record) (Standing, bool) {
	sum := fingerprintOf(r)
	if number, found := c.compactAt(r.site(), c.seed.span(r.site())); found {
		if known := c.copyAt(number, sum); known != 0 {
			return c.standingCompact(known), true
		}
	}
	for n := c.atSite(r.site()); n != nil; n = n.nextInSite {
		if n.print != sum {
			continue
		}
		s := Standing{Rule: n.rule(), Winner: n.call.winner.Record, Counted: n.call.counted}
		if s.Rule != Aggregate {
			s.Call = n.call.id
		}
		return s, true
	}
	return Standing{}, false
}

// standingCompact is that of a compact record.
func (c *Cache) standingCompact(number uint64) Standing {
	s := c.slots.at(number)
	if s.twin != 0 {
		t := c.twinsAt(number)
		standing := Standing{Call: s.call, Winner: t.winner.Record, Counted: t.entry()}
		if s.lesser {
			standing.Rule = SameSpan
		}
		return standing
	}
	r, _ := c.slots.record(number)
	return Standing{Call: s.call, Winner: r, Counted: c.entryOf(number)}
}
