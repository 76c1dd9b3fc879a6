// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"crypto/sha256"
	"fmt"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// export decodes the events of an exported file. Such a file holds all calls
// since the application started, and is likely sent again when it has grown. So
// an event without a name of its own is named by its text, and is the same call
// each time. Equal texts within a file are distinguished by their order.
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
	sum := sha256.Sum256(raw)
	e.ID = fmt.Sprintf("%x/%d", sum, x.seen[sum])
	x.seen[sum]++
	return e, nil
}
