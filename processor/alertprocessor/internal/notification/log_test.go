// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// step is an observation, minutes after the start, and what it is to lead to.
type step struct {
	minute float64
	// firing has a word for each alert: its name, and after a colon the value
	// of its label team. A name in upper case is critical, "~" before it mutes
	// it, and "!" makes it one that happened and is over.
	firing string
	// want are the notifications, separated by semicolons: what fires, and
	// after a "-" what is over.
	want       string
	suppressed Counts
}

func minutes(m float64) time.Time { return start.Add(time.Duration(m * float64(time.Minute))) }

func alert(word string) alertevent.Alert {
	name, team, _ := strings.Cut(word, ":")
	a := alertevent.Alert{Labels: map[string]string{"alertname": name}, State: alertevent.Firing, StartsAt: start}
	if team != "" {
		a.Labels["team"] = team
	}
	if name == strings.ToUpper(name) {
		a.Labels["severity"] = "critical"
	}
	return a
}

func nothing(alertevent.Alert) Mute { return Mute{} }

// take has the log observe a step, and returns its notifications.
func (s step) take(b *Log, pending ...string) ([]Notification, Counts) {
	now := minutes(s.minute)
	firing := map[string]alertevent.Alert{}
	var muted []string
	all := Counts{}
	add := func(counts Counts) {
		for reason, n := range counts {
			all[reason] += n
		}
	}
	for word := range strings.FieldsSeq(s.firing) {
		name, isOnce := strings.CutPrefix(word, "!")
		name, isMuted := strings.CutPrefix(name, "~")
		a := alert(name)
		if isMuted {
			muted = append(muted, a.Fingerprint())
		}
		if isOnce {
			add(b.OccurOnce(now, a))
		} else {
			firing[name] = a
		}
	}
	mutes := func(a alertevent.Alert) Mute {
		if slices.Contains(muted, a.Fingerprint()) {
			return Mute{Reason: Silenced, By: "s"}
		}
		return Mute{}
	}
	waiting := map[string]bool{}
	for _, word := range pending {
		waiting[word] = true
	}
	add(b.Observe(now, observationOf(b, firing, waiting), mutes))
	notifications, counts := b.Flush(now, mutes)
	add(counts)
	return notifications, all
}

func describe(notifications []Notification) string {
	var out []string
	for _, n := range notifications {
		var words []string
		for _, a := range n.Alerts {
			word := a.Name()
			if team := a.Labels["team"]; team != "" {
				word += ":" + team
			}
			if a.State == alertevent.Resolved {
				word = "-" + word
			}
			words = append(words, word)
		}
		out = append(out, strings.Join(words, " "))
	}
	return strings.Join(out, "; ")
}

