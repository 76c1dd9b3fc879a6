// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package parallelstop stops all exporters of a process side by side.
//
// The Collector stops its components one after the other. An exporter waits for the
// request that it is sending, up to its timeout, so that a few backends that do not
// respond take longer than the process has for all of its components, and the
// exporters after them have no time to send what is in their queues.
package parallelstop

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
)

// Group has the exporters of a process that run.
type Group struct {
	mu       sync.Mutex // guards what follows
	running  int        // started, and not asked to stop
	stopping []component.ID
	stopped  sync.Cond
	errs     []error
}

// NewGroup returns a group without exporters.
func NewGroup() *Group {
	g := &Group{}
	g.stopped.L = &g.mu
	return g
}

// Stopping returns the exporters that were asked to stop and have not, in that order. An
// exporter of several signals is there for each.
func (g *Group) Stopping() []component.ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.stopping)
}

// member is an exporter of a group.
type member struct {
	component.Component
	id      component.ID
	group   *Group
	running bool // the Collector calls Start and Shutdown one after the other
}

func (g *Group) member(id component.ID, c component.Component) *member {
	return &member{Component: c, id: id, group: g}
}

// inner returns the exporter itself.
func (m *member) inner() component.Component { return m.Component }

// Unwrap returns the exporter that a factory of [Group.Factories] has made, of a type that
// can be asserted. Others it returns as they are.
func Unwrap(c component.Component) component.Component {
	if m, ok := c.(interface{ inner() component.Component }); ok {
		return m.inner()
	}
	return c
}

// Start starts.
func (m *member) Start(ctx context.Context, host component.Host) error {
	m.running = true
	m.group.start()
	return m.Component.Start(ctx, host)
}

// Shutdown stops, beside the other exporters of the group.
func (m *member) Shutdown(ctx context.Context) error {
	if !m.running {
		return m.Component.Shutdown(ctx) // after another component has not started
	}
	m.running = false
	return m.group.stop(ctx, m.id, m.Component.Shutdown)
}

func (g *Group) start() {
	g.mu.Lock()
	g.running++
	g.mu.Unlock()
}

// stop asks an exporter that was started to stop. The call for the last one that runs
// waits for all and returns all errors, since the storage of their queues stops next. An
// exporter has nothing after it in a pipeline, so that none is asked too early.
func (g *Group) stop(ctx context.Context, id component.ID, shutdown component.ShutdownFunc) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running--
	g.stopping = append(g.stopping, id)
	go func() {
		err := shutdown(ctx)
		g.mu.Lock()
		defer g.mu.Unlock()
		at := slices.Index(g.stopping, id)
		g.stopping = slices.Delete(g.stopping, at, at+1)
		g.errs = append(g.errs, err)
		g.stopped.Broadcast()
	}()
	if g.running > 0 {
		return nil
	}
	for len(g.stopping) > 0 {
		g.stopped.Wait()
	}
	err := errors.Join(g.errs...)
	g.errs = nil
	return err
}
