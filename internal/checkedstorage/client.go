// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package checkedstorage gives each value in a storage a checksum of itself and its key,
// so that a value that was damaged, or is another's, is never read as what was
// written, whatever the storage extension is.
package checkedstorage

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"math/bits"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
)

// A stored value is the mark, the CRC-32C of the key, a zero byte and the value, and the value.
// Values of versions before have no mark. None of them begins with its first byte.
const (
	mark       = 0xA7_61_72_63_73_75_6D_31 // big endian
	markSize   = 8
	headerSize = markSize + 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(key string, value []byte) uint32 {
	of := crc32.Update(crc32.Checksum([]byte(key), castagnoli), castagnoli, []byte{0})
	return crc32.Update(of, castagnoli, value)
}

func encode(key string, value []byte) []byte {
	to := make([]byte, 0, headerSize+len(value))
	to = binary.BigEndian.AppendUint64(to, mark)
	to = binary.BigEndian.AppendUint32(to, sum(key, value))
	return append(to, value...)
}

// decode returns the value, unless it is damaged. A mark with a flipped bit is a mark.
func decode(key string, stored []byte) (value []byte, ok bool) {
	if len(stored) < headerSize || bits.OnesCount64(binary.BigEndian.Uint64(stored)^mark) > 1 {
		return stored, true // of a version before
	}
	value = stored[headerSize:]
	return value, binary.BigEndian.Uint32(stored[markSize:]) == sum(key, value)
}

// Client is a client whose values have checksums. A value that is damaged reads as if there were
// none.
type Client struct {
	storage.Client
	onDamage func(key string, stored []byte)
}

// New wraps a client. onDamage is called with the key of each damaged value that is read, and what
// is there.
func New(client storage.Client, onDamage func(key string, stored []byte)) *Client {
	return &Client{Client: client, onDamage: onDamage}
}

// Get returns a value, or nil.
func (c *Client) Get(ctx context.Context, key string) ([]byte, error) {
	stored, err := c.Client.Get(ctx, key)
	if err != nil || stored == nil {
		return nil, err
	}
	return c.check(key, stored), nil
}

func (c *Client) check(key string, stored []byte) []byte {
	value, ok := decode(key, stored)
	if !ok {
		c.onDamage(key, stored)
		return nil
	}
	return value
}

// Set sets a value.
func (c *Client) Set(ctx context.Context, key string, value []byte) error {
	return c.Client.Set(ctx, key, encode(key, value))
}

// Batch executes operations in order.
func (c *Client) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if err := c.Client.Batch(ctx, encodeAll(operations)...); err != nil {
		return err
	}
	for _, o := range operations {
		if o.Type == storage.Get && o.Value != nil {
			o.Value = c.check(o.Key, o.Value)
		}
	}
	return nil
}

// Append executes operations, and leaves it to the caller to sync the log up to the position. The log
// is nil if what is written is as durable as the storage makes it.
func (c *Client) Append(ctx context.Context, operations ...*storage.Operation) (log groupcommit.Log, position uint64, err error) {
	appender, ok := c.Client.(interface {
		Append(ctx context.Context, operations ...*storage.Operation) (groupcommit.Log, uint64, error)
	})
	if !ok {
		return nil, 0, c.Batch(ctx, operations...)
	}
	return appender.Append(ctx, encodeAll(operations)...)
}

// encodeAll returns the operations with the values as they are stored.
func encodeAll(operations []*storage.Operation) []*storage.Operation {
	encoded := make([]*storage.Operation, len(operations))
	for i, o := range operations {
		encoded[i] = o
		if o.Type == storage.Set {
			encoded[i] = storage.SetOperation(o.Key, encode(o.Key, o.Value))
		}
	}
	return encoded
}

// Keys lists the keys that there are, in no order; ok is false if the storage cannot.
func (c *Client) Keys(ctx context.Context) (keys []string, ok bool, err error) {
	return KeysOf(ctx, c.Client)
}

// KeysOf lists the keys of a client, in no order; ok is false if its storage cannot.
func KeysOf(ctx context.Context, client storage.Client) (keys []string, ok bool, err error) {
	if lister, ok := client.(interface {
		Keys(ctx context.Context) ([]string, error)
	}); ok {
		keys, err := lister.Keys(ctx)
		return keys, true, err
	}
	walker, ok := client.(storage.Walker)
	if !ok {
		return nil, false, nil
	}
	err = walker.Walk(ctx, func(key string, _ []byte) ([]*storage.Operation, error) {
		keys = append(keys, key)
		return nil, nil
	})
	return keys, true, err
}