func TestLog(t *testing.T) {
	policy := Policy{Cooldown: 5 * time.Minute, Repeat: 4 * time.Hour, Limit: 100}
	grouped := policy
	grouped.Grouping = Grouping{By: []string{"team"}, Wait: 30 * time.Second, Interval: 5 * time.Minute}
	tests := []struct {
		name   string
		policy Policy
		steps  []step
	}{
		{
			name: "notified once while it fires", policy: policy,
			steps: []step{{0, "a", "a", nil}, {1, "a", "", nil}, {5, "a", "", nil}, {60, "a", "", nil}},
		},
		{
			name: "repeated after the interval", policy: policy,
			steps: []step{{0, "a", "a", nil}, {239, "a", "", nil}, {240, "a", "a", nil}, {241, "a", "", nil}, {480, "a", "a", nil}},
		},
		{
			name: "never repeated", policy: Policy{Cooldown: time.Minute, Limit: 1},
			steps: []step{{0, "a", "a", nil}, {100000, "a", "", nil}},
		},
		{
			name: "not repeated within the cooldown", policy: Policy{Cooldown: time.Hour, Repeat: time.Minute, Limit: 1},
			steps: []step{{0, "a", "a", nil}, {59, "a", "", nil}, {60, "a", "a", nil}},
		},
		{
			name: "resolved once", policy: policy,
			steps: []step{{0, "a", "a", nil}, {10, "", "-a", nil}, {11, "", "", nil}},
		},
		{
			name: "resolved within the cooldown all the same", policy: policy,
			steps: []step{{0, "a", "a", nil}, {1, "", "-a", nil}},
		},
		{
			name: "flaps within the cooldown: the return is notified, the next resolution waits", policy: policy,
			steps: []step{
				{0, "a", "a", nil},
				{1, "", "-a", nil},
				{2, "a", "a", nil},
				{2.5, "a", "", nil},
				{3, "", "", nil},
				{4, "a", "", Counts{Cooldown: 1}},
				{4.5, "", "", nil},
				{6, "a", "", Counts{Cooldown: 1}},
				{6.5, "", "", nil},
				{7, "", "-a", nil},
			},
		},
		{
			name: "fires again and still does when the cooldown ends", policy: policy,
			steps: []step{
				{0, "a", "a", nil},
				{1, "", "-a", nil},
				{2, "a", "a", nil},
				{7, "a", "", nil},
				{8, "", "-a", nil},
			},
		},
		{
			name: "the cooldown runs from the last firing notification, repeats among them", policy: policy,
			steps: []step{
				{0, "a", "a", nil},
				{240, "a", "a", nil},
				{241, "", "-a", nil},
				{242, "a", "a", nil},
				{243, "", "", nil},
				{247, "", "-a", nil},
			},
		},
		{
			name: "no cooldown", policy: Policy{Limit: 1},
			steps: []step{{0, "a", "a", nil}, {1, "", "-a", nil}, {1, "a", "a", nil}, {1, "", "-a", nil}},
		},
		{
			name: "a cooldown of its own", policy: Policy{Cooldown: time.Hour, Cooldowns: map[string]time.Duration{"a": time.Minute}, Limit: 10},
			steps: []step{
				{0, "a b", "a; b", nil},
				{0.5, "", "-a; -b", nil},
				{0.6, "a b", "a; b", nil},
				{0.7, "", "", nil},
				{1.6, "", "-a", nil},
				{60.6, "", "-b", nil},
			},
		},
		{
			name: "alerts do not affect each other", policy: policy,
			steps: []step{
				{0, "a", "a", nil},
				{1, "a b", "b", nil},
				{2, "b", "-a", nil},
				{3, "a b", "a", nil},
				{5, "a", "-b", nil},
			},
		},
		{
			name: "above the limit", policy: Policy{Cooldown: 5 * time.Minute, Limit: 2},
			steps: []step{
				{0, "a b c", "a; b; AlertsDropped", Counts{Limit: 1}},
				{0.5, "a b c", "", nil}, // counted once
				{1, "b c", "-a", nil},
				{1.1, "b c", "c", nil}, // in the place of a, of which only the cooldown was left
				{2, "b c", "-AlertsDropped", nil},
			},
		},
		{
			name: "muted while it fires", policy: policy,
			steps: []step{
				{0, "~a", "", Counts{Silenced: 1}},
				{1, "~a", "", nil}, // counted when it began
				{2, "", "", Counts{NeverNotified: 1}},
			},
		},
		{
			name: "notified when it is muted no longer", policy: policy,
			steps: []step{{0, "~a", "", Counts{Silenced: 1}}, {1, "a", "a", nil}},
		},
		{
			name: "muted after it was notified: not repeated, but resolved", policy: policy,
			steps: []step{{0, "a", "a", nil}, {1, "~a", "", nil}, {300, "~a", "", nil}, {301, "", "-a", nil}},
		},
		{
			name: "an occurrence is notified once, without a resolution", policy: policy,
			steps: []step{{0, "!a", "a", nil}, {1, "", "", nil}, {2, "!a !a", "a; a", nil}},
		},
		{
			name: "the most severe first", policy: policy,
			steps: []step{{0, "a B c", "B; a; c", nil}},
		},
		{
			name: "a group waits for others to join", policy: grouped,
			steps: []step{
				{0, "a:x", "", nil},
				{0.4, "a:x b:x c:y", "", nil},
				{0.5, "a:x b:x c:y", "a:x b:x", nil},
				{0.9, "a:x b:x c:y", "c:y", nil},
			},
		},
		{
			name: "a group notifies all that fires and what was resolved since the last time", policy: grouped,
			steps: []step{
				{0, "a:x b:x", "", nil},
				{0.5, "a:x b:x", "a:x b:x", nil},
				{1, "a:x b:x C:x", "", nil}, // the interval runs
				{4, "b:x C:x", "", nil},
				{5.5, "b:x C:x", "C:x b:x -a:x", nil},
				{10.5, "b:x C:x", "", nil}, // nothing is new
				{12, "", "", nil},
				{15.5, "", "-C:x -b:x", nil},
				{16, "d:x", "", nil}, // a new group waits again
				{16.5, "d:x", "d:x", nil},
			},
		},
		{
			name: "fires and resolved while the group waits", policy: grouped,
			steps: []step{
				{0, "a:x", "", nil},
				{0.2, "", "", Counts{NeverNotified: 1}},
				{0.5, "", "", nil},
				{0.6, "b:x", "", nil},
				{1.1, "b:x", "b:x", nil},
			},
		},
		{
			name: "resolved and firing again before the group is due", policy: grouped,
			steps: []step{
				{0, "a:x", "", nil}, {0.5, "a:x", "a:x", nil}, {2, "", "", nil}, {3, "a:x", "", nil}, {5.5, "a:x", "", nil},
			},
		},
		{
			name: "a group is repeated as a whole", policy: grouped,
			steps: []step{
				{0, "a:x b:x", "", nil}, {0.5, "a:x b:x", "a:x b:x", nil}, {239, "a:x b:x", "", nil}, {244, "a:x b:x", "a:x b:x", nil},
			},
		},
		{
			name: "a muted alert is not part of its group's notification", policy: grouped,
			steps: []step{
				{0, "~a:x b:x", "", Counts{Silenced: 1}},
				{0.5, "~a:x b:x", "b:x", nil},
				{5.5, "a:x b:x", "a:x b:x", nil},
			},
		},
		{
			name: "an alert that cools is notified with its group", policy: grouped,
			steps: []step{
				{0, "a:x", "", nil},
				{0.5, "a:x", "a:x", nil},
				{1, "", "", nil},
				{5.5, "", "-a:x", nil},
				{5.6, "a:x", "", nil},
				{6.1, "a:x", "a:x", nil},
				{11.1, "", "-a:x", nil},
			},
		},
		{
			name: "an occurrence joins the group", policy: grouped,
			steps: []step{
				{0, "a:x !b:x", "", nil}, {0.1, "a:x !b:x", "", nil}, {0.5, "a:x", "a:x b:x", nil}, {5.5, "a:x", "", nil},
			},
		},
		{
			name: "above the cap", policy: Policy{PerMinute: 2, Limit: 100},
			steps: []step{
				{0, "a B c d", "B; a", Counts{RateLimit: 2}},
				{0.5, "a B c d", "", nil},
				{0.6, "B c d", "-a", nil}, // a resolution is notified always
				{1, "B c d", "c; d; TooManyAlerts", nil},
				{1.5, "B c d e", "", Counts{RateLimit: 1}},
				{2, "B c d e", "TooManyAlerts", nil},
				{2.5, "B c d e", "e", nil},
				{3, "B c d e", "-TooManyAlerts", nil},
				{10, "B c d e", "", nil},
			},
		},
		{
			name: "a group counts as one", policy: Policy{PerMinute: 1, Limit: 100, Grouping: Grouping{By: []string{"team"}, Interval: time.Minute}},
			steps: []step{
				{0, "a:x B:x c:y", "B:x a:x", Counts{RateLimit: 1}},
				{1, "a:x B:x c:y", "c:y; TooManyAlerts", nil},
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := NewLog(test.policy)
			for _, step := range test.steps {
				got, suppressed := step.take(b)
				assert.Equal(t, step.want, describe(got), "minute %v", step.minute)
				if step.suppressed == nil {
					step.suppressed = Counts{}
				}
				assert.Equal(t, step.suppressed, suppressed, "minute %v", step.minute)
			}
		})
	}
}

