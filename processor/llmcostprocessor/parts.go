// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"

	"go.opentelemetry.io/collector/extension/xextension/storage"

	"github.com/otelcol-arc/otelcol-arc/internal/checkedstorage"
)

// maxPart is about how much of a snapshot is written at once, in bytes. A request that comes
// meanwhile waits for the sync of a part, and maybe syncs the next one with what it writes itself.
const maxPart = 256 << 10

// parts writes values that need not be written at once.
type parts struct {
	client     *checkedstorage.Client
	operations []*storage.Operation
	size       int
}

// set has a value written, at the latest by flush.
func (p *parts) set(ctx context.Context, key string, value []byte) error {
	if p.size+len(value) > maxPart {
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	p.size += len(value)
	p.operations = append(p.operations, storage.SetOperation(key, value))
	return nil
}

// setEmptyList has an empty list written where there is none. Without a list all values that are
// there count, and what is written ahead of it would.
func (p *parts) setEmptyList(ctx context.Context, key string) error {
	return p.set(ctx, key, []byte("[]"))
}

func (p *parts) flush(ctx context.Context) error {
	if len(p.operations) == 0 {
		return nil
	}
	err := p.client.Batch(ctx, p.operations...)
	p.operations, p.size = nil, 0
	return err
}
