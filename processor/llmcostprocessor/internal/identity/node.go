// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

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
	denied   uint8  // a bit for each evidence of which States reported that it is not a call
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
