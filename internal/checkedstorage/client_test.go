// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package checkedstorage

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// memory is a storage.
type memory struct {
	content map[string][]byte
	err     error
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) { return m.content[key], m.err }

func (m *memory) Set(_ context.Context, key string, value []byte) error {
	m.content[key] = value
	return m.err
}

func (m *memory) Delete(_ context.Context, key string) error {
	delete(m.content, key)
	return m.err
}

func (m *memory) Batch(_ context.Context, operations ...*storage.Operation) error {
	for _, o := range operations {
		switch o.Type {
		case storage.Get:
			o.Value = bytes.Clone(m.content[o.Key])
		case storage.Set:
			m.content[o.Key] = o.Value
		case storage.Delete:
			delete(m.content, o.Key)
		}
	}
	return m.err
}

func (m *memory) Close(context.Context) error { return nil }

type walker struct{ *memory }

func (w walker) Walk(_ context.Context, fn storage.WalkFunc) error {
	for key, value := range w.content {
		if _, err := fn(key, value); err != nil {
			return err
		}
	}
	return nil
}

func TestEachBitOfAValue(t *testing.T) {
	m := &memory{content: map[string][]byte{}}
	var damaged []string
	c := New(m, func(key string, _ []byte) { damaged = append(damaged, key) })
	require.NoError(t, c.Set(t.Context(), "k", []byte("value")))
	good := m.content["k"]
	lost := 0
	for at := range good {
		for bit := range 8 {
			m.content["k"] = bytes.Clone(good)
			m.content["k"][at] ^= 1 << bit
			value, err := c.Get(t.Context(), "k")
			require.NoError(t, err)
			if value == nil {
				lost++
				continue
			}
			require.Equal(t, "value", string(value), "byte %d", at)
		}
	}
	assert.Equal(t, 8*(len(good)-markSize), lost)
	assert.Len(t, damaged, lost)
}

func TestValueOfAnotherKey(t *testing.T) {
	m := &memory{content: map[string][]byte{}}
	var damaged []string
	c := New(m, func(key string, _ []byte) { damaged = append(damaged, key) })
	require.NoError(t, c.Batch(t.Context(), storage.SetOperation("a", []byte("of a")), storage.SetOperation("b", nil)))
	m.content["c"] = m.content["a"]
	a, b, other := storage.GetOperation("a"), storage.GetOperation("b"), storage.GetOperation("c")
	require.NoError(t, c.Batch(t.Context(), a, b, other))
	assert.Equal(t, "of a", string(a.Value))
	assert.NotNil(t, b.Value)
	assert.Empty(t, b.Value)
	assert.Nil(t, other.Value)
	assert.Equal(t, []string{"c"}, damaged)
}

// What was written without checksums is read as it is.
func TestValuesOfVersionsBefore(t *testing.T) {
	for _, value := range []string{`{"v":1}`, "", "7", "\x02\x00", `[1,2,3,4,5,6,7,8,9]`} {
		m := &memory{content: map[string][]byte{"k": []byte(value)}}
		c := New(m, func(string, []byte) { t.Error("damaged") })
		found, err := c.Get(t.Context(), "k")
		require.NoError(t, err)
		assert.Equal(t, value, string(found))
	}
}

func TestKeys(t *testing.T) {
	m := &memory{content: map[string][]byte{"a": nil, "b": nil}}
	keys, ok, err := New(walker{m}, nil).Keys(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	slices.Sort(keys)
	assert.Equal(t, []string{"a", "b"}, keys)
	_, ok, err = New(m, nil).Keys(t.Context())
	require.NoError(t, err)
	assert.False(t, ok)
}

func TestErrorsPass(t *testing.T) {
	no := errors.New("no")
	c := New(&memory{content: map[string][]byte{}, err: no}, nil)
	_, err := c.Get(t.Context(), "k")
	require.ErrorIs(t, err, no)
	require.ErrorIs(t, c.Set(t.Context(), "k", nil), no)
}
