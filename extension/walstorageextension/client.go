// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package walstorageextension

import (
	"context"
	"errors"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/extension/walstorageextension/internal/wal"
	"github.com/otelcol-arc/otelcol-arc/internal/groupcommit"
	"github.com/otelcol-arc/otelcol-arc/internal/persistentqueue"
)

// client has the values of one component.
type client struct {
	log  *wal.Log
	name string
}

var (
	_ storage.Client = (*client)(nil)
	_ storage.Walker = (*client)(nil)
)

// Get returns a value, or nil.
func (c *client) Get(ctx context.Context, key string) ([]byte, error) {
	o := storage.GetOperation(key)
	err := c.Batch(ctx, o)
	return o.Value, err
}

// Set sets a value.
func (c *client) Set(ctx context.Context, key string, value []byte) error {
	return c.Batch(ctx, storage.SetOperation(key, value))
}

// Delete deletes a value.
func (c *client) Delete(ctx context.Context, key string) error {
	return c.Batch(ctx, storage.DeleteOperation(key))
}

// Batch executes operations in order, and the writes of them all or none. What needs to be
// durable is synced with all else that a request in a group writes, or when Batch returns.
func (c *client) Batch(ctx context.Context, operations ...*storage.Operation) error {
	if !durable(operations) {
		return c.log.Batch(c.name, false, operations...)
	}
	log, position, err := c.Append(ctx, operations...)
	if err != nil || groupcommit.Of(ctx).Append(log, position, nil) {
		return err
	}
	return log.Sync(position)
}

// Append executes operations as Batch does, and leaves it to the caller to sync the log up to the
// position.
func (c *client) Append(_ context.Context, operations ...*storage.Operation) (log groupcommit.Log, position uint64, err error) {
	position, err = c.log.Append(c.name, operations...)
	return c.log, position, err
}

// durable reports whether a batch must be on the disk when it returns. A delete needs not:
// if a power cut undoes it, a request is sent twice. Nor does the metadata of a queue
// without a request: it lists the requests that are being sent.
func durable(operations []*storage.Operation) bool {
	for _, o := range operations {
		if o.Type == storage.Set && o.Key != persistentqueue.MetadataKey {
			return true
		}
	}
	return false
}

// Walk calls fn for each value, and executes the operations that it returns.
func (c *client) Walk(ctx context.Context, fn storage.WalkFunc) error {
	var operations []*storage.Operation
	for _, key := range c.log.Keys(c.name) {
		if err := ctx.Err(); err != nil {
			return err
		}
		value, err := c.Get(ctx, key)
		if err != nil {
			return err
		}
		if value == nil {
			continue // deleted meanwhile, or damaged, which was reported
		}
		more, err := fn(key, value)
		if err != nil && !errors.Is(err, storage.SkipAll) {
			return err
		}
		operations = append(operations, more...)
		if err != nil {
			break
		}
	}
	return c.Batch(ctx, operations...)
}

// Keys lists the keys that there are, in no order, without reading the values.
func (c *client) Keys(context.Context) ([]string, error) { return c.log.Keys(c.name), nil }

// Close does nothing: the log is closed with the extension.
func (*client) Close(context.Context) error { return nil }
