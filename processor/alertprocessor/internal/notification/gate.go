// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import "time"

// Gate lets one event through for each key and cooldown. It is for what
// happens once and is not resolved. It is not safe for concurrent use.
type Gate struct {
	limit int
	until map[string]time.Time // when the cooldown of a key ends
	sweep time.Time            // before this, no cooldown ends
}

// NewGate makes a gate that remembers up to limit keys. Events whose key would
// exceed it share the cooldown of their overflow key.
func NewGate(limit int) *Gate {
	return &Gate{limit: limit, until: map[string]time.Time{}}
}

// Pass reports whether the occurrence of a key may be notified, and if so, starts its
// cooldown.
func (g *Gate) Pass(now time.Time, key, overflow string, cooldown time.Duration) bool {
	if cooldown <= 0 {
		return true
	}
	if _, known := g.until[key]; !known && len(g.until) >= g.limit {
		g.forget(now)
		if len(g.until) >= g.limit {
			key = overflow
		}
	}
	if now.Before(g.until[key]) {
		return false
	}
	g.until[key] = now.Add(cooldown)
	g.noteEnd(g.until[key])
	return true
}

// Renew starts the cooldown of a key that has one again.
func (g *Gate) Renew(now time.Time, key string, cooldown time.Duration) {
	if _, known := g.until[key]; known {
		g.until[key] = now.Add(cooldown)
	}
}

func (g *Gate) noteEnd(until time.Time) {
	if g.sweep.IsZero() || until.Before(g.sweep) {
		g.sweep = until
	}
}

// forget removes the keys whose cooldown is over. It looks through all of them
// only when one is.
func (g *Gate) forget(now time.Time) {
	if now.Before(g.sweep) {
		return
	}
	g.sweep = time.Time{}
	for key, until := range g.until {
		if !now.Before(until) {
			delete(g.until, key)
		} else if g.sweep.IsZero() || until.Before(g.sweep) {
			g.sweep = until
		}
	}
}
