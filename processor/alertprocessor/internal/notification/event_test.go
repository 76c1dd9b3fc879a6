// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// TestEvents raises alerts that are resolved five minutes later. A word is the name
// of an alert, with ~ when it is silenced, and + when an occurrence extends the alert
// but is not notified.
func TestEvents(t *testing.T) {
	plain := Policy{Cooldown: time.Hour, Repeat: time.Minute, Limit: 10}
	grouped := Policy{Grouping: Grouping{By: []string{"team"}, Wait: 30 * time.Second, Interval: 2 * time.Minute}, Limit: 10}
	capped := Policy{PerMinute: 1, Limit: 10}
	type at struct {
		minute   float64
		happen   string
		want     string
		active   string
		observed string // fires as the alert of a rule
	}
	tests := map[string]struct {
		policy Policy
		steps  []at
	}{
		"notified, and resolved": {plain, []at{
			{minute: 0, happen: "a", want: "a", active: "a"},
			{minute: 4.9, active: "a"}, // not repeated
			{minute: 5, want: "-a"},
			{minute: 6},
		}},
		"active while it goes on": {plain, []at{
			{minute: 0, happen: "a", want: "a", active: "a"},
			{minute: 4, happen: "+a", active: "a"},
			{minute: 8, active: "a"},
			{minute: 9, want: "-a"},
		}},
		"notified again, resolved once": {plain, []at{
			{minute: 0, happen: "a", want: "a", active: "a"},
			{minute: 4, happen: "a", want: "a", active: "a"},
			{minute: 9, want: "-a"},
		}},
		"again after it was resolved": {plain, []at{
			{minute: 0, happen: "a", want: "a", active: "a"},
			{minute: 5, want: "-a"},
			{minute: 6, happen: "a", want: "a", active: "a"},
			{minute: 11, want: "-a"},
		}},
		"twice at once is notified twice, resolved once": {plain, []at{
			{minute: 0, happen: "a a", want: "a; a", active: "a"},
			{minute: 5, want: "-a"},
		}},
		"an alert that was never notified is not resolved": {plain, []at{
			{minute: 0, happen: "~a", active: "~a"},
			{minute: 3, happen: "+a", active: "~a"},
			{minute: 8},
		}},
		"notified once the silence has ended": {plain, []at{
			{minute: 0, happen: "~a", active: "~a"},
			{minute: 1, happen: "a", want: "a", active: "a"},
			{minute: 6, want: "-a"},
		}},
		"the alert of a rule with the same labels is another": {plain, []at{
			{minute: 0, happen: "a", observed: "a", want: "a; a", active: "a"},
			{minute: 5, observed: "a", want: "-a"},
			{minute: 6, want: "-a"},
		}},
		"in a group": {grouped, []at{
			{minute: 0, happen: "a:x", active: "a:x"},
			{minute: 0.5, happen: "b:x", want: "a:x b:x", active: "a:x b:x"},
			{minute: 2.5, active: "a:x b:x"},
			{minute: 4.5, active: "a:x b:x"},
			{minute: 5.1, active: "b:x"},
			{minute: 5.6},
			{minute: 6.5, want: "-a:x -b:x"},
		}},
		"resolved before its group is notified": {Policy{Grouping: Grouping{By: []string{"team"}, Wait: 10 * time.Minute}, Limit: 10}, []at{
			{minute: 0, happen: "a:x", active: "a:x"},
			{minute: 9, active: "a:x"},
			{minute: 10, want: "a:x", active: "a:x"},
			{minute: 10.1, want: "-a:x"},
		}},
		"cut by the cap: not resolved either": {capped, []at{
			{minute: 0, happen: "a b", want: "a", active: "a b"},
			{minute: 1, want: "TooManyAlerts", active: "a b"},
			{minute: 2, want: "-TooManyAlerts", active: "a b"},
			{minute: 5, want: "-a"},
		}},
		"more than there are slots for: notified without a resolution": {Policy{Limit: 2}, []at{
			{minute: 0, happen: "a", want: "a", active: "a"},
			{minute: 1, happen: "b ~c", want: "b", active: "a"},
			{minute: 5, want: "-a"},
			{minute: 6, happen: "b", want: "b", active: "b"},
			{minute: 11, want: "-b"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := NewLog(test.policy)
			for _, s := range test.steps {
				now := minutes(s.minute)
				for word := range strings.FieldsSeq(s.happen) {
					ends := now.Add(5 * time.Minute)
					if extended, ok := strings.CutPrefix(word, "+"); ok {
						assert.True(t, b.Extend(alert(extended).Fingerprint(), ends))
						continue
					}
					name, muted := strings.CutPrefix(word, "~")
					mute := Mute{}
					if muted {
						mute = Mute{Reason: Silenced, By: "s"}
					}
					assert.Empty(t, b.Occur(now, Occurrence{Alert: alert(name), Ends: ends, Mute: mute}))
				}
				firing := map[string]alertevent.Alert{}
				if s.observed != "" {
					firing[alert(s.observed).Fingerprint()] = alert(s.observed)
				}
				assert.Empty(t, b.Observe(now, observationOf(b, firing, nil), nothing), "at %v", s.minute)
				sent, _ := b.Flush(now, nothing)
				assert.Equal(t, s.want, describe(sent), "at %v", s.minute)
				var active []string
				for _, event := range b.Events() {
					word := describe([]Notification{{Alerts: []alertevent.Alert{event.Alert}}})
					if event.Mute.Reason == Silenced {
						word = "~" + word
					}
					active = append(active, word)
				}
				assert.ElementsMatch(t, strings.Fields(s.active), active, "at %v", s.minute)
				if s.active != "" {
					next, ok := b.Next()
					assert.True(t, ok)
					assert.LessOrEqual(t, next, now.Add(10*time.Minute))
				}
			}
			b.Observe(minutes(300), observationOf(b, nil, nil), nothing)
			if last, _ := b.Flush(minutes(300), nothing); assert.Empty(t, last) {
				assert.Empty(t, b.alerts, "nothing is left")
				assert.Empty(t, b.groups)
				assert.Zero(t, b.events)
			}
		})
	}
}

func TestEventKeepsItsStartTime(t *testing.T) {
	b := NewLog(Policy{Limit: 10})
	for minute := range 3 {
		a := alert("a")
		a.StartsAt = minutes(float64(minute))
		b.Occur(a.StartsAt, Occurrence{Alert: a, Ends: a.StartsAt.Add(5 * time.Minute)})
		sent, _ := b.Flush(a.StartsAt, nothing)
		require.Len(t, sent, 1)
		assert.Equal(t, start, sent[0].Alerts[0].StartsAt)
	}
	resolved, _ := b.Flush(minutes(7), nothing)
	require.Len(t, resolved, 1)
	assert.Equal(t, alertevent.Resolved, resolved[0].Alerts[0].State)
	assert.Equal(t, start, resolved[0].Alerts[0].StartsAt)
	assert.Equal(t, minutes(7), resolved[0].Alerts[0].EndsAt)
}

func TestEventsAcrossRestarts(t *testing.T) {
	policy := Policy{Grace: time.Minute, Limit: 10}
	flush := func(b *Log, minute float64) string {
		sent, _ := b.Flush(minutes(minute), nothing)
		return describe(sent)
	}
	t.Run("it goes on, and ends", func(t *testing.T) {
		b := NewLog(policy)
		b.Occur(start, Occurrence{Alert: alert("a"), Ends: minutes(5)})
		require.Equal(t, "a", flush(b, 0))
		b = restart(t, minutes(1), b)
		assert.Len(t, b.Events(), 1)
		assert.Empty(t, flush(b, 4.9), "the grace is for what is observed")
		assert.True(t, b.Extend(alert("a").Fingerprint(), minutes(6)))
		assert.Empty(t, flush(b, 5))
		assert.Equal(t, "-a", flush(b, 6))
		assert.Zero(t, b.events)
	})
	t.Run("it has ended meanwhile", func(t *testing.T) {
		b := NewLog(policy)
		b.Occur(start, Occurrence{Alert: alert("a"), Ends: minutes(5)})
		require.Equal(t, "a", flush(b, 0))
		assert.Equal(t, "-a", flush(restart(t, minutes(60), b), 60))
	})
	t.Run("not yet notified", func(t *testing.T) {
		b := NewLog(policy)
		b.Occur(start, Occurrence{Alert: alert("a"), Ends: minutes(5)})
		b = restart(t, minutes(1), b)
		assert.Equal(t, "a", flush(b, 1))
		assert.Equal(t, "-a", flush(b, 5))
	})
	t.Run("never notified", func(t *testing.T) {
		b := NewLog(policy)
		b.Occur(start, Occurrence{Alert: alert("a"), Ends: minutes(5), Mute: Mute{Reason: Silenced}})
		assert.Empty(t, restart(t, minutes(1), b).alerts)
	})
}
