// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package dashboardextension

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/extension/extensioncapabilities"

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

// problem is a component whose status is not healthy, of this distribution or any
// other.
type problem struct {
	kind   component.Kind
	id     component.ID
	status componentstatus.Status
	err    error
	since  time.Time
}

// problems are the current problems, by component instance. The zero value has none.
type problems struct {
	mu sync.Mutex
	of map[componentstatus.InstanceID]problem
}

func (t *problems) onStatus(source *componentstatus.InstanceID, event *componentstatus.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !componentstatus.StatusIsError(event.Status()) {
		delete(t.of, *source)
		return
	}
	now := problem{source.Kind(), source.ComponentID(), event.Status(), event.Err(), event.Timestamp()}
	if before, ok := t.of[*source]; ok {
		now.since = before.since
	}
	if t.of == nil {
		t.of = map[componentstatus.InstanceID]problem{}
	}
	t.of[*source] = now
}

// list has one problem for each component, that of the instance that is degraded for
// the longest, sorted by kind and ID.
func (t *problems) list() []problem {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]problem, 0, len(t.of))
	for _, one := range t.of {
		list = append(list, one)
	}
	same := func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.kind.String(), b.kind.String()), cmp.Compare(a.id.String(), b.id.String()))
	}
	slices.SortFunc(list, func(a, b problem) int { return cmp.Or(same(a, b), a.since.Compare(b.since)) })
	return slices.CompactFunc(list, func(a, b problem) bool { return same(a, b) == 0 })
}

var _ extensioncapabilities.ComponentStatusWatcher = (*dashboardServer)(nil)

// Changed is called by the Collector with each status of a component.
func (b *dashboardServer) Changed(source *componentstatus.InstanceID, event *componentstatus.Event) {
	b.problems.onStatus(source, event)
}

// maxErrorRunes bounds the part of an error that is shown.
const maxErrorRunes = 500

func (t *problem) text() string {
	if t.err == nil {
		return ""
	}
	return text.Cut(t.err.Error(), maxErrorRunes)
}

// problemView is a problem on the dashboard.
type problemView struct {
	Component, Error string
	Since            time.Time
	Ago              string
}

func (b *dashboardServer) problemViews() []problemView {
	var views []problemView
	for _, one := range b.problems.list() {
		views = append(views, problemView{
			Component: strings.ToLower(one.kind.String()) + " " + one.id.String(), Error: one.text(),
			Since: one.since, Ago: text.Ago(b.now().Sub(one.since)),
		})
	}
	return views
}

type healthJSON struct {
	Healthy    bool          `json:"healthy"`
	Problems   []problemJSON `json:"problems"`
	Deprecated []problemJSON `json:"troubles"` // what problems was called
}

type problemJSON struct {
	Kind   string    `json:"kind"`
	ID     string    `json:"id"`
	Status string    `json:"status"`
	Error  string    `json:"error"`
	Since  time.Time `json:"since"`
}

func (b *dashboardServer) getHealth(r *http.Request) (response, error) {
	if err := newParams(r.URL.Query()).err(); err != nil {
		return response{}, err
	}
	health := healthJSON{Healthy: true, Problems: []problemJSON{}}
	for _, one := range b.problems.list() {
		health.Healthy = false
		health.Problems = append(health.Problems, problemJSON{
			Kind: strings.ToLower(one.kind.String()), ID: one.id.String(), Status: one.status.String(), Error: one.text(), Since: one.since.UTC(),
		})
	}
	health.Deprecated = health.Problems
	return response{data: health}, nil
}
