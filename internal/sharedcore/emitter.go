// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sharedcore

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Emitters are those through which a core emits data of one signal: one for each
// instance of that signal. The zero value is ready to use.
type Emitters[T any] struct {
	mu   sync.Mutex
	list []*Emitter[T]
}

// Emitter emits data of a core into one pipeline. It is written to only after Open
// and before Close.
type Emitter[T any] struct {
	consume func(context.Context, T) error

	mu   sync.RWMutex // held for reading while consume runs
	open bool
}

// Add makes an emitter that forwards data to consume. It starts closed.
func (o *Emitters[T]) Add(consume func(context.Context, T) error) *Emitter[T] {
	emitter := &Emitter[T]{consume: consume}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, emitter)
	return emitter
}

// Len is how many emitters there are, open or not.
func (o *Emitters[T]) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.list)
}

// Send calls build for every open emitter, since the next consumer may change the
// value. The error joins those of the emitters. Send returns how many consumers
// accepted the value.
func (o *Emitters[T]) Send(ctx context.Context, build func() T) (accepted int, err error) {
	o.mu.Lock()
	list := slices.Clone(o.list)
	o.mu.Unlock()
	var errs []error
	for _, emitter := range list {
		sent, err := emitter.send(ctx, build)
		if err != nil {
			errs = append(errs, err)
		} else if sent {
			accepted++
		}
	}
	return accepted, errors.Join(errs...)
}

func (o *Emitter[T]) send(ctx context.Context, build func() T) (bool, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if !o.open {
		return false, nil
	}
	return true, o.consume(ctx, build())
}

// Open opens the emitter. An instance opens it in Start: the consumers that follow
// in its pipeline have started then.
func (o *Emitter[T]) Open() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = true
}

// Close waits for what is being sent, and sends what last returns (nil for
// nothing); after it nothing is sent. An instance closes its emitter in
// Shutdown, when the consumers that follow still run. Closing twice does
// nothing.
func (o *Emitter[T]) Close(ctx context.Context, last func() T) error {
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
