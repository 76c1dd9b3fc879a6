// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
)

// numSlots is how many slots are divided between the gateways: so many that their
// shares differ by few percent.
const numSlots = 4096

// slots are the gateways by slot, as indexes. A slot belongs to the gateway with the
// highest hash of its address and the slot (rendezvous hashing): the order of the list
// does not matter, and adding or removing a gateway moves no other slots than its own.
type slots [numSlots]uint16

func newSlots(endpoints, of []string) *slots {
	var s slots
	for slot := range s {
		var highest uint64
		for _, endpoint := range of {
			hash := xxhash.Sum64(binary.BigEndian.AppendUint32([]byte(endpoint), uint32(slot)))
			if i := slices.Index(endpoints, endpoint); hash >= highest {
				highest, s[slot] = hash, uint16(i)
			}
		}
	}
	return &s
}

// table decides which gateway a record goes to.
type table struct {
	endpoints       []string // of all gateways
	current, before *slots   // before is nil if the list does not change
	changedAt       time.Time
	now             func() time.Time
}

func newTable(c *Config, now func() time.Time) (*table, error) {
	at, err := c.changedAt()
	if err != nil {
		return nil, err
	}
	t := &table{endpoints: slices.Clone(c.Endpoints), changedAt: at, now: now}
	for _, endpoint := range c.PreviousEndpoints {
		if !slices.Contains(t.endpoints, endpoint) {
			t.endpoints = append(t.endpoints, endpoint)
		}
	}
	t.current = newSlots(t.endpoints, c.Endpoints)
	if len(c.PreviousEndpoints) > 0 {
		t.before = newSlots(t.endpoints, c.PreviousEndpoints)
	}
	return t, nil
}

// gateway returns the index of the gateway of a key, for a record of a time, which may
// be unknown (0).
func (t *table) gateway(key uint64, nanoseconds uint64) int {
	s := t.current
	if t.before != nil {
		at := t.now()
		if nanoseconds != 0 {
			at = time.Unix(0, int64(nanoseconds))
		}
		if at.Before(t.changedAt) {
			s = t.before
		}
	}
	return int(s[key%numSlots])
}
