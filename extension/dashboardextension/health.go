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

	"github.com/otelcol-arc/otelcol-arc/extension/dashboardextension/internal/text"
)

// problem is a component status that is not healthy: one of ours whose
// disk is full, or any other by the Collector's component status.
type trouble struct {
	kind   component.Kind
	id     component.ID
	status componentstatus.Status
	err    error
	since  time.Time
}

// problems are those of now, by the instances that have them. The zero value has none.
type troubles struct {
	mu sync.Mutex
	of map[componentstatus.InstanceID]trouble
}

func (t *troubles) changed(source *componentstatus.InstanceID, event *componentstatus.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !componentstatus.StatusIsError(event.Status()) {
		delete(t.of, *source)
		return
	}
	now := trouble{source.Kind(), source.ComponentID(), event.Status(), event.Err(), event.Timestamp()}
	if before, ok := t.of[*source]; ok {
		now.since = before.since
	}
	if t.of == nil {
		t.of = map[componentstatus.InstanceID]trouble{}
	}
	t.of[*source] = now
}

// list has one problem of each component, of its instances the one degraded for the
// longest, by kinds and IDs.
func (t *troubles) list() []trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]trouble, 0, len(t.of))
	for _, one := range t.of {
		list = append(list, one)
	}
	same := func(a, b trouble) int {
		return cmp.Or(cmp.Compare(a.kind.String(), b.kind.String()), cmp.Compare(a.id.String(), b.id.String()))
	}
	slices.SortFunc(list, func(a, b trouble) int { return cmp.Or(same(a, b), a.since.Compare(b.since)) })
	return slices.CompactFunc(list, func(a, b trouble) bool { return same(a, b) == 0 })
}

var _ componentstatus.Watcher = (*board)(nil)

// ComponentStatusChanged is called by the Collector for every component.
func (b *board) ComponentStatusChanged(source *componentstatus.InstanceID, event *componentstatus.Event) {
	b.troubles.changed(source, event)
}

// maxErrorRunes is how much of an error is shown.
const maxErrorRunes = 500

func (t *trouble) text() string {
	if t.err == nil {
		return ""
	}
	return text.Cut(t.err.Error(), maxErrorRunes)
}

// problemView is a problem on the dashboard.
type troubleView struct {
	Component, Error string
	Since            time.Time
	Ago              string
}

func (b *board) troubleViews() []troubleView {
	var views []troubleView
	for _, one := range b.troubles.list() {
		views = append(views, troubleView{
			Component: strings.ToLower(one.kind.String()) + " " + one.id.String(), Error: one.text(),
			Since: one.since, Ago: text.Ago(b.now().Sub(one.since)),
		})
	}
	return views
}

type healthJSON struct {
	Healthy  bool          `json:"healthy"`
	Troubles []troubleJSON `json:"troubles"`
}

type troubleJSON struct {
	Kind   string    `json:"kind"`
	ID     string    `json:"id"`
	Status string    `json:"status"`
	Error  string    `json:"error"`
	Since  time.Time `json:"since"`
}

func (b *board) getHealth(r *http.Request) (answer, error) {
	if err := newParams(r.URL.Query()).err(); err != nil {
		return answer{}, err
	}
	health := healthJSON{Healthy: true, Troubles: []troubleJSON{}}
	for _, one := range b.troubles.list() {
		health.Healthy = false
		health.Troubles = append(health.Troubles, troubleJSON{
			Kind: strings.ToLower(one.kind.String()), ID: one.id.String(), Status: one.status.String(), Error: one.text(), Since: one.since.UTC(),
		})
	}
	return answer{data: health}, nil
}
