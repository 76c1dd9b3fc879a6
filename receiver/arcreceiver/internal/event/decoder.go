// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"bytes"
	"encoding/json/jsontext"
	"sync"
)

// Decoder reads one event after the other and uses its memory again. It is not
// safe for concurrent use.
type Decoder struct {
	fields
	json    jsontext.Decoder
	source  bytes.Buffer // of json
	details details
	event   Event
}

var decoders = sync.Pool{New: func() any { return new(Decoder) }}

// NewDecoder returns a decoder. Close gives it back.
func NewDecoder() *Decoder {
	return decoders.Get().(*Decoder) //nolint:forcetypeassert // nothing else is put there
}

// maxKept is up to how many bytes of text a decoder is used again.
const maxKept = 64 << 10

// Close gives d back. Neither d nor its events may be used any more.
func (d *Decoder) Close() {
	if cap(d.texts) > maxKept || cap(d.members) > maxMembers {
		return
	}
	d.event, d.details = Event{}, details{}
	d.reset()
	decoders.Put(d)
}