func TestResolutionHasTheLatestTexts(t *testing.T) {
	b := NewLog(Policy{Cooldown: time.Minute, Limit: 1})
	for i, summary := range []string{"first", "second"} {
		a := alert("a")
		a.Annotations = map[string]string{"summary": summary}
		b.Observe(minutes(float64(i)), observationOf(b, map[string]alertevent.Alert{a.Fingerprint(): a}, nil), nothing)
		b.Flush(minutes(float64(i)), nothing)
	}
	b.Observe(minutes(2), observationOf(b, nil, nil), nothing)
	got, _ := b.Flush(minutes(2), nothing)
	require.Len(t, got, 1)
	over := got[0].Alerts[0]
	assert.Equal(t, "second", over.Annotations["summary"])
	assert.Equal(t, alertevent.Resolved, over.State)
	assert.Equal(t, minutes(2), over.EndsAt)
	assert.Equal(t, start, over.StartsAt)
	assert.Nil(t, over.Group)
}

func TestForgetsWhatIsOver(t *testing.T) {
	for name, by := range map[string][]string{"alone": nil, "grouped": {"team"}} {
		t.Run(name, func(t *testing.T) {
			b := NewLog(Policy{Cooldown: time.Minute, Limit: 10, Grouping: Grouping{By: by, Interval: time.Second}})
			for i := range 1000 {
				got, _ := step{minute: float64(i), firing: "a:" + strconv.Itoa(i)}.take(b)
				require.NotEmpty(t, got)
			}
			step{minute: 1001}.take(b)
			step{minute: 1003}.take(b)
			assert.Empty(t, b.alerts)
			assert.Empty(t, b.groups)
		})
	}
}

