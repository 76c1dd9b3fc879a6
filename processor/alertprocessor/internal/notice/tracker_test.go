// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notice

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// step is an observation, minutes after the start, and what it is to lead to.
type step struct {
	minute     float64
	firing     string // one letter for each alert
	want       string // "fire a", "repeat a", "resolve a", separated by commas
	suppressed map[Reason]int
}

func TestTracker(t *testing.T) {
	policy := Policy{Cooldown: 5 * time.Minute, Repeat: 4 * time.Hour, Limit: 100}
	tests := []struct {
		name   string
		policy Policy
		steps  []step
	}{
		{
			name: "told once while it fires", policy: policy,
			steps: []step{
				{0, "a", "fire a", nil}, {1, "a", "", nil}, {5, "a", "", nil}, {60, "a", "", nil},
			},
		},
		{
			name: "repeated after the interval", policy: policy,
			steps: []step{
				{0, "a", "fire a", nil}, {239, "a", "", nil}, {240, "a", "repeat a", nil}, {241, "a", "", nil}, {480, "a", "repeat a", nil},
			},
		},
		{
			name: "never repeated", policy: Policy{Cooldown: time.Minute, Limit: 1},
			steps: []step{{0, "a", "fire a", nil}, {100000, "a", "", nil}},
		},
		{
			name: "not repeated within the cooldown", policy: Policy{Cooldown: time.Hour, Repeat: time.Minute, Limit: 1},
			steps: []step{{0, "a", "fire a", nil}, {59, "a", "", nil}, {60, "a", "repeat a", nil}},
		},
		{
			name: "resolved once", policy: policy,
			steps: []step{{0, "a", "fire a", nil}, {10, "", "resolve a", nil}, {11, "", "", nil}},
		},
		{
			name: "resolved within the cooldown all the same", policy: policy,
			steps: []step{{0, "a", "fire a", nil}, {1, "", "resolve a", nil}},
		},
		{
			name: "flaps within the cooldown", policy: policy,
			steps: []step{
				{0, "a", "fire a", nil},
				{1, "", "resolve a", nil},
				{2, "a", "", map[Reason]int{Cooldown: 1}},
				{2.5, "a", "", nil}, // counted when it began
				{3, "", "", map[Reason]int{Untold: 1}},
				{4, "a", "", map[Reason]int{Cooldown: 1}},
				{4.5, "", "", map[Reason]int{Untold: 1}},
				{6, "a", "fire a", nil},
			},
		},
		{
			name: "fires again and still does when the cooldown ends", policy: policy,
			steps: []step{
				{0, "a", "fire a", nil},
				{1, "", "resolve a", nil},
				{2, "a", "", map[Reason]int{Cooldown: 1}},
				{4.9, "a", "", nil},
				{5, "a", "fire a", nil},
				{6, "", "resolve a", nil},
			},
		},
		{
			name: "the cooldown runs from the last firing notice, repeats among them", policy: policy,
			steps: []step{
				{0, "a", "fire a", nil},
				{240, "a", "repeat a", nil},
				{241, "", "resolve a", nil},
				{242, "a", "", map[Reason]int{Cooldown: 1}},
				{245, "a", "fire a", nil},
			},
		},
		{
			name: "no cooldown", policy: Policy{Limit: 1},
			steps: []step{{0, "a", "fire a", nil}, {1, "", "resolve a", nil}, {1, "a", "fire a", nil}, {1, "", "resolve a", nil}},
		},
		{
			name: "alerts do not affect each other", policy: policy,
			steps: []step{
				{0, "a", "fire a", nil},
				{1, "ab", "fire b", nil},
				{2, "b", "resolve a", nil},
				{3, "ab", "", map[Reason]int{Cooldown: 1}},
				{5, "a", "fire a, resolve b", nil},
			},
		},
		{
			name: "above the limit", policy: Policy{Cooldown: 5 * time.Minute, Limit: 2},
			steps: []step{
				{0, "abc", "fire a, fire b", map[Reason]int{Limit: 1}},
				{1, "bc", "resolve a", map[Reason]int{Limit: 1}}, // a still cools
				{6, "bc", "", map[Reason]int{Limit: 1}},          // a is forgotten at the end of this
				{7, "bc", "fire c", nil},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tracker := NewTracker[string](test.policy)
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			for _, step := range test.steps {
				firing := map[string]string{}
				for _, key := range step.firing {
					firing[string(key)] = fmt.Sprintf("%c at %v", key, step.minute)
				}
				report := tracker.Observe(start.Add(time.Duration(step.minute*float64(time.Minute))), firing)
				assert.Equal(t, step.want, describe(report.Notices), "minute %v", step.minute)
				if step.suppressed == nil {
					step.suppressed = map[Reason]int{}
				}
				assert.Equal(t, step.suppressed, report.Suppressed, "minute %v", step.minute)
			}
		})
	}
}

func TestTrackerTellsOfTheLatest(t *testing.T) {
	tracker := NewTracker[string](Policy{Cooldown: time.Minute, Limit: 1})
	now := time.Unix(0, 0)
	tracker.Observe(now, map[string]string{"a": "first"})
	tracker.Observe(now.Add(time.Second), map[string]string{"a": "second"})
	report := tracker.Observe(now.Add(2*time.Second), nil)
	assert.Equal(t, []Notice[string]{{Key: "a", Kind: Resolve, Alert: "second"}}, report.Notices)
}

func TestTrackerForgets(t *testing.T) {
	tracker := NewTracker[int](Policy{Cooldown: time.Minute, Limit: 10})
	now := time.Unix(0, 0)
	for i := range 1000 {
		now = now.Add(time.Minute)
		report := tracker.Observe(now, map[string]int{strconv.Itoa(i): i})
		assert.Equal(t, Fire, report.Notices[0].Kind)
	}
	assert.LessOrEqual(t, len(tracker.alerts), 2)
}

func describe(notices []Notice[string]) string {
	var out []string
	for _, n := range notices {
		out = append(out, map[Kind]string{Fire: "fire ", Repeat: "repeat ", Resolve: "resolve "}[n.Kind]+n.Key)
	}
	return strings.Join(out, ", ")
}
