// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// restart returns a new log that is restored from the persisted state of another.
func restart(t *testing.T, now time.Time, b *Log) *Log {
	t.Helper()
	out := NewLog(b.policy)
	state := throughJSON(t, persistentWith(b).Snapshot(now))
	require.NoError(t, persistentWith(out).Restore(now, state))
	return out
}

// persistentWith is a Persistent of which only the log matters.
func persistentWith(b *Log) Persistent {
	return Persistent{Log: b, Gate: NewGate(1), Silences: NewSilences(nil), History: &History{}}
}

func throughJSON(t *testing.T, state State) State {
	t.Helper()
	raw, err := json.Marshal(state)
	require.NoError(t, err)
	out, err := ReadState(raw)
	require.NoError(t, err)
	return out
}

// observe takes the alerts that fire and those that are pending, and flushes.
func observe(b *Log, minute float64, firing, pending []string) string {
	fires, waits := map[string]alertevent.Alert{}, map[string]bool{}
	for _, word := range firing {
		fires[alert(word).Fingerprint()] = alert(word)
	}
	for _, word := range pending {
		waits[alert(word).Fingerprint()] = true
	}
	b.Observe(minutes(minute), observationOf(b, fires, waits), nothing)
	out, _ := b.Flush(minutes(minute), nothing)
	return describe(out)
}

func TestRestart(t *testing.T) {
	policy := Policy{Cooldown: 5 * time.Minute, Repeat: time.Hour, Grace: 5 * time.Minute, Limit: 100}
	none := []string(nil)
	a := []string{"a"}
	t.Run("what fires is not notified again, its resolution is", func(t *testing.T) {
		b := NewLog(policy)
		assert.Equal(t, "a", observe(b, 0, a, none))
		b = restart(t, minutes(1), b)
		assert.Empty(t, observe(b, 2, a, none))
		assert.Equal(t, "a", observe(b, 60, a, none), "repeated when it would have been")
		assert.Equal(t, "-a", observe(b, 61, none, none))
	})
	t.Run("what is not observed is resolved after the grace period", func(t *testing.T) {
		b := NewLog(policy)
		observe(b, 0, a, none)
		b = restart(t, minutes(1), b)
		assert.Empty(t, observe(b, 2, none, none), "its series may come back")
		assert.Empty(t, observe(b, 5.9, none, none))
		assert.Equal(t, "-a", observe(b, 6, none, none))
	})
	t.Run("an alert that is pending is on its way back", func(t *testing.T) {
		b := NewLog(policy)
		observe(b, 0, a, none)
		b = restart(t, minutes(1), b)
		assert.Empty(t, observe(b, 60, none, a), "and not repeated before it fires")
		assert.Equal(t, "a", observe(b, 61, a, none))
		assert.Equal(t, "-a", observe(b, 62, none, a), "once seen, pending is over")
	})
	t.Run("cooldowns run on", func(t *testing.T) {
		b := NewLog(policy)
		observe(b, 0, a, none)
		assert.Equal(t, "-a", observe(b, 1, none, none))
		b = restart(t, minutes(2), b)
		assert.Equal(t, "a", observe(b, 3, a, none), "recipients believe that it is resolved")
		b = restart(t, minutes(3), b)
		assert.Empty(t, observe(b, 3.5, a, none))
		assert.Empty(t, observe(b, 4, none, none), "held back")
		b = restart(t, minutes(5), b)
		assert.Empty(t, observe(b, 5, none, none))
		assert.Equal(t, "-a", observe(b, 10, none, none))
	})
	t.Run("groups keep their times, and what waits for them", func(t *testing.T) {
		policy := policy
		policy.Grouping = Grouping{By: []string{"team"}, Wait: 30 * time.Second, Interval: 10 * time.Minute}
		b := NewLog(policy)
		observe(b, 0, []string{"a:x"}, none)
		assert.Equal(t, "a:x", observe(b, 0.5, []string{"a:x"}, none))
		b.OccurOnce(minutes(0.6), alert("once:x"))
		assert.Empty(t, observe(b, 0.7, []string{"a:x", "b:x"}, none))
		b = restart(t, minutes(1), b)
		assert.Empty(t, observe(b, 2, []string{"a:x", "b:x"}, none))
		assert.Equal(t, "a:x b:x once:x", observe(b, 10.5, []string{"a:x", "b:x"}, none))
	})
	t.Run("the summary of what the cap cut ends", func(t *testing.T) {
		policy := policy
		policy.PerMinute = 1
		b := NewLog(policy)
		assert.Equal(t, "A", observe(b, 0, []string{"A", "B"}, none))
		assert.Equal(t, "-A; TooManyAlerts", observe(b, 1, none, none))
		b = restart(t, minutes(1.5), b)
		assert.Empty(t, observe(b, 2, none, none))
		assert.Equal(t, "-TooManyAlerts", observe(b, 2.5, none, none))
	})
	t.Run("what was never notified is not persisted", func(t *testing.T) {
		b := NewLog(policy)
		b.Observe(start, observationOf(b, map[string]alertevent.Alert{"a": alert("a")}, nil), nothing)
		assert.Empty(t, restart(t, minutes(1), b).alerts)
	})
}

