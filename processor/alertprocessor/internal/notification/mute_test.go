// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

func matchers(t *testing.T, texts ...string) Matchers {
	t.Helper()
	out, err := ParseMatchers(texts, "")
	require.NoError(t, err)
	return out
}

func TestMatchers(t *testing.T) {
	tests := []struct {
		texts []string
		want  bool // of alertname a, severity info
	}{
		{[]string{`alertname="a"`}, true},
		{[]string{`alertname = a`}, true},
		{[]string{`alertname="b"`}, false},
		{[]string{`severity=~"warning|info"`}, true},
		{[]string{`severity=~"inf"`}, false}, // anchored
		{[]string{`severity!~"warn.*"`, `alertname!="b"`}, true},
		{[]string{`{alertname="a", severity="info"}`}, true},
		{[]string{`alertname="a",severity="warning"`}, false},
		{[]string{`team=""`}, true}, // a missing label is empty
		{[]string{`team!=""`}, false},
		{nil, false},
	}
	for _, test := range tests {
		m := matchers(t, test.texts...)
		assert.Equal(t, test.want, m.Match(map[string]string{"alertname": "a", "severity": "info"}), test.texts)
		assert.Equal(t, m, matchers(t, m.Strings()...), "read back")
	}
	_, err := ParseMatchers([]string{`a="b"`, `=`, `a=~"("`, `{}`, "a=\xff", `""="b"`}, "")
	require.ErrorContains(t, err, "1: ")
	require.ErrorContains(t, err, "2: failed to create matcher: error parsing regexp")
	require.ErrorContains(t, err, "3: is empty")
	require.ErrorContains(t, err, "4: is not valid UTF-8")
	require.ErrorContains(t, err, "5: a label has no name")
}

func FuzzParseMatchers(f *testing.F) {
	for _, seed := range []string{`a="b"`, `{a!="b",c=~"d|e"}`, `a!~".*"`, `"a b"="c"`, `{`, ``} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMatchers([]string{text}, "")
		if err != nil {
			return
		}
		m.Match(map[string]string{"a": "b"})
		again, err := ParseMatchers(m.Strings(), "")
		require.NoError(t, err)
		assert.Equal(t, m, again)
	})
}

func TestInhibitor(t *testing.T) {
	labels := func(name, severity, host string) map[string]string {
		return map[string]string{"alertname": name, "severity": severity, "host": host}
	}
	i := NewInhibitor([]InhibitRule{
		{Source: matchers(t, `severity="critical"`), Target: matchers(t, `severity=~"warning|info"`), Equal: []string{"host", "zone"}},
		{Source: matchers(t, `alertname=~"Down|Gone"`), Target: matchers(t, `host!=""`), Equal: []string{"host"}},
	})
	assert.Empty(t, i.Mutes(labels("Slow", "warning", "a")), "nothing fires")
	i.Update(map[string]alertevent.Alert{
		"1": {Labels: labels("Broken", "critical", "a")},
		"2": {Labels: labels("Down", "page", "b")},
		"3": {Labels: map[string]string{"alertname": "Lost", "severity": "critical"}},
		"4": {Labels: labels("Slow", "warning", "a")},
	}, nil)
	assert.Equal(t, "1", i.Mutes(labels("Slow", "warning", "a")))
	assert.Equal(t, "1", i.Mutes(labels("Slow", "info", "a")))
	assert.Empty(t, i.Mutes(labels("Slow", "warning", "c")), "another host")
	assert.Empty(t, i.Mutes(labels("Broken", "critical", "a")), "not a target")
	assert.Equal(t, "2", i.Mutes(labels("Slow", "page", "b")))
	assert.Empty(t, i.Mutes(labels("Down", "page", "b")), "an alert does not inhibit itself")
	assert.Empty(t, i.Mutes(labels("Gone", "page", "b")), "nor one that could inhibit it")
	assert.Equal(t, "3", i.Mutes(map[string]string{"alertname": "Slow", "severity": "warning"}), "a label that both lack is equal")
	i.Update(nil, []string{"1", "2", "3", "4"})
	assert.Empty(t, i.Mutes(labels("Slow", "warning", "a")), "it is over")
}

