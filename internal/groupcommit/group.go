// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package groupcommit lets all that a request writes to storages share one sync to the disk. The
// receiver, which acknowledges the request, runs its pipelines in a group; storages
// that the request reaches only append, and the receiver syncs once what they have appended before
// it acknowledges. Requests at the same time share that sync, too, since none holds
// the lock of a queue meanwhile. A request that is rejected syncs nothing.
package groupcommit

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Log is what is synced up to a position.
type Log interface {
	Sync(position uint64) error
}

// Group is what a request has written. It may be used by several goroutines.
type Group struct {
	mu      sync.Mutex
	ended   bool
	writers []func()
	appends []appended
}

type appended struct {
	log      Log
	position uint64
	done     func(error) // nil: without the sync the request fails
}

type key struct{}

// Of returns the group of a request; nil if there is none.
func Of(ctx context.Context) *Group {
	g, _ := ctx.Value(key{}).(*Group)
	return g
}

// Run calls fn in a group, and returns when what was appended is synced. If fn fails nothing is.
// Within a group it is part of that.
func Run(ctx context.Context, fn func(context.Context) error) error {
	if g := Of(ctx); g != nil && !g.hasEnded() {
		return fn(ctx)
	}
	g := &Group{}
	defer g.end()
	if err := fn(context.WithValue(ctx, key{}, g)); err != nil {
		return err
	}
	for _, write := range g.takeWriters() {
		write()
	}
	var errs []error
	for _, a := range g.end() {
		err := a.log.Sync(a.position)
		if a.done != nil {
			a.done(err)
		} else if err != nil {
			errs = append(errs, fmt.Errorf("sync the storage: %w", err))
		}
	}
	return errors.Join(errs...)
}

// BeforeSync has the group call write when the request was accepted, before it syncs. It reports
// whether it will: a nil group, or one that has ended, does not.
func (g *Group) BeforeSync(write func()) bool {
	return g.whileOpen(func() { g.writers = append(g.writers, write) })
}

// Append has the group sync a log up to a position. Without done the request fails if
// that fails; otherwise done gets the result. It reports whether the group will sync: if not, the
// caller has to.
func (g *Group) Append(log Log, position uint64, done func(error)) bool {
	return g.whileOpen(func() { g.appends = append(g.appends, appended{log, position, done}) })
}

// whileOpen calls note unless there is no group, or it has ended.
func (g *Group) whileOpen(note func()) bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.ended {
		note()
	}
	return !g.ended
}

func (g *Group) takeWriters() []func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	writers := g.writers
	g.writers = nil
	return writers
}

func (g *Group) end() []appended {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = true
	appends := g.appends
	g.appends = nil
	return appends
}

func (g *Group) hasEnded() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ended
}
