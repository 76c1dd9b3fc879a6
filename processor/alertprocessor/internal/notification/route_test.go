// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/routing"
)

// byReceiver describes notifications with their receivers, sorted: a group key, too,
// where there is one.
func byReceiver(notifications []Notification) string {
	var out []string
	for _, n := range notifications {
		out = append(out, n.Alerts[0].Receiver+"("+describe([]Notification{n})+")")
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func compile(t *testing.T, root *routing.Config, intervals ...routing.TimeIntervalConfig) *routing.Tree {
	t.Helper()
	tree, err := routing.Compile("route", root, intervals, routing.Defaults{
		GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute, RepeatInterval: 4 * time.Hour,
	})
	require.NoError(t, err)
	return tree
}

func duration(d time.Duration) *routing.Duration { return (*routing.Duration)(&d) }

// Each route has its own groups and times, an alert that two routes have is in a
// group of each, and an alert for nobody is in none.
func TestRoutes(t *testing.T) {
	tree := compile(t, &routing.Config{Receiver: "root", Routes: []routing.Config{
		{Receiver: "log", Continue: true, GroupBy: []string{"..."}, GroupWait: duration(0), RepeatInterval: duration(10 * time.Minute)},
		{Receiver: "x", Matchers: []string{`team="x"`}, GroupBy: []string{"team"}},
		{Receiver: routing.Nobody, Matchers: []string{`team="quiet"`}},
	}})
	b := NewLog(Policy{Cooldown: 5 * time.Minute, Limit: 100, Routes: tree})
	for _, s := range []step{
		{minute: 0, firing: "a:x b:x c:quiet d:y", want: "log(a:x); log(b:x); log(c:quiet); log(d:y)"},
		{minute: 0.5, firing: "a:x b:x c:quiet d:y", want: "x(a:x b:x)"},
		{minute: 1, firing: "a:x e:x c:quiet d:y", want: "log(e:x)"},
		{minute: 5.5, firing: "a:x e:x c:quiet d:y", want: "log(-b:x); x(a:x e:x -b:x)"},
		{minute: 10.5, firing: "a:x e:x c:quiet d:y", want: "log(a:x); log(c:quiet); log(d:y)"},
		{minute: 16, firing: "c:quiet", want: "log(-a:x); log(-d:y); log(-e:x); x(-a:x -e:x)"},
	} {
		got, _ := s.take(b)
		assert.Equal(t, s.want, byReceiver(got), "minute %v", s.minute)
	}
	assert.Equal(t, Mute{}, b.MuteOf(minutes(16), "c:quiet"))
}

// Without group_by all alerts of a route are one group, as in Alertmanager, whose
// key has the matchers.
func TestRouteWithoutGroupBy(t *testing.T) {
	tree := compile(t, &routing.Config{Receiver: "root", Routes: []routing.Config{{Receiver: "x", Matchers: []string{`team=~"x|y"`}}}})
	b := NewLog(Policy{Limit: 100, Routes: tree})
	step{minute: 0, firing: "a:x b:y c"}.take(b)
	got, _ := step{minute: 0.5, firing: "a:x b:y c"}.take(b)
	assert.Equal(t, "root(c); x(a:x b:y)", byReceiver(got))
	for _, n := range got {
		want := map[string]string{"root": "{}:{}", "x": `{}/{team=~"x|y"}:{}`}[n.Alerts[0].Receiver]
		assert.Equal(t, &alertevent.Group{Key: want, Labels: map[string]string{}}, n.Alerts[0].Group)
	}
	next, ok := b.Next()
	assert.True(t, ok)
	assert.Equal(t, minutes(5.5), next)
}

// While a route is muted nothing of it is notified. What still fires, or is resolved
// and was notified, is then; what came and went is not.
func TestMutedRoute(t *testing.T) {
	night := routing.TimeIntervalConfig{Name: "night", TimeIntervals: []map[string]any{
		{"times": []any{map[string]any{"start_time": "00:10", "end_time": "01:00"}}},
	}}
	tree := compile(t, &routing.Config{Receiver: "root", Routes: []routing.Config{
		{Receiver: "x", Matchers: []string{`team="x"`}, MuteTimeIntervals: []string{"night"}, GroupWait: duration(0), GroupInterval: duration(time.Minute)},
	}}, night)
	b := NewLog(Policy{Limit: 100, Routes: tree})
	for _, s := range []step{
		{minute: 9, firing: "a:x", want: "x(a:x)"},
		{minute: 10, firing: "a:x b:x", want: ""},
		{minute: 20, firing: "b:x c:x", want: ""},
		{minute: 59.9, firing: "b:x", want: ""},
		{minute: 60, firing: "b:x", want: "x(b:x -a:x)"},
	} {
		got, _ := s.take(b)
		assert.Equal(t, s.want, byReceiver(got), "minute %v", s.minute)
		if s.minute == 20 {
			assert.Equal(t, Mute{Reason: MutedTime}, b.MuteOf(minutes(20), "c:x"))
			assert.Equal(t, Mute{}, b.MuteOf(minutes(20), "a:x"))
			next, ok := b.Next()
			assert.True(t, ok)
			assert.Equal(t, minutes(21), next, "times are checked by the minute")
		}
	}
}

// Occurrences of event rules are routed as well, and persisted for each receiver.
func TestRoutedOccurrences(t *testing.T) {
	tree := compile(t, &routing.Config{Receiver: "root", GroupBy: []string{"..."}, GroupWait: duration(0), Routes: []routing.Config{
		{Receiver: "a", Continue: true}, {Receiver: "b", Matchers: []string{`team="x"`}},
	}})
	b := NewLog(Policy{Cooldown: time.Minute, Limit: 100, Routes: tree})
	a := alert("E:x")
	occurrence := Occurrence{Alert: a, Ends: minutes(5), CoolsUntil: minutes(1)}
	assert.Empty(t, b.Occur(start, occurrence))
	persistent := Persistent{Log: b, Gate: NewGate(10), Silences: NewSilences(nil), History: &History{}}
	journal := persistent.Occurrence(a.Fingerprint(), occurrence, false)
	require.Len(t, journal, 2)
	assert.Len(t, b.Events(), 1)
	got, _ := b.Flush(start, nothing)
	assert.Equal(t, "a(E:x); b(E:x)", byReceiver(got))
	assert.True(t, b.Extend(a.Fingerprint(), minutes(6)))
	got, _ = b.Flush(minutes(5.5), nothing)
	assert.Empty(t, got)
	got, _ = b.Flush(minutes(11), nothing)
	assert.Equal(t, "a(-E:x); b(-E:x)", byReceiver(got))

	for i := range journal {
		journal[i].Number = uint64(i + 1)
	}
	state := EmptyState()
	state.Apply(journal)
	restored := NewLog(Policy{Cooldown: time.Minute, Limit: 100, Routes: tree})
	persistent.Log = restored
	require.NoError(t, persistent.Restore(start, state))
	got, _ = restored.Flush(minutes(5), nothing)
	assert.Equal(t, "a(E:x); b(E:x)", byReceiver(got), "both were about to be notified")
}

// When the configuration changes across a restart, an alert that still fires is
// notified to its new receivers, and resolved to those that it has no longer.
func TestRoutesChangeAcrossRestart(t *testing.T) {
	treeTo := func(receivers ...string) *routing.Tree {
		root := &routing.Config{Receiver: "root", GroupWait: duration(0)}
		for _, receiver := range receivers {
			root.Routes = append(root.Routes, routing.Config{Receiver: receiver, Continue: true, Matchers: []string{`team="x"`}})
		}
		return compile(t, root)
	}
	for _, test := range []struct {
		before, after *routing.Tree
		first, then   string
	}{
		{treeTo("a"), treeTo("a"), "a(a:x)", ""},
		{treeTo("a"), treeTo("b"), "a(a:x)", "a(-a:x); b(a:x)"},
		{treeTo("a"), treeTo("a", "b"), "a(a:x)", "b(a:x)"},
		{treeTo("a", "b"), treeTo("b"), "a(a:x); b(a:x)", "a(-a:x)"},
		{nil, treeTo("a"), "(a:x)", "(-a:x); a(a:x)"},
		{treeTo("a"), nil, "a(a:x)", "(a:x); a(-a:x)"},
	} {
		t.Run(test.first+" "+test.then, func(t *testing.T) {
			policy := Policy{Limit: 100, Grace: 5 * time.Minute, Repeat: 4 * time.Hour, Routes: test.before}
			before := NewLog(policy)
			got, _ := step{minute: 0, firing: "a:x"}.take(before)
			assert.Equal(t, test.first, byReceiver(got))
			raw, err := json.Marshal(Persistent{Log: before, Gate: NewGate(1), Silences: NewSilences(nil), History: &History{}}.Snapshot(start))
			require.NoError(t, err)
			state, err := ReadState(raw)
			require.NoError(t, err)

			policy.Routes = test.after
			after := NewLog(policy)
			require.NoError(t, Persistent{Log: after, Gate: NewGate(1), Silences: NewSilences(nil), History: &History{}}.Restore(start, state))
			a := alert("a:x")
			after.Observe(minutes(1), observationOf(after, map[string]alertevent.Alert{a.Fingerprint(): a}, nil), nothing)
			restarted, _ := after.Flush(minutes(1), nothing)
			assert.Equal(t, test.then, byReceiver(restarted))
		})
	}
}

// What the log raises itself goes by the routes, too.
func TestOwnAlertsAreRouted(t *testing.T) {
	tree := compile(t, &routing.Config{Receiver: "root", GroupBy: []string{"..."}, GroupWait: duration(0), Routes: []routing.Config{
		{Receiver: "ops", Continue: true, Matchers: []string{`alertname=~"TooManyAlerts|AlertsDropped"`}},
		{Receiver: routing.Nobody, Matchers: []string{`alertname="AlertsDropped"`}},
	}})
	b := NewLog(Policy{Limit: 2, PerMinute: 1, Routes: tree})
	step{minute: 0, firing: "a:1 a:2"}.take(b)
	got, _ := step{minute: 1, firing: "a:1 a:2"}.take(b)
	assert.Contains(t, byReceiver(got), "ops(TooManyAlerts)")
	for i := range 30 {
		s := step{minute: float64(2 + i), firing: "a:1 a:2 a:3 a:4"}
		more, _ := s.take(b)
		got = append(got, more...)
	}
	text := byReceiver(got)
	assert.Contains(t, text, "ops(AlertsDropped)")
	assert.NotContains(t, text, "root(AlertsDropped)")
}