func TestStateKeepsTheWholeAlert(t *testing.T) {
	value := 0.5
	whole := alertevent.Alert{
		Labels:       map[string]string{"alertname": "a"},
		Annotations:  map[string]string{"summary": "s"},
		State:        alertevent.Firing,
		StartsAt:     start,
		Value:        &value,
		GeneratorURL: "http://x",
		TraceID:      pcommon.TraceID{1},
		SpanID:       pcommon.SpanID{2},
	}
	b := NewLog(Policy{Limit: 1})
	b.Observe(start, observationOf(b, map[string]alertevent.Alert{whole.Fingerprint(): whole}, nil), nothing)
	b.Flush(start, nothing)
	b = restart(t, start, b)
	assert.Equal(t, whole, b.alerts[whole.Fingerprint()].alert)

	nan := math.NaN()
	whole.Value = &nan
	b.Observe(start, observationOf(b, map[string]alertevent.Alert{whole.Fingerprint(): whole}, nil), nothing)
	b = restart(t, start, b)
	assert.Nil(t, b.alerts[whole.Fingerprint()].alert.Value, "JSON has no number for it")
}

func TestStateKeepsGateAndSilences(t *testing.T) {
	gate := NewGate(10)
	gate.Pass(start, "a", "overflow", time.Minute)
	gate.Pass(start, "b", "overflow", time.Hour)
	silences := NewSilences([]Silence{{ID: "c", Matchers: matchers(t, `a="b"`), Configured: true}})
	silence := Silence{
		ID: "s", Matchers: matchers(t, `a=~"b|c"`, `"d e"!="f"`), StartsAt: start, EndsAt: start.Add(time.Hour), CreatedBy: "me", Comment: "why",
	}
	require.NoError(t, silences.Set(start, silence))
	with := func() Persistent {
		return Persistent{Log: NewLog(Policy{}), Gate: gate, Silences: silences, History: &History{}}
	}
	state := throughJSON(t, with().Snapshot(minutes(2)))

	gate, silences = NewGate(10), NewSilences(nil)
	require.NoError(t, with().Restore(minutes(3), state))
	assert.True(t, gate.Pass(minutes(3), "a", "overflow", time.Minute), "its cooldown is over")
	assert.False(t, gate.Pass(minutes(3), "b", "overflow", time.Minute))
	assert.Equal(t, []Silence{silence}, silences.All(minutes(3)), "without those of the configuration")

	state.Silences[0].Matchers = []string{"="}
	silences = NewSilences(nil)
	require.ErrorContains(t, with().Restore(minutes(3), state), `silence "s": matchers::0: `)
	assert.Empty(t, silences.All(start))
}

func TestStateKeepsHistory(t *testing.T) {
	m := persistentWith(NewLog(Policy{}))
	over := alert("a")
	over.State, over.EndsAt = alertevent.Resolved, minutes(1)
	over.Group = &alertevent.Group{Key: "k", Labels: map[string]string{"l": "v"}}
	for i := range maxHistory {
		m.History.Add(HistoryEntry{At: minutes(float64(i)), Alert: alert("b")})
	}
	m.History.Add(HistoryEntry{At: minutes(5000), Alert: over})
	state := throughJSON(t, m.Snapshot(start))
	m = persistentWith(NewLog(Policy{}))
	require.NoError(t, m.Restore(start, state))
	got := m.History.Last(0)
	require.Len(t, got, persistedHistory)
	assert.Equal(t, HistoryEntry{At: minutes(5000), Alert: over}, got[0])
	assert.Equal(t, HistoryEntry{At: minutes(maxHistory - 1), Alert: alert("b")}, got[1])
}

func TestStateKeepsWhatIsOutgoing(t *testing.T) {
	over := alert("a")
	over.State, over.EndsAt = alertevent.Resolved, minutes(1)
	over.Group = &alertevent.Group{Key: "k", Labels: map[string]string{"l": "v"}}
	m := persistentWith(NewLog(Policy{}))
	m.Outgoing = []Outgoing{
		{Alerts: []alertevent.Alert{alert("a"), alert("b")}, At: minutes(0)},
		{Alerts: []alertevent.Alert{over}, At: minutes(1)},
	}
	assert.Equal(t, m.Outgoing, throughJSON(t, m.Snapshot(start)).OutgoingBatches())
}

func TestHistoryIsBounded(t *testing.T) {
	var h History
	for i := range maxHistory + 3 {
		h.Add(HistoryEntry{At: minutes(float64(i))})
	}
	all := h.Last(0)
	require.Len(t, all, maxHistory)
	assert.Equal(t, minutes(maxHistory+2), all[0].At)
	assert.Equal(t, minutes(3), all[maxHistory-1].At)
	assert.Len(t, h.Last(2), 2)
}

func TestStateThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		``:                           "unexpected end of JSON input",
		`{"version":1,"alerts":[{"l`: "unexpected end of JSON input",
		`{"version":3}`:              "version is 3, not 2",
		`{}`:                         "version is 0, not 2",
	} {
		_, err := ReadState([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzReadState(f *testing.F) {
	f.Add([]byte(`{"version":1,"alerts":[{"labels":{"alertname":"a"},"told":true}],"groups":{"g":"2026-01-01T00:00:00Z"},"silences":[{"id":"s","matchers":["a=b"]}]}`))
	f.Add([]byte(`{"version":1,"outgoing":[{"alerts":[{"state":"firing"}],"at":"2026-01-01T00:00:00Z"},{}]}`))
	f.Add([]byte(`{"version":1,"alerts":[{"once":true},{"once":true}],"gate":{"a":"2026-01-01T00:00:00Z"}}`))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		state, err := ReadState(raw)
		if err != nil {
			return
		}
		b := NewLog(Policy{Limit: 10, Grouping: Grouping{By: []string{"a"}, Interval: time.Second}})
		_ = persistentWith(b).Restore(start, state)
		state.OutgoingBatches()
		b.Observe(start, observationOf(b, nil, nil), nothing)
		b.Flush(start, nothing)
	})
}
