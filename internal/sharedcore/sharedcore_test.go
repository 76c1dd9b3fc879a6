// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sharedcore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
)

type config struct{ name string }

// diary records what happens to a core.
type diary struct {
	mu       sync.Mutex
	entries  []string
	startErr error
}

func (d *diary) write(entry string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, entry)
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.entries, " ")
}

func (d *diary) Start(context.Context, component.Host) error {
	d.write("start")
	return d.startErr
}

func (d *diary) Stop(context.Context) error {
	d.write("stop")
	return nil
}

func (d *diary) Close(context.Context) error {
	d.write("close")
	return nil
}

func join(t *testing.T, m *Map[*diary], cfg *config, d *diary) *Instance[*diary] {
	t.Helper()
	i, err := m.Join(cfg, func() (*diary, error) { return d, nil })
	require.NoError(t, err)
	return i
}

func orders(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var all [][]int
	for _, shorter := range orders(n - 1) {
		for at := range n {
			all = append(all, append(append(append([]int{}, shorter[:at]...), n-1), shorter[at:]...))
		}
	}
	return all
}

// In whatever order three instances start and shut down, the core starts with
// the first, stops with the first and closes with the last.
func TestAnyOrder(t *testing.T) {
	for _, starts := range orders(3) {
		for _, stops := range orders(3) {
			var m Map[*diary]
			d := &diary{}
			var instances []*Instance[*diary]
			cfg := &config{}
			for range 3 {
				instances = append(instances, join(t, &m, cfg, d))
			}
			for _, i := range starts {
				require.NoError(t, instances[i].Start(t.Context(), componenttest.NewNopHost()))
				assert.Equal(t, "start", d.String())
			}
			for n, i := range stops {
				require.NoError(t, instances[i].Shutdown(t.Context(), func(context.Context) error {
					d.write("instance")
					return nil
				}))
				want := "start stop" + strings.Repeat(" instance", n+1)
				if n == 2 {
					want += " close"
				}
				assert.Equal(t, want, d.String())
				require.NoError(t, instances[i].Shutdown(t.Context(), nil), "twice")
			}
			assert.Equal(t, "start stop instance instance instance close", d.String())
		}
	}
}

func TestTwoPointersShareNothing(t *testing.T) {
	var m Map[*diary]
	a, b := &diary{}, &diary{}
	// Equal in content, as two IDs with the same settings are.
	first, second := join(t, &m, &config{"x"}, a), join(t, &m, &config{"x"}, b)
	assert.NotSame(t, first.Core(), second.Core())
	require.NoError(t, first.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, first.Shutdown(t.Context(), nil))
	assert.Equal(t, "start stop close", a.String())
	assert.Empty(t, b.String())
}

// After a shutdown the same pointer makes a new core, while the rest of the old
// instances still run.
func TestReload(t *testing.T) {
	var m Map[*diary]
	cfg, before, after := &config{}, &diary{}, &diary{}
	one, two := join(t, &m, cfg, before), join(t, &m, cfg, before)
	require.NoError(t, one.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, two.Start(t.Context(), componenttest.NewNopHost()))
	require.NoError(t, one.Shutdown(t.Context(), nil))
	again := join(t, &m, cfg, after)
	assert.Same(t, after, again.Core())
	assert.Same(t, before, two.Core())
	require.NoError(t, two.Shutdown(t.Context(), nil))
	require.NoError(t, again.Start(t.Context(), componenttest.NewNopHost()))
	assert.Same(t, after, join(t, &m, cfg, before).Core(), "shutting down the old one does not remove the new one")
}

func TestNothingIsProcessedBeforeAnInstanceIsReady(t *testing.T) {
	var m Map[*diary]
	cfg, d := &config{}, &diary{}
	first, second := join(t, &m, cfg, d), join(t, &m, cfg, d)
	process := WhenReady(second, func(_ context.Context, n int) (int, error) { return n + 1, nil })
	require.NoError(t, first.Start(t.Context(), componenttest.NewNopHost()))
	n, err := process(t.Context(), 1)
	require.ErrorIs(t, err, errNotStarted, "the core has started, but the consumer of this instance may not have")
	assert.False(t, consumererror.IsPermanent(err))
	assert.Equal(t, 1, n)
	require.NoError(t, second.Start(t.Context(), componenttest.NewNopHost()))
	n, err = process(t.Context(), 1)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	require.NoError(t, first.Shutdown(t.Context(), nil))
	require.NoError(t, second.Shutdown(t.Context(), nil))
	_, err = process(t.Context(), 1)
	require.NoError(t, err, "what is flushed during shutdown is processed")
}

func TestShutdownWithoutStart(t *testing.T) {
	var m Map[*diary]
	d := &diary{}
	i := join(t, &m, &config{}, d)
	require.NoError(t, i.Shutdown(t.Context(), nil))
	assert.Empty(t, d.String())
}

// When the core cannot start, no instance can, and it is stopped once.
func TestFailedStart(t *testing.T) {
	var m Map[*diary]
	cfg, d := &config{}, &diary{startErr: errors.New("no port")}
	one, two := join(t, &m, cfg, d), join(t, &m, cfg, d)
	require.ErrorIs(t, one.Start(t.Context(), componenttest.NewNopHost()), d.startErr)
	require.ErrorIs(t, two.Start(t.Context(), componenttest.NewNopHost()), d.startErr)
	require.NoError(t, one.Shutdown(t.Context(), nil))
	require.NoError(t, two.Shutdown(t.Context(), nil))
	assert.Equal(t, "start stop close", d.String())
}

func TestFailedCreate(t *testing.T) {
	var m Map[*diary]
	cfg, failure := &config{}, errors.New("bad prices")
	_, err := m.Join(cfg, func() (*diary, error) { return nil, failure })
	require.ErrorIs(t, err, failure)
	assert.NotNil(t, join(t, &m, cfg, &diary{}).Core(), "a failure is not kept")
}

func TestErrorsOfShutdownAreJoined(t *testing.T) {
	var m Map[*diary]
	i := join(t, &m, &config{}, &diary{})
	require.NoError(t, i.Start(t.Context(), componenttest.NewNopHost()))
	failure := errors.New("instance")
	require.ErrorIs(t, i.Shutdown(t.Context(), func(context.Context) error { return failure }), failure)
	require.ErrorIs(t, i.Shutdown(t.Context(), nil), failure, "the second call returns the first one's error")
}

func TestConcurrentLives(t *testing.T) {
	var m Map[*diary]
	cfg, d := &config{}, &diary{}
	var instances []*Instance[*diary]
	for range 16 {
		instances = append(instances, join(t, &m, cfg, d))
	}
	var wg sync.WaitGroup
	for _, i := range instances {
		wg.Go(func() { assert.NoError(t, i.Start(t.Context(), componenttest.NewNopHost())) })
	}
	wg.Wait()
	for _, i := range instances {
		wg.Go(func() { assert.NoError(t, i.Shutdown(t.Context(), nil)) })
		wg.Go(func() {
			_, err := m.Join(&config{}, func() (*diary, error) { return &diary{}, nil })
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	assert.Equal(t, "start stop close", d.String())
}
