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
	if number, found := c.compactAt(r.site(), c.seed.span(r.site())); found && c.slots.at(number).print == sum {
		return c.standingAlone(number), true
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

// standingAlone is that of a compact record.
func (c *Cache) standingAlone(number uint64) Standing {
	r, inherited := c.slots.record(number)
	counted := &Counted{Payload: r.Payload}
	if values := r.Values.overlay(inherited); values != nil {
		counted.more = &more{values: values}
	}
	return Standing{Call: c.slots.at(number).call, Winner: r, Counted: counted}
}
