// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package persistentqueue

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// memory is a storage that counts its writes, and can fail.
type memory struct {
	content map[string]string
	writes  int
	err     error
}

func (m *memory) Get(ctx context.Context, key string) ([]byte, error) {
	o := storage.GetOperation(key)
	err := m.Batch(ctx, o)
	return o.Value, err
}

func (m *memory) Set(ctx context.Context, key string, value []byte) error {
	return m.Batch(ctx, storage.SetOperation(key, value))
}

func (m *memory) Delete(ctx context.Context, key string) error {
	return m.Batch(ctx, storage.DeleteOperation(key))
}

func (m *memory) Batch(_ context.Context, operations ...*storage.Operation) error {
	if m.err != nil {
		return m.err
	}
	wrote := false
	for _, o := range operations {
		switch o.Type {
		case storage.Get:
			if value, ok := m.content[o.Key]; ok {
				o.Value = []byte(value)
			}
		case storage.Set:
			m.content[o.Key], wrote = string(o.Value), true
		case storage.Delete:
			delete(m.content, o.Key)
			wrote = true
		}
	}
	if wrote {
		m.writes++
	}
	return nil
}

func (m *memory) Close(context.Context) error { return nil }

func (m *memory) list(context.Context) ([]string, error) {
	return slices.Collect(maps.Keys(m.content)), m.err
}

// queue is a queue whose request N is "rN".
func queue(t *testing.T, m metadata, requests ...uint64) *memory {
	t.Helper()
	s := &memory{content: map[string]string{MetadataKey: string(m.encode())}}
	for _, index := range requests {
		s.content[strconv.FormatUint(index, 10)] = "r" + strconv.FormatUint(index, 10)
	}
	return s
}

// order is what the queue reads, in its order, and the other keys.
func order(t *testing.T, s *memory) (requests, others []string) {
	t.Helper()
	m, err := parse([]byte(s.content[MetadataKey]))
	require.NoError(t, err)
	require.Empty(t, m.dispatched)
	left := maps.Clone(s.content)
	delete(left, MetadataKey)
	for index := m.read; index < m.write; index++ {
		key := strconv.FormatUint(index, 10)
		requests = append(requests, left[key])
		delete(left, key)
	}
	return requests, slices.Collect(maps.Keys(left))
}

func TestRestore(t *testing.T) {
	for name, test := range map[string]struct {
		metadata metadata
		requests []uint64
		want     []string
		restored Restored
	}{
		"nothing was being sent": {metadata{read: 3, write: 5}, []uint64{3, 4}, []string{"r3", "r4"}, Restored{}},
		"empty":                  {metadata{}, nil, nil, Restored{}},
		"the last ones read":     {metadata{read: 3, write: 5, dispatched: []uint64{2, 1}}, []uint64{1, 2, 3, 4}, []string{"r1", "r2", "r3", "r4"}, Restored{Requeued: 2}},
		"some in between are done": {
			metadata{read: 9, write: 10, dispatched: []uint64{8, 1, 5}},
			[]uint64{1, 5, 8, 9},
			[]string{"r1", "r5", "r8", "r9"},
			Restored{Requeued: 3},
		},
		"overlapping moves":   {metadata{read: 6, write: 6, dispatched: []uint64{3, 4, 1}}, []uint64{1, 3, 4}, []string{"r1", "r3", "r4"}, Restored{Requeued: 3}},
		"one is missing":      {metadata{read: 6, write: 7, dispatched: []uint64{3, 4}}, []uint64{4, 6}, []string{"r4", "r6"}, Restored{Requeued: 1}},
		"everything was sent": {metadata{read: 2, write: 2, dispatched: []uint64{0, 1}}, []uint64{0, 1}, []string{"r0", "r1"}, Restored{Requeued: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			s := queue(t, test.metadata, test.requests...)
			restored, err := Restore(t.Context(), s, s.list)
			require.NoError(t, err)
			assert.Equal(t, test.restored, restored)
			assert.LessOrEqual(t, s.writes, 1, "one batch, or a kill in between loses some")
			requests, others := order(t, s)
			assert.Equal(t, test.want, requests)
			assert.Empty(t, others)
			before := maps.Clone(s.content)
			_, err = Restore(t.Context(), s, s.list)
			require.NoError(t, err)
			assert.Equal(t, before, s.content, "the second time there is nothing to do")
		})
	}
}

