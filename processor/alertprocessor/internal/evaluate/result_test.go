// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Two rules may raise alerts with the same labels. The alert fires since the first did,
// whatever the order of the groups.
func TestEqualAlertsFireSinceTheFirst(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 20 { // maps have any order
		e := &Evaluator{groups: map[string]*groupState{}}
		for i, key := range []string{"b", "a", "c"} {
			state := newGroupState()
			alert := alertevent.Alert{Labels: map[string]string{"alertname": "A"}, StartsAt: start.Add(time.Duration((i+1)%3) * time.Minute)}
			state.firing[alert.Fingerprint()] = alert
			e.groups[key] = state
		}
		e.Awaited = func() map[string]Awaited { return nil }
		result := e.result()
		assert.Len(t, result.Firing, 1)
		for _, alert := range result.Firing {
			assert.Equal(t, start, alert.StartsAt)
		}
	}
}

func TestTurnover(t *testing.T) {
	set := func(values ...string) map[uint64]labels.Labels {
		out := map[uint64]labels.Labels{}
		for _, value := range values {
			alert := labels.FromStrings("alertname", "A", "host", "h", "value", value)
			out[alert.Hash()] = alert
		}
		return out
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		steps [][]string
		want  bool
	}{
		"the value is a label":          {[][]string{{"1"}, {"2"}, {"3"}, {"4"}}, true},
		"not yet often enough":          {[][]string{{"1"}, {"2"}, {"3"}}, false},
		"half of two":                   {[][]string{{"a", "1"}, {"a", "2"}, {"a", "3"}, {"a", "4"}}, true},
		"one of three":                  {[][]string{{"a", "b", "1"}, {"a", "b", "2"}, {"a", "b", "3"}, {"a", "b", "4"}}, false},
		"fires, resolved, fires":        {[][]string{{"1"}, nil, {"1"}, nil, {"1"}}, false},
		"more and more":                 {[][]string{{"1"}, {"1", "2"}, {"1", "2", "3", "4"}, {"1", "2", "3", "4", "5", "6", "7", "8", "9"}}, false},
		"interrupted by one that stays": {[][]string{{"1"}, {"2"}, {"3"}, {"3"}, {"4"}, {"5"}}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got turnover
			for i, step := range test.steps {
				got = got.next(at.Add(time.Duration(i)*time.Minute), set(step...))
			}
			assert.Equal(t, test.want, got.isUnstable())
			if test.want {
				assert.Equal(t, []string{"value"}, got.labels)
				assert.Equal(t, at.Add(time.Minute), got.since)
			}
		})
	}
}
