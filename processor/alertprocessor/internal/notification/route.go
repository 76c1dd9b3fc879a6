// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"iter"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

// route is how alerts are notified to one receiver.
type route struct {
	receiver string // "" is every channel
	key      string // what the keys of its groups begin with
	grouping Grouping
	repeat   time.Duration
	node     *routing.Route // nil without a tree
}

func (r *route) isMuted(now time.Time) bool { return r.node != nil && r.node.IsMuted(now) }

// routes are those of a policy.
type routes struct {
	tree      *routing.Tree
	nodes     map[*routing.Route]*route
	flat      []*route // the one without a tree
	receivers []string // all that an alert can have
}

func newRoutes(policy Policy) routes {
	all := routes{tree: policy.Routes}
	if all.tree == nil {
		all.flat = []*route{{key: "{}", grouping: policy.Grouping, repeat: policy.Repeat}}
		all.receivers = []string{""}
		return all
	}
	all.receivers = all.tree.Receivers()
	all.nodes = map[*routing.Route]*route{}
	for node := range all.tree.All() {
		grouping := Grouping{By: node.GroupBy, Always: true, Wait: node.GroupWait, Interval: node.GroupInterval}
		if node.GroupByAll {
			grouping.By = []string{ByAll}
		}
		all.nodes[node] = &route{receiver: node.Receiver, key: node.Key, grouping: grouping, repeat: node.RepeatInterval, node: node}
	}
	return all
}

// of are the routes of an alert, each with another receiver.
func (r *routes) of(labels map[string]string) []*route {
	if r.tree == nil {
		return r.flat
	}
	var found []*route
	for _, node := range r.tree.Match(labels) {
		if node.Receiver != routing.Nobody {
			found = append(found, r.nodes[node])
		}
	}
	return found
}

// to is the route of an alert to a receiver. When the configuration has changed and
// has none, it is one by which the resolution is sent individually.
func (r *routes) to(labels map[string]string, receiver string) *route {
	for _, found := range r.of(labels) {
		if found.receiver == receiver {
			return found
		}
	}
	return &route{receiver: receiver}
}

// address makes notifications of an alert that the log raises itself.
func (r *routes) address(alert alertevent.Alert) []Notification {
	var out []Notification
	for _, found := range r.of(alert.Labels) {
		alert.Receiver = found.receiver
		out = append(out, Notification{Alerts: []alertevent.Alert{alert}})
	}
	return out
}

// keyOf is the key of an entry or group of a receiver.
func keyOf(base, receiver string) string {
	if receiver == "" {
		return base
	}
	return base + " " + receiver
}

func (e *entry) key() string { return keyOf(e.base, e.route.receiver) }

// ofAlert are the entries of an alert whose receivers are those of now.
func (b *Log) ofAlert(base string) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for _, receiver := range b.routes.receivers {
			if e, ok := b.alerts[keyOf(base, receiver)]; ok && !yield(e) {
				return
			}
		}
	}
}