// Fields that this version does not know stay.
func TestRestoreKeepsOtherFields(t *testing.T) {
	// items_size 7 and bytes_size 9, as sfixed64
	sizes := []byte{0x09, 7, 0, 0, 0, 0, 0, 0, 0, 0x11, 9, 0, 0, 0, 0, 0, 0, 0}
	s := queue(t, metadata{read: 2, write: 3, dispatched: []uint64{1}, rest: sizes}, 1, 2)
	_, err := Restore(t.Context(), s, s.list)
	require.NoError(t, err)
	m, err := parse([]byte(s.content[MetadataKey]))
	require.NoError(t, err)
	assert.Equal(t, metadata{read: 1, write: 3, rest: sizes}, m)
}

func TestMetadataThatIsLost(t *testing.T) {
	for name, content := range map[string]string{"missing": "", "damaged": "\xff\xff", "impossible": string((&metadata{read: 9, write: 3}).encode())} {
		t.Run(name, func(t *testing.T) {
			s := queue(t, metadata{}, 7, 9, 1000)
			s.content[MetadataKey] = content
			if content == "" {
				delete(s.content, MetadataKey)
			}
			restored, err := Restore(t.Context(), s, s.list)
			require.NoError(t, err)
			assert.Equal(t, Restored{Rebuilt: true}, restored)
			assert.Equal(t, 1, s.writes)
			requests, others := order(t, s)
			assert.Equal(t, []string{"r7", "r9", "r1000"}, requests)
			assert.Empty(t, others)
		})
	}
}

func TestWhatIsLeftAlone(t *testing.T) {
	for name, content := range map[string]map[string]string{
		"a new queue":                {},
		"the layout before":          {"ri": "x", "wi": "x", "3": "r3"},
		"no requests":                {"something": "else"},
		"more is sent than was read": {MetadataKey: string((&metadata{read: 1, write: 3, dispatched: []uint64{2}}).encode()), "2": "r2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &memory{content: maps.Clone(content)}
			_, _ = Restore(t.Context(), s, s.list)
			assert.Equal(t, content, s.content)
		})
	}
	s := &memory{err: errors.New("no")}
	_, err := Restore(t.Context(), s, s.list)
	assert.Error(t, err)
}

func TestIsQueue(t *testing.T) {
	assert.True(t, IsQueue(component.KindExporter, "traces"))
	assert.False(t, IsQueue(component.KindExporter, "alerts"))
	assert.False(t, IsQueue(component.KindProcessor, "traces"))
}

func FuzzParse(f *testing.F) {
	f.Add((&metadata{read: 1, write: 3, dispatched: []uint64{0}}).encode())
	f.Add([]byte{0x2a, 8, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		m, err := parse(content)
		if err != nil {
			return
		}
		again, err := parse(m.encode())
		require.NoError(t, err)
		assert.Equal(t, m.read, again.read)
		assert.Equal(t, m.write, again.write)
		assert.Equal(t, m.dispatched, again.dispatched)
	})
}

func TestHoldsRequests(t *testing.T) {
	for name, test := range map[string]struct {
		content map[string]string
		want    bool
		wantErr bool
	}{
		"nothing": {},
		"empty":   {content: map[string]string{MetadataKey: string((&metadata{read: 7, write: 7}).encode())}},
		"waiting": {content: map[string]string{MetadataKey: string((&metadata{read: 7, write: 8}).encode())}, want: true},
		"sent":    {content: map[string]string{MetadataKey: string((&metadata{read: 7, write: 7, dispatched: []uint64{6}}).encode())}, want: true},
		"old":     {content: map[string]string{legacyWriteKey: "12345678"}, want: true},
		"damaged": {content: map[string]string{MetadataKey: "\xff"}, wantErr: true},
	} {
		t.Run(name, func(t *testing.T) {
			holds, err := HoldsRequests(t.Context(), &memory{content: test.content})
			assert.Equal(t, test.want, holds)
			assert.Equal(t, test.wantErr, err != nil)
		})
	}
}
