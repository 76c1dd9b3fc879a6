// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"sync"

	"github.com/go-faster/jx"
)

// reader reads one event after the other and uses its memory again.
type reader struct {
	fields
	json  jx.Decoder
	spare []Field // memory for the fields of events
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// maxKept is up to how many bytes of text a reader is used again.
const maxKept = 64 << 10

// done gives r back.
func (r *reader) done() {
	if cap(r.texts) > maxKept || cap(r.members) > maxMembers {
		return
	}
	readers.Put(r)
}

// context returns the fields that were not used, nil if none.
func (r *reader) context() []Field {
	n := r.restLen()
	switch {
	case n == 0:
		return nil
	case n > maxMembers:
		return []Field{{Name: tooMany, Value: valueOf(jsonText(r.restTree()))}}
	}
	// Fields of many events share a piece of memory.
	if len(r.spare) < n {
		r.spare = make([]Field, max(n, 128))
	}
	room := r.spare[:0:n]
	r.spare = r.spare[n:]
	return r.rest(room)
}
