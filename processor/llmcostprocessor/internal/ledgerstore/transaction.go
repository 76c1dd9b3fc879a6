// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ledgerstore

import (
	"context"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
)

// maxPart is about how much of a snapshot is written at once, in bytes. A request that comes
// meanwhile waits for the sync of a part, and maybe syncs the next one with what it writes itself.
const maxPart = 256 << 10

// transaction writes a snapshot: values ahead, in parts, and at the end the lists with which they
// count, all at once. A process that is killed before leaves the previous snapshot.
type transaction struct {
	client *checkedstorage.Client
	part   []*storage.Operation
	size   int // of the values of the part, in bytes
	last   []*storage.Operation
}

// setAhead has a value written, at the latest by commit.
func (t *transaction) setAhead(ctx context.Context, key string, value []byte) error {
	if t.size+len(value) > maxPart {
		if err := t.flush(ctx); err != nil {
			return err
		}
	}
	t.size += len(value)
	t.part = append(t.part, storage.SetOperation(key, value))
	return nil
}

// setEmptyList has an empty list written where there is none. Without a list all values that are
// there count, and what is written ahead of it would.
func (t *transaction) setEmptyList(ctx context.Context, key string) error {
	return t.setAhead(ctx, key, []byte("[]"))
}

func (t *transaction) flush(ctx context.Context) error {
	if len(t.part) == 0 {
		return nil
	}
	err := t.client.Batch(ctx, t.part...)
	t.part, t.size = nil, 0
	return err
}

// set has a value written by commit.
func (t *transaction) set(key string, value []byte) {
	t.last = append(t.last, storage.SetOperation(key, value))
}

// delete has a value deleted by commit.
func (t *transaction) delete(key string) { t.last = append(t.last, storage.DeleteOperation(key)) }

// commit writes what is left, and with it deletes obsolete keys. Without anything to write it
// leaves these, and reports it.
func (t *transaction) commit(ctx context.Context, obsolete []string) (written bool, err error) {
	if err := t.flush(ctx); err != nil || len(t.last) == 0 {
		return false, err
	}
	for _, key := range obsolete {
		t.delete(key)
	}
	return true, t.client.Batch(ctx, t.last...)
}
