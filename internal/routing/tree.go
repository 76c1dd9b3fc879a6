// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package routing

import (
	"iter"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/otelcol-arc/otelcol-arc/internal/mutetime"
)

// Nobody is the receiver that notifies nobody, as Alertmanager's users name one
// without integrations.
const Nobody = "null"

// Route is a node of the tree, with what it inherits.
type Route struct {
	Receiver string
	// Key has the matchers from the root to here, as in Alertmanager. Several routes
	// can have the same.
	Key                                      string
	Matchers                                 labels.Matchers
	GroupBy                                  []string
	GroupByAll                               bool
	GroupWait, GroupInterval, RepeatInterval time.Duration
	Continue                                 bool
	Routes                                   []*Route

	mute, active mutetime.Intervals
	hasActive    bool
}

// IsMuted reports whether nothing is notified at the time.
func (r *Route) IsMuted(at time.Time) bool {
	return r.mute.Contains(at) || r.hasActive && !r.active.Contains(at)
}

// matches reports whether the labels meet the matchers; a missing label is empty.
func (r *Route) matches(alert map[string]string) bool {
	return !slices.ContainsFunc(r.Matchers, func(m *labels.Matcher) bool { return !m.Matches(alert[m.Name]) })
}

// match appends the routes that notify of an alert: the deepest that match, from
// the first to the last, or to the first that does not continue.
func (r *Route) match(alert map[string]string, found []*Route) []*Route {
	if !r.matches(alert) {
		return found
	}
	before := len(found)
	for _, child := range r.Routes {
		known := len(found)
		found = child.match(alert, found)
		if len(found) > known && !child.Continue {
			break
		}
	}
	if len(found) == before {
		found = append(found, r)
	}
	return found
}

// Tree is a routing tree.
type Tree struct{ root *Route }

// Match returns the routes of an alert, each with another receiver. In
// Alertmanager, two routes with the same receiver notify it twice; here the first
// of them does.
func (t *Tree) Match(alert map[string]string) []*Route {
	found := t.root.match(alert, nil)
	if len(found) == 1 {
		return found
	}
	known := map[string]bool{}
	return slices.DeleteFunc(found, func(r *Route) bool {
		twice := known[r.Receiver]
		known[r.Receiver] = true
		return twice
	})
}

// Root is the route that every alert matches.
func (t *Tree) Root() *Route { return t.root }

// All are the routes, each after the one above it.
func (t *Tree) All() iter.Seq[*Route] {
	return func(yield func(*Route) bool) { t.root.walk(yield) }
}

func (r *Route) walk(yield func(*Route) bool) bool {
	return yield(r) && !slices.ContainsFunc(r.Routes, func(child *Route) bool { return !child.walk(yield) })
}

// Receivers are the receivers of all routes but [Nobody], sorted.
func (t *Tree) Receivers() []string {
	var names []string
	for r := range t.All() {
		if r.Receiver != Nobody {
			names = append(names, r.Receiver)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
