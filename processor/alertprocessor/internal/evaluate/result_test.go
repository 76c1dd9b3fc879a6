// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// Two rules may raise alerts with the same labels. The alert fires since the first did,
// whatever the order of the groups, and until none of them raises it.
func TestEqualAlertsFireSinceTheFirst(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	alert := alertevent.Alert{Labels: map[string]string{"alertname": "A"}}
	fingerprint := alert.Fingerprint()
	firing := func(minute int) *groupState {
		state := newGroupState()
		alert.StartsAt = start.Add(time.Duration(minute) * time.Minute)
		state.firing[fingerprint] = alert
		return state
	}
	e := &Evaluator{groups: newStates()}
	for _, step := range []struct {
		group   string
		state   *groupState
		since   int // minutes; less than 0 when it does not fire
		pending bool
		ended   bool
	}{
		{group: "b", state: firing(1), since: 1},
		{group: "a", state: firing(2), since: 1},
		{group: "c", state: firing(0), since: 0},
		{group: "b", state: &groupState{pending: []string{fingerprint, fingerprint}}, since: 0, pending: true},
		{group: "c", state: newGroupState(), since: 2, pending: true},
		{group: "a", state: nil, since: -1, pending: true, ended: true},
		{group: "b", state: &groupState{pending: []string{fingerprint}}, since: -1, pending: true},
		{group: "b", state: newGroupState(), since: -1, ended: true},
	} {
		result := e.replace(step.group, step.state, nil)
		assert.Equal(t, step.pending, result.Pending(fingerprint), step)
		assert.Equal(t, step.ended, slices.Contains(result.Ended, fingerprint), step)
		if step.since < 0 {
			assert.Empty(t, result.Firing, step)
			assert.Zero(t, result.TotalFiring, step)
			continue
		}
		assert.Equal(t, start.Add(time.Duration(step.since)*time.Minute), result.Firing[fingerprint].StartsAt, step)
		assert.Equal(t, 1, result.TotalFiring, step)
	}
	assert.Empty(t, e.groups.raisedBy)
	assert.Empty(t, e.groups.pendingIn)
}

// What an evaluation of a group costs does not depend on the alerts of others: a look at any of
// them would panic.
func TestResultOfAGroupDoesNotVisitOthers(t *testing.T) {
	e := &Evaluator{groups: newStates()}
	state := func(name string, n int) *groupState {
		state := newGroupState()
		for i := range n {
			alert := alertevent.Alert{Labels: map[string]string{"alertname": name, "i": strconv.Itoa(i)}}
			state.firing[alert.Fingerprint()] = alert
			state.pending = append(state.pending, "pending "+name+strconv.Itoa(i))
		}
		return state
	}
	e.replace("other", state("other", 100), nil)
	for fingerprint := range e.groups.raisedBy {
		e.groups.raisedBy[fingerprint] = []*groupState{nil}
	}
	e.groups.byGroup["other"] = nil
	for _, step := range []struct{ firing, ended int }{{10, 0}, {5, 10}, {10, 0}, {0, 20}} {
		result := e.replace("own", state("own", step.firing), nil)
		assert.Len(t, result.Firing, step.firing)
		assert.Len(t, result.Ended, step.ended)
		assert.Equal(t, 100+step.firing, result.TotalFiring)
		assert.Equal(t, 100+step.firing, result.TotalPending)
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
