// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package convention

// plan is what follows from which keys a record has, whatever their values:
// mostly the same for the next record.
type plan struct {
	keys slotMask
	// candidates are the conventions whose keys are there, in their order.
	candidates []candidate
}

// candidate is a convention, and those of its fields that have a key.
type candidate struct {
	*compiled
	fields fieldSet
}

// fieldSet has a bit for each field.
type fieldSet uint64

func (s fieldSet) has(f field) bool { return s&(1<<f) != 0 }

// plans are those for the last few sets of keys.
type plans struct {
	kept [8]plan
	next int
}

// get returns the plan for a set of keys.
func (p *plans) get(r *reader, keys *slotMask) *plan {
	for i := range p.kept {
		if plan := &p.kept[i]; plan.keys == *keys && plan.candidates != nil {
			return plan
		}
	}
	plan := &p.kept[p.next]
	p.next = (p.next + 1) % len(p.kept)
	plan.make(r, keys)
	return plan
}

func (p *plan) make(r *reader, keys *slotMask) {
	p.keys = *keys
	if p.candidates == nil {
		p.candidates = make([]candidate, 0, len(r.conventions))
	}
	p.candidates = p.candidates[:0]
	for i := range r.conventions {
		c := &r.conventions[i]
		if !c.speaksOf(keys) {
			continue
		}
		of := candidate{compiled: c}
		for field := range c.rows {
			if keys.meets(&c.rows[field].mask) {
				of.fields |= 1 << field
			}
		}
		p.candidates = append(p.candidates, of)
	}
}

// speaksOf tells whether records with these keys follow the convention.
func (c *compiled) speaksOf(keys *slotMask) bool {
	if len(c.signature.slots) > 0 && !keys.meets(&c.signature.mask) {
		return false
	}
	for i := range c.without {
		if !keys.meets(&c.without[i].mask) {
			return false
		}
	}
	return c.convention.marker == "" || keys.has(c.marker)
}

// candidate returns the first convention of the plan for the same events, or nil.
func (p *plan) candidate(c *compiled) *candidate {
	for i := range p.candidates {
		if p.candidates[i].events[0] == c.events[0] {
			return &p.candidates[i]
		}
	}
	return nil
}
