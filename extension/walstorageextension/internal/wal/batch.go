// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"fmt"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// batch is the writes of a batch.
type batch struct {
	client string
	writes []*storage.Operation
	size   int64 // of the entries
}

func (b *batch) add(o *storage.Operation) error {
	if len(b.client)+len(o.Key)+1 > maxNameSize {
		return fmt.Errorf("the key has %d bytes, more than can be stored", len(o.Key))
	}
	if len(o.Value) > maxValueSize {
		return fmt.Errorf("the value of %s has %d bytes, more than can be stored", o.Key, len(o.Value))
	}
	b.writes = append(b.writes, o)
	b.size += int64(headerSize + len(b.client) + 1 + len(o.Key))
	if o.Type == storage.Set {
		b.size += int64(len(o.Value))
	}
	return nil
}

// written returns what the batch itself sets a key to; nil if it deletes it.
func (b *batch) written(key string) (value []byte, ok bool) {
	for _, o := range b.writes {
		if o.Key == key {
			value, ok = o.Value, true
			if o.Type == storage.Delete {
				value = nil
			}
		}
	}
	return value, ok
}
