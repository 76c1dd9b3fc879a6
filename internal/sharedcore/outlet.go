// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sharedcore

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Outlets are the ways by which a core emits data of one signal: one for each
// instance of that signal. The zero value is ready to use.
type Outlets[T any] struct {
	mu   sync.Mutex
	list []*Outlet[T]
}

// Outlet leads from a core into one pipeline. It is written to only after Open
// and before Close.
type Outlet[T any] struct {
	consume func(context.Context, T) error

	mu   sync.RWMutex // held for reading while consume runs
	open bool
}

// Add makes an outlet that hands data to consume. It starts closed.
func (o *Outlets[T]) Add(consume func(context.Context, T) error) *Outlet[T] {
	outlet := &Outlet[T]{consume: consume}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, outlet)
	return outlet
}

// Len says how many outlets there are, open or not.
func (o *Outlets[T]) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.list)
}

// Send calls build for every open outlet, and hands each its own value,
// because what stands behind an outlet may change it. The error joins those of
// the outlets. Send says how many outlets accepted the value.
func (o *Outlets[T]) Send(ctx context.Context, build func() T) (accepted int, err error) {
	o.mu.Lock()
	list := slices.Clone(o.list)
	o.mu.Unlock()
	var errs []error
	for _, outlet := range list {
		sent, err := outlet.send(ctx, build)
		if err != nil {
			errs = append(errs, err)
		} else if sent {
			accepted++
		}
	}
	return accepted, errors.Join(errs...)
}

func (o *Outlet[T]) send(ctx context.Context, build func() T) (bool, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if !o.open {
		return false, nil
	}
	return true, o.consume(ctx, build())
}

// Open lets data through. An instance opens its outlet in Start, when all that
// stands behind it has started.
func (o *Outlet[T]) Open() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = true
}

// Close waits for what is being sent, sends what last returns (nil for
// nothing) and lets nothing through after. An instance closes its outlet in
// Shutdown, when all that stands behind it still runs. Closing twice does
// nothing.
func (o *Outlet[T]) Close(ctx context.Context, last func() T) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open {
		return nil
	}
	o.open = false
	if last == nil {
		return nil
	}
	return o.consume(ctx, last())
}
