// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"bytes"
	"crypto/sha256"
	"encoding/json/jsontext"
	"fmt"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// export decodes the events of an exported file. Such a file holds all calls
// since the application started, and is likely sent again when it has grown. So
// an event without a name of its own is named by its text, without white space, of
// which curl --data removes the line breaks, and is the same call each time. Equal texts within a file are distinguished by their order.
type export struct {
	seen map[[sha256.Size]byte]int
}

func newExport() *export {
	return &export{seen: map[[sha256.Size]byte]int{}}
}

func (x *export) decode(d *event.Decoder, raw []byte) (*event.Event, error) {
	e, err := d.Decode(raw)
	if err != nil || e.ID != "" {
		return e, err
	}
	sum := sha256.Sum256(withoutSpace(raw))
	e.ID = fmt.Sprintf("%x/%d", sum, x.seen[sum])
	x.seen[sum]++
	return e, nil
}

// withoutSpace returns the text of an event without white space between its parts.
func withoutSpace(raw []byte) []byte {
	text := jsontext.Value(bytes.Clone(raw))
	if err := text.Compact(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return raw // is an event nonetheless
	}
	return text
}