func TestSilences(t *testing.T) {
	configured := Silence{ID: "c", Matchers: matchers(t, `team="ops"`), Configured: true}
	s := NewSilences([]Silence{configured})
	ops, ml := map[string]string{"team": "ops"}, map[string]string{"team": "ml"}
	assert.Equal(t, "c", s.Mutes(start, ops), "without beginning and end")
	assert.Empty(t, s.Mutes(start, ml))

	silence := Silence{ID: "s", Matchers: matchers(t, `team=~"ml|ops"`), StartsAt: start.Add(time.Hour), EndsAt: start.Add(2 * time.Hour)}
	require.NoError(t, s.Set(start, silence))
	assert.Empty(t, s.Mutes(start.Add(time.Hour-1), ml), "not yet")
	assert.Equal(t, "s", s.Mutes(start.Add(time.Hour), ml))
	assert.Empty(t, s.Mutes(start.Add(2*time.Hour), ml), "it has ended")

	silence.EndsAt = start.Add(3 * time.Hour)
	require.NoError(t, s.Set(start, silence))
	assert.Equal(t, "s", s.Mutes(start.Add(2*time.Hour), ml), "replaced")
	assert.Len(t, s.All(start), 2)

	require.NoError(t, s.Expire(start.Add(2*time.Hour), "s"))
	assert.Empty(t, s.Mutes(start.Add(2*time.Hour), ml))
	require.NoError(t, s.Expire(start.Add(3*time.Hour), "s"), "again")
	assert.Equal(t, start.Add(2*time.Hour), s.All(start)[1].EndsAt, "it ended before")
	require.ErrorIs(t, s.Expire(start, "x"), ErrUnknownSilence)
	require.ErrorContains(t, s.Expire(start, "c"), "configuration")
	require.Error(t, s.Set(start, Silence{ID: "c", Matchers: silence.Matchers, EndsAt: start.Add(time.Hour)}), "is in the configuration")

	assert.Len(t, s.All(start.Add(2*time.Hour+silenceRetention)), 2, "shown for a while")
	assert.Len(t, s.All(start.Add(2*time.Hour+silenceRetention+1)), 1)

	require.NoError(t, s.Set(start, silence))
	require.NoError(t, s.Expire(start, "s"), "before it begins")
	assert.Empty(t, s.Mutes(start.Add(90*time.Minute), ml))
}

func TestSilencesThatAreRefused(t *testing.T) {
	good := Silence{ID: "s", Matchers: matchers(t, `a="b"`), StartsAt: start, EndsAt: start.Add(time.Hour)}
	tests := map[string]struct {
		change func(*Silence)
		want   string
	}{
		"no matchers":      {func(s *Silence) { s.Matchers = nil }, "matchers: at least one"},
		"matches anything": {func(s *Silence) { s.Matchers = matchers(t, `a=~".*"`) }, "matchers: at least one"},
		"no end":           {func(s *Silence) { s.EndsAt = time.Time{} }, "ends_at: must be in the future"},
		"has ended":        {func(s *Silence) { s.StartsAt, s.EndsAt = time.Time{}, start }, "ends_at: must be in the future"},
		"ends first":       {func(s *Silence) { s.StartsAt = s.EndsAt }, "ends_at: must be after"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := NewSilences(nil)
			silence := good
			test.change(&silence)
			require.ErrorContains(t, s.Set(start, silence), test.want)
			assert.Empty(t, s.All(start))
		})
	}
	s := NewSilences(nil)
	for i := range maxSilences {
		good.ID = strconv.Itoa(i)
		require.NoError(t, s.Set(start, good))
	}
	good.ID = "one more"
	require.ErrorContains(t, s.Set(start, good), "there are 1000 silences already")
}

// An update concerns some alerts, and names the others whose inhibition it changes.
func TestInhibitorNamesWhatChanges(t *testing.T) {
	of := func(name, host string) alertevent.Alert {
		return alertevent.Alert{Labels: map[string]string{"alertname": name, "host": host}}
	}
	i := NewInhibitor([]InhibitRule{{Source: matchers(t, `alertname=~"Down|Gone"`), Target: matchers(t, `alertname=~"Slow|Gone"`), Equal: []string{"host"}}})
	update := func(ended []string, firing ...alertevent.Alert) []string {
		all := map[string]alertevent.Alert{}
		for _, a := range firing {
			all[a.Labels["alertname"]+" "+a.Labels["host"]] = a
		}
		changed := i.Update(all, ended)
		slices.Sort(changed)
		return changed
	}
	assert.Empty(t, update(nil, of("Slow", "a"), of("Slow", "b"), of("Other", "a")))
	assert.Equal(t, []string{"Slow a"}, update(nil, of("Down", "a")))
	assert.Equal(t, "Down a", i.Mutes(of("Slow", "a").Labels))
	assert.Empty(t, update(nil, of("Down", "a")), "still")
	assert.Equal(t, []string{"Gone b", "Slow b"}, update(nil, of("Gone", "b")))
	assert.Equal(t, "Gone b", i.Mutes(of("Slow", "b").Labels))
	assert.Empty(t, i.Mutes(of("Gone", "b").Labels))
	assert.Equal(t, []string{"Slow a"}, update([]string{"Down a"}))
	assert.Empty(t, i.Mutes(of("Slow", "a").Labels))
	update([]string{"Slow a", "Slow b", "Gone b", "Other a"})
	assert.Empty(t, i.of)
	assert.Empty(t, i.inhibitions[0])
}

func TestActiveSilencesChange(t *testing.T) {
	s := NewSilences(nil)
	assert.False(t, s.ActiveChanged(start))
	require.NoError(t, s.Set(start, Silence{ID: "s", Matchers: matchers(t, `a="b"`), StartsAt: start.Add(time.Hour), EndsAt: start.Add(2 * time.Hour)}))
	for _, step := range []struct {
		minute float64
		want   bool
	}{{0, false}, {60, true}, {61, false}, {120, true}, {121, false}, {90, true}} {
		assert.Equal(t, step.want, s.ActiveChanged(minutes(step.minute)), "minute %v", step.minute)
	}
}
