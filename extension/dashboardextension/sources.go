// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
)

// sources are the processors of one kind that show themselves, by the order of
// their IDs. The zero value has none.
type sources[S any] struct {
	mu    sync.RWMutex
	shown []*source[S]
}

type source[S any] struct {
	id    component.ID
	asked S
}

// add shows a source until the function it returns is called.
func (s *sources[S]) add(id component.ID, asked S) (hide func()) {
	added := &source[S]{id: id, asked: asked}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(slices.Clone(s.shown), added)
	slices.SortStableFunc(s.shown, func(a, b *source[S]) int { return cmp.Compare(a.id.String(), b.id.String()) })
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.shown = slices.DeleteFunc(slices.Clone(s.shown), func(other *source[S]) bool { return other == added })
	}
}

// all are those shown now. The slice is not changed any more.
func (s *sources[S]) all() []*source[S] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.shown
}

// ids are those of the sources shown now.
func (s *sources[S]) ids() []string {
	var ids []string
	for _, shown := range s.all() {
		ids = append(ids, shown.id.String())
	}
	return ids
}

// named is the source of an ID; the first one where the ID is "".
func (s *sources[S]) named(id string) (found S, ok bool) {
	for _, shown := range s.all() {
		if id == "" || shown.id.String() == id {
			return shown.asked, true
		}
	}
	return found, false
}
