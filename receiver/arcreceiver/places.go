// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"context"
	"sync"

	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// places is the storage in which the file reader keeps its places. The reader writes them at the
// end of each poll, after all that it has emitted in it.
type places struct {
	storage.Client

	mu     sync.Mutex
	behind chan struct{} // closed when the places are kept; nil: they are
}

// move notes that lines were accepted, after which the place is not kept yet.
func (p *places) move() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.behind == nil {
		p.behind = make(chan struct{})
	}
}

// await waits until the places after all accepted lines are kept, or could not be.
func (p *places) await(ctx context.Context) {
	p.mu.Lock()
	behind := p.behind
	p.mu.Unlock()
	if behind == nil {
		return
	}
	select {
	case <-behind:
	case <-ctx.Done():
	}
}

// catchUp notes that the places were kept, or could not be.
func (p *places) catchUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.behind != nil {
		close(p.behind)
		p.behind = nil
	}
}

// Set implements storage.Client.
func (p *places) Set(ctx context.Context, key string, value []byte) error {
	defer p.catchUp()
	return p.Client.Set(ctx, key, value)
}

// Batch implements storage.Client.
func (p *places) Batch(ctx context.Context, ops ...*storage.Operation) error {
	defer p.catchUp()
	return p.Client.Batch(ctx, ops...)
}
