// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// The dashboard has what a rule compares over time, and when its alerts were pending or firing.
func TestGraphOnThePage(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		r := newRig(t, testConfig(func(c *Config) {
			c.Rules = []RuleConfig{
				{Name: "Flag", Expr: "flag > 1 + 1 and flag < 100", For: time.Minute, Severity: "warning", Summary: "flag is {{ $value }}"},
				{Name: "Flag", Expr: "flag > 50", Severity: "critical"},
			}
		}))
		start := time.Now()
		r.flag(1, time.Minute)
		r.flag(5, 3*time.Minute)
		r.flag(1, 2*time.Minute)
		alerts := r.host.page.alerts
		rule := alerts.RuleGroups()[0].Rules[0]
		graph, err := alerts.Graph(t.Context(), rule.Expr, start, time.Now())
		require.NoError(t, err)
		assert.Equal(t, "flag", graph.Expr)
		assert.Equal(t, ">", graph.Operator)
		assert.InDelta(t, 2, graph.Limit, 0)
		require.Len(t, graph.Series, 1)
		at := func(since time.Duration) float64 {
			return graph.Series[0].Values[start.Add(since).Sub(graph.From)/graph.Step]
		}
		assert.InDelta(t, 1, at(50*time.Second), 0)
		assert.InDelta(t, 5, at(3*time.Minute), 0)
		assert.InDelta(t, 1, at(5*time.Minute), 0)

		intervals, err := alerts.Intervals(t.Context(), &rule, start, time.Now())
		require.NoError(t, err)
		require.Len(t, intervals, 2, "the other rule of the name never fired")
		assert.Equal(t, []string{"pending", "firing"}, []string{intervals[0].State, intervals[1].State})
		for _, in := range intervals {
			assert.False(t, in.Open)
			assert.Equal(t, "warning", in.Labels["severity"])
		}
		assert.Equal(t, intervals[0].To, intervals[1].From)
		assert.WithinRange(t, intervals[0].From, start.Add(time.Minute), start.Add(90*time.Second))
		assert.InDelta(t, time.Minute, intervals[0].To.Sub(intervals[0].From), float64(time.Second))
		assert.WithinRange(t, intervals[1].To, start.Add(4*time.Minute), start.Add(4*time.Minute+30*time.Second))

		r.flag(7, 2*time.Minute)
		intervals, err = alerts.Intervals(t.Context(), &rule, start, time.Now())
		require.NoError(t, err)
		require.Len(t, intervals, 4)
		assert.True(t, intervals[3].Open)

		none, err := alerts.Graph(t.Context(), "nothing > 1", start, time.Now())
		require.NoError(t, err)
		assert.Empty(t, none.Series)
		_, err = alerts.Graph(t.Context(), "flag * on (job) group_right", start, time.Now())
		require.Error(t, err)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = alerts.Graph(gone, rule.Expr, start, time.Now())
		require.Error(t, err)
		assert.False(t, math.IsNaN(graph.Limit))
		r.stop()
		_, err = alerts.Graph(context.Background(), rule.Expr, start, time.Now())
		require.Error(t, err)
	})
}
