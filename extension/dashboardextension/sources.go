// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"slices"
	"sync"

	"go.opentelemetry.io/collector/component"
)

// sources are the registered processors of one kind, sorted by ID. The zero value has
// none.
type sources[S any] struct {
	of *sources[S] // that these are seen of, through as; nil: these are the sources
	as func(S) S

	mu    sync.RWMutex
	shown []*source[S]
}

type source[S any] struct {
	id    component.ID
	asked S
	first bool
}

// add registers a source. The function that it returns removes it.
func (s *sources[S]) add(id component.ID, asked S) (hide func()) {
	return s.insert(&source[S]{id: id, asked: asked})
}

// addFirst registers a source that comes before the others.
func (s *sources[S]) addFirst(id component.ID, asked S) {
	s.insert(&source[S]{id: id, asked: asked, first: true})
}

func (s *sources[S]) insert(added *source[S]) (hide func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = append(slices.Clone(s.shown), added)
	slices.SortStableFunc(s.shown, func(a, b *source[S]) int {
		if a.first != b.first {
			if a.first {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.id.String(), b.id.String())
	})
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.shown = slices.DeleteFunc(slices.Clone(s.shown), func(other *source[S]) bool { return other == added })
	}
}

// all are the current sources. The slice is immutable.
func (s *sources[S]) all() []*source[S] {
	if s.of != nil {
		var all []*source[S]
		for _, shown := range s.of.all() {
			all = append(all, &source[S]{id: shown.id, asked: s.as(shown.asked), first: shown.first})
		}
		return all
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.shown
}

// through are the same sources, each seen through a function.
func (s *sources[S]) through(as func(S) S) *sources[S] { return &sources[S]{of: s, as: as} }

// ids are the IDs of the current sources.
func (s *sources[S]) ids() []string {
	var ids []string
	for _, shown := range s.all() {
		ids = append(ids, shown.id.String())
	}
	return ids
}

// byID returns the source with an ID; the first one if the ID is "".
func (s *sources[S]) byID(id string) (found S, ok bool) {
	for _, shown := range s.all() {
		if id == "" || shown.id.String() == id {
			return shown.asked, true
		}
	}
	return found, false
}
