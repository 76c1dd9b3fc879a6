// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// An alert inhibits those of a group that is evaluated once an hour, and no longer than it fires.
func TestInhibitionAcrossGroups(t *testing.T) {
	config := rulesOf(t, `
groups:
  - name: hourly
    interval: 1h
    rules: [{alert: Slow, expr: flag >= 0, labels: {severity: warning}}]
  - name: often
    interval: 15s
    rules: [{alert: Down, expr: flag > 1, labels: {severity: critical}}]
`)
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			config(c)
			c.GroupBy, c.GroupWait = []string{"alertname"}, 10*time.Minute
			c.InhibitRules = []InhibitRuleConfig{{SourceMatchers: []string{`alertname="Down"`}, TargetMatchers: []string{`alertname="Slow"`}}}
		}))
		for len(r.active()) == 0 {
			r.flag(0, 15*time.Second)
		}
		r.flag(2, 20*time.Minute)
		assert.Equal(t, []string{"firing Down"}, lines(r.notifications()), "Slow waited for its group, and was not evaluated again")
		r.flag(0, 6*time.Minute)
		assert.ElementsMatch(t, []string{"firing Slow", "resolved Down"}, lines(r.notifications()))
	})
}

// What fired before a restart is resolved when there is no rule any more.
func TestRulesAreGoneAfterARestart(t *testing.T) {
	directory := t.TempDir()
	rules := rulesOf(t, `
groups:
  - name: g
    rules:
      - {alert: Flag, expr: flag > 0}
      - {alert: Kept, expr: flag > 0, keep_firing_for: 5m}
      - {alert: Bad, expr: flag * on (job) flag > 0}
`)
	falseclock.Test(t, func(t *testing.T) {
		start := func(change func(*Config)) *rig {
			return newRig(t, testConfig(func(c *Config) {
				c.Storage.Directory = directory
				change(c)
			}))
		}
		r := start(rules)
		r.flags(time.Minute, map[string]float64{"a": 1, "b": 1})
		assert.Equal(t, []string{"firing RuleCannotBeEvaluated", "firing Flag", "firing Flag", "firing Kept", "firing Kept"}, lines(r.notifications()))
		r.stop()
		r = start(func(*Config) {})
		r.flag(1, 15*time.Second)
		assert.ElementsMatch(t, []string{"resolved RuleCannotBeEvaluated", "resolved Flag", "resolved Flag", "resolved Kept", "resolved Kept"}, lines(r.notifications()))
		r.stop()
	})
}
