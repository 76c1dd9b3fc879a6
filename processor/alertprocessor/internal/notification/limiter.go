// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// ranks is the number of values of [alertevent.Alert.SeverityRank], -1 among them.
const ranks = 5

// rankCounts are numbers of alerts by severity rank, that of rank -1 first.
type rankCounts [ranks]int

// atLeast is the number of alerts that are as severe, or more.
func (c *rankCounts) atLeast(rank int) int {
	n := 0
	for _, count := range c[rank+1:] {
		n += count
	}
	return n
}

// limiter decides which alerts are tracked, so that their number is bounded and
// neither a rule nor the less severe alerts displace others.
//
// An alert competes only with those that are as severe or more: less severe ones
// never take its slot. A rule has at most perRule slots. When all slots are in
// use, a rule that has less than its share, the slots divided by the number of
// rules, still gets one. The number of alerts is at most ranks times total, and
// somewhat more for the shares.
type limiter struct {
	perRule, total int

	rules map[string]*rankCounts // by alertname; those without alerts are absent
	all   rankCounts
}

func newLimiter(perRule, total int) *limiter {
	return &limiter{perRule: perRule, total: total, rules: map[string]*rankCounts{}}
}

// admits reports whether there is a slot for another alert.
func (l *limiter) admits(alert alertevent.Alert) bool {
	rank, own, rules := alert.SeverityRank(), 0, len(l.rules)
	if counts, ok := l.rules[alert.Name()]; ok {
		own = counts.atLeast(rank)
	} else {
		rules++
	}
	switch {
	case own >= l.perRule:
		return false
	case l.all.atLeast(rank) < l.total:
		return true
	default:
		return own < l.total/rules
	}
}

func (l *limiter) add(alert alertevent.Alert) {
	counts, ok := l.rules[alert.Name()]
	if !ok {
		counts = &rankCounts{}
		l.rules[alert.Name()] = counts
	}
	rank := alert.SeverityRank() + 1
	counts[rank]++
	l.all[rank]++
}

func (l *limiter) remove(alert alertevent.Alert) {
	counts := l.rules[alert.Name()]
	rank := alert.SeverityRank() + 1
	counts[rank]--
	l.all[rank]--
	if *counts == (rankCounts{}) {
		delete(l.rules, alert.Name())
	}
}
