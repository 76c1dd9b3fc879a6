// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sharedcore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
)

// Core is what the instances of one component ID share. Each method is called
// at most once.
type Core interface {
	// Start begins background work; the first instance that starts calls it.
	// The others start only after it has returned, and fail if it failed.
	Start(ctx context.Context, host component.Host) error
	// Stop ends background work and waits for it, within ctx; the first
	// instance that shuts down calls it, even when Start failed, but not when
	// Start was never called.
	Stop(ctx context.Context) error
	// Close persists and releases what is left; the last instance that shuts
	// down calls it, after its Stop, but not when Start was never called.
	Close(ctx context.Context) error
}

// Map finds cores by configuration pointer. Its zero value is ready to use.
type Map[C Core] struct {
	mu    sync.Mutex
	cores map[component.Config]*shared[C]
}

type shared[C Core] struct {
	core   C
	forget func() // lets the configuration pointer make a new core; runs once

	mu        sync.Mutex // guards what follows and serializes the core's life cycle
	instances int
	hosts     *Hosts // nil before the start
	startErr  error
	stopped   bool
	shutdowns int
}

// Join returns an instance on the core of cfg, which must be a pointer. The
// first call for a pointer creates the core.
func (m *Map[C]) Join(cfg component.Config, create func() (C, error)) (*Instance[C], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.cores[cfg]
	if !ok {
		core, err := create()
		if err != nil {
			return nil, err
		}
		s = &shared[C]{core: core, forget: sync.OnceFunc(func() { m.forget(cfg) })}
		if m.cores == nil {
			m.cores = map[component.Config]*shared[C]{}
		}
		m.cores[cfg] = s
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instances++
	return &Instance[C]{shared: s}, nil
}

func (m *Map[C]) forget(cfg component.Config) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.cores, cfg)
}

// Instance is one pipeline's share of a core.
type Instance[C Core] struct {
	shared *shared[C]
	ready  atomic.Bool // its own Start has been called, and did not fail
	once   sync.Once
	err    error
}

// Core returns what the instances share.
func (i *Instance[C]) Core() C { return i.shared.core }

// Start starts the core, if no other instance has.
func (i *Instance[C]) Start(ctx context.Context, host component.Host) error {
	s := i.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hosts == nil {
		s.hosts = &Hosts{Host: host, hosts: []component.Host{host}}
		s.startErr = s.core.Start(ctx, s.hosts)
	} else {
		s.hosts.add(host)
	}
	i.ready.Store(s.startErr == nil)
	return s.startErr
}

// errNotStarted is not permanent: senders retry.
var errNotStarted = errors.New("this pipeline has not started yet")

// Ready is nil once this instance has started, and all consumers that follow have. A
// receiver that several pipelines share listens before the last of them has
// started, and an exporter's queue on disk that is given data before its own
// start overwrites what it holds.
func (i *Instance[C]) Ready() error {
	if i.ready.Load() {
		return nil
	}
	return errNotStarted
}

// WhenReady rejects what comes before the instance is ready.
func WhenReady[C Core, T any](i *Instance[C], process func(context.Context, T) (T, error)) func(context.Context, T) (T, error) {
	return func(ctx context.Context, data T) (T, error) {
		if err := i.Ready(); err != nil {
			return data, err
		}
		return process(ctx, data)
	}
}

// Shutdown stops the core if this is the first instance to shut down, calls
// closeEmitter (which may be nil) between, and closes the core if this is the
// last. Calls after the first return its result and do nothing.
func (i *Instance[C]) Shutdown(ctx context.Context, closeEmitter func(context.Context) error) error {
	i.once.Do(func() {
		errs := []error{i.stop(ctx)}
		if closeEmitter != nil {
			errs = append(errs, closeEmitter(ctx))
		}
		i.err = errors.Join(append(errs, i.leave(ctx))...)
	})
	return i.err
}

func (i *Instance[C]) stop(ctx context.Context) error {
	s := i.shared
	s.forget() // before s.mu, which Join takes inside the map's lock
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	if s.hosts == nil {
		return nil
	}
	return s.core.Stop(ctx)
}

func (i *Instance[C]) leave(ctx context.Context) error {
	s := i.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shutdowns++
	if s.shutdowns < s.instances || s.hosts == nil {
		return nil
	}
	return s.core.Close(ctx)
}
