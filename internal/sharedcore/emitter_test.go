// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sharedcore

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inbox is the consumer of an emitter.
type inbox struct {
	mu  sync.Mutex
	got []*int
	err error
}

func (i *inbox) consume(_ context.Context, value *int) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, value)
	return i.err
}

func counter() func() *int {
	var n atomic.Int64
	return func() *int {
		value := int(n.Add(1))
		return &value
	}
}

func TestEmitterIsWrittenToWhileOpenOnly(t *testing.T) {
	var emitters Emitters[*int]
	var in inbox
	emitter := emitters.Add(in.consume)
	build := counter()
	send := func() int {
		accepted, err := emitters.Send(t.Context(), build)
		require.NoError(t, err)
		return accepted
	}
	assert.Equal(t, 0, send(), "not open yet")
	emitter.Open()
	assert.Equal(t, 1, send())
	require.NoError(t, emitter.Close(t.Context(), build))
	assert.Equal(t, 0, send(), "closed")
	require.NoError(t, emitter.Close(t.Context(), build), "twice")
	assert.Len(t, in.got, 2, "one while open, and the last when it was closed")
}

func TestCloseBeforeOpenSendsNothing(t *testing.T) {
	var emitters Emitters[*int]
	var in inbox
	require.NoError(t, emitters.Add(in.consume).Close(t.Context(), counter()))
	assert.Empty(t, in.got)
}

// The consumer of an emitter may change what it is given.
func TestEveryEmitterHasItsOwnValue(t *testing.T) {
	var emitters Emitters[*int]
	var a, b inbox
	emitters.Add(a.consume).Open()
	emitters.Add(b.consume).Open()
	accepted, err := emitters.Send(t.Context(), counter())
	require.NoError(t, err)
	assert.Equal(t, 2, accepted)
	assert.NotSame(t, a.got[0], b.got[0])
	assert.Equal(t, 2, emitters.Len())
}

func TestOneEmittersErrorDoesNotKeepTheOthersFromTheData(t *testing.T) {
	var emitters Emitters[*int]
	a, b := inbox{err: errors.New("refused")}, inbox{}
	emitters.Add(a.consume).Open()
	emitters.Add(b.consume).Open()
	accepted, err := emitters.Send(t.Context(), counter())
	require.ErrorIs(t, err, a.err)
	assert.Equal(t, 1, accepted)
	assert.Len(t, b.got, 1)
}

// Close waits for what is being sent, and nothing comes after it.
func TestNothingAfterClose(t *testing.T) {
	for range 200 {
		var emitters Emitters[*int]
		var closed atomic.Bool
		emitter := emitters.Add(func(context.Context, *int) error {
			assert.False(t, closed.Load(), "written to after Close")
			return nil
		})
		emitter.Open()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					_, err := emitters.Send(t.Context(), counter())
					assert.NoError(t, err)
				}
			})
		}
		require.NoError(t, emitter.Close(t.Context(), nil))
		closed.Store(true)
		wg.Wait()
	}
}