func TestGroupOfAnAlert(t *testing.T) {
	labels := map[string]string{"alertname": "a", "severity": "info", "host": "h"}
	tests := []struct {
		by   []string
		want alertevent.Group
	}{
		{[]string{"alertname"}, alertevent.Group{Key: `{}:{alertname="a"}`, Labels: map[string]string{"alertname": "a"}}},
		{[]string{"severity", "missing", "host"}, alertevent.Group{Key: `{}:{host="h", severity="info"}`, Labels: map[string]string{"host": "h", "severity": "info"}}},
		{[]string{"missing"}, alertevent.Group{Key: `{}:{}`, Labels: map[string]string{}}},
		{[]string{"..."}, alertevent.Group{Key: `{}:{alertname="a", host="h", severity="info"}`, Labels: labels}},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, *(&route{key: "{}", grouping: Grouping{By: test.by}}).groupOf(labels))
	}
}

func TestNext(t *testing.T) {
	b := NewLog(Policy{Limit: 10, Grouping: Grouping{By: []string{"team"}, Wait: 30 * time.Second, Interval: 5 * time.Minute}})
	_, ok := b.Next()
	assert.False(t, ok)
	step{minute: 0, firing: "a:x"}.take(b)
	step{minute: 0.2, firing: "a:x b:y"}.take(b)
	next, ok := b.Next()
	assert.True(t, ok)
	assert.Equal(t, minutes(0.5), next)
	step{minute: 0.5, firing: "a:x b:y"}.take(b)
	next, _ = b.Next()
	assert.Equal(t, minutes(0.7), next)
}

func TestReleaseOccurrences(t *testing.T) {
	b := NewLog(Policy{Limit: 10, Grouping: Grouping{By: []string{"team"}, Wait: time.Hour, Interval: time.Hour}})
	b.OccurOnce(start, alert("a:x"))
	got, _ := step{minute: 0, firing: "b:y"}.take(b)
	assert.Empty(t, got)
	b.ReleaseOccurrences()
	got, _ = b.Flush(start, nothing)
	assert.Equal(t, "a:x", describe(got), "an alert that fires is persisted, or fires again")
}

func TestMuted(t *testing.T) {
	b := NewLog(Policy{Cooldown: 5 * time.Minute, Limit: 10})
	const a = "a"
	assert.Equal(t, Mute{}, b.MuteOf(start, a), "unknown")
	step{minute: 0, firing: "~a"}.take(b)
	assert.Equal(t, Mute{Reason: Silenced, By: "s"}, b.MuteOf(start, a))
	b.Remute(nothing)
	assert.Equal(t, Mute{}, b.MuteOf(start, a))
	step{minute: 1, firing: "a"}.take(b)
	assert.Equal(t, Mute{}, b.MuteOf(minutes(1), a), "notified")
	b = NewLog(Policy{Cooldown: 5 * time.Minute, Limit: 10, PerMinute: 1})
	step{minute: 0, firing: "a b"}.take(b)
	assert.Equal(t, Mute{}, b.MuteOf(start, a))
	assert.Equal(t, Mute{Reason: RateLimit}, b.MuteOf(start, "b"))
}

func TestSummaryOfSuppressedAlerts(t *testing.T) {
	b := NewLog(Policy{PerMinute: 1, Limit: 1000, External: map[string]string{"site": "berlin"}})
	firing := []string{"FIRST"}
	for i := range 15 {
		firing = append(firing, fmt.Sprintf("a%02d", i))
	}
	for i := range 5 {
		firing = append(firing, fmt.Sprintf("flood:%d", i))
	}
	step{minute: 0, firing: strings.Join(firing, " ")}.take(b)
	got, _ := step{minute: 1}.take(b)
	require.Equal(t, "-FIRST; TooManyAlerts", describe(got))
	summary := got[1].Alerts[0]
	assert.Equal(t, map[string]string{"alertname": "TooManyAlerts", "site": "berlin"}, summary.Labels, "none of what was cut has a severity")
	assert.Equal(t, "20 more alerts in a minute than max_alerts_per_minute allows", summary.Annotations["summary"])
	assert.Contains(t, summary.Annotations["description"], "max_alerts_per_minute is 1. Suppressed alerts: ")
	assert.Contains(t, summary.Annotations["description"], "others", "the list is bounded")
	assert.InDelta(t, 20, *summary.Value, 0)
	assert.Equal(t, start, summary.StartsAt)

	b = NewLog(Policy{PerMinute: 1, Limit: 1000})
	step{minute: 0, firing: "A B"}.take(b)
	got, _ = step{minute: 1}.take(b)
	assert.Equal(t, "critical", got[len(got)-1].Alerts[0].Labels["severity"], "that of the most severe that was cut")
}
