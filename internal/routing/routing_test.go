// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package routing

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"
)

// defaults are Alertmanager's.
var defaults = Defaults{GroupWait: 30 * time.Second, GroupInterval: 5 * time.Minute, RepeatInterval: 4 * time.Hour}

// load reads a route, and time_intervals, as the collector does.
func load(t *testing.T, text string) (*Tree, error) {
	t.Helper()
	var raw map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &raw))
	var settings struct {
		Route         Config               `mapstructure:"route"`
		TimeIntervals []TimeIntervalConfig `mapstructure:"time_intervals"`
	}
	require.NoError(t, confmap.NewFromStringMap(raw).Unmarshal(&settings))
	return Compile("route", &settings.Route, settings.TimeIntervals, defaults)
}

func labelsOf(text string) map[string]string {
	set := map[string]string{}
	for pair := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(pair, "=")
		set[name] = value
	}
	return set
}

// The cases are from Alertmanager's documentation of each setting of a route.
// https://prometheus.io/docs/alerting/latest/configuration/#route
func TestMatch(t *testing.T) {
	tests := map[string]struct {
		route string
		want  map[string]string // receivers by the labels of an alert
	}{
		"every alert enters at the root, which is the fallback": {
			`{receiver: root, routes: [{receiver: a, matchers: [team="a"]}]}`,
			map[string]string{"": "root", "team=b": "root", "team=a": "a"},
		},
		"the first child that matches, unless it continues": {
			`{receiver: root, routes: [
				{receiver: a, matchers: [team="a"]},
				{receiver: log, continue: true},
				{receiver: critical, matchers: [severity="critical"]},
				{receiver: never, matchers: [severity="critical"]}]}`,
			map[string]string{"team=a severity=critical": "a", "severity=critical": "log critical", "severity=info": "log"},
		},
		"a node whose children do not match notifies itself": {
			`{receiver: root, routes: [{receiver: a, matchers: [team="a"], routes: [{receiver: pager, matchers: [severity="critical"]}]}]}`,
			map[string]string{"team=a severity=critical": "pager", "team=a severity=info": "a", "severity=critical": "root"},
		},
		"the receiver is inherited": {
			`{receiver: root, routes: [{matchers: [team="a"], routes: [{matchers: [x="1"]}]}]}`,
			map[string]string{"team=a x=1": "root"},
		},
		"continue holds among siblings alone": {
			`{receiver: root, routes: [
				{receiver: a, matchers: [team="a"], routes: [{receiver: b, continue: true, matchers: [x="1"]}, {receiver: c, matchers: [x="1"]}]},
				{receiver: d}]}`,
			map[string]string{"team=a x=1": "b c", "team=a": "a", "": "d"},
		},
		"a child that continues without a later match": {
			`{receiver: root, routes: [{receiver: a, continue: true, matchers: [team="a"]}, {receiver: b, matchers: [team="b"]}]}`,
			map[string]string{"team=a": "a"},
		},
		"all matchers of a route must hold": {
			`{receiver: root, routes: [{receiver: a, matchers: [team="a", env!="dev", region=~"eu-.*", zone!~"x|y"]}]}`,
			map[string]string{
				"team=a env=prod region=eu-1 zone=z": "a", "team=a region=eu-1": "a", "team=a env=dev region=eu-1": "root",
				"team=a region=xeu-1": "root", "team=a region=eu-1 zone=x": "root", "team=a region=eu-1 zone=xx": "a",
			},
		},
		"a label that is missing is empty": {
			`{receiver: root, routes: [{receiver: none, matchers: ['team=""']}]}`,
			map[string]string{"": "none", "team=a": "root"},
		},
		"several matchers in one text, and without quotes": {
			`{receiver: root, routes: [{receiver: a, matchers: ['{team=a,severity=~"critical|page"}']}, {receiver: b, matchers: [team = b]}]}`,
			map[string]string{"team=a severity=page": "a", "team=a": "root", "team=b": "b"},
		},
		"UTF-8 names": {
			`{receiver: root, routes: [{receiver: a, matchers: ['"service.name"="api"']}]}`,
			map[string]string{"service.name=api": "a"},
		},
		"the deprecated forms, regular expressions anchored": {
			`{receiver: root, routes: [{receiver: a, match: {team: a}, match_re: {service: ^(foo1|foo2|baz)$}}, {receiver: b, match_re: {team: b.}}]}`,
			map[string]string{"team=a service=foo1": "a", "team=a service=foo3": "root", "team=b1": "b", "team=b": "root", "team=xb1": "root"},
		},
		"all forms together": {
			`{receiver: root, routes: [{receiver: a, match: {team: a}, matchers: [x="1"]}]}`,
			map[string]string{"team=a x=1": "a", "team=a": "root", "x=1": "root"},
		},
		"a receiver that two routes have is notified once": {
			`{receiver: root, routes: [{receiver: a, continue: true}, {receiver: b, continue: true}, {receiver: a}]}`,
			map[string]string{"": "a b"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tree, err := load(t, "route: "+test.route)
			require.NoError(t, err)
			for alert, want := range test.want {
				var got []string
				for _, r := range tree.Match(labelsOf(alert)) {
					got = append(got, r.Receiver)
				}
				assert.Equal(t, want, strings.Join(got, " "), "%q", alert)
			}
		})
	}
}

func TestInheritance(t *testing.T) {
	tree, err := load(t, `
route:
  receiver: root
  group_by: [alertname, team]
  group_wait: 10s
  repeat_interval: 1d
  routes:
    - matchers: [team="a"]
      group_by: ['...']
      group_interval: 1h30m
      mute_time_intervals: [nights]
      routes:
        - matchers: [x="1"]
        - matchers: [x="2"]
          group_by: [x]
    - matchers: [team="b"]
      group_by: []
      active_time_intervals: [weekdays]
time_intervals:
  - name: nights
    time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}]}]
  - name: weekdays
    time_intervals: [{weekdays: ["monday:friday"]}]
`)
	require.NoError(t, err)
	of := func(alert string) *Route { return tree.Match(labelsOf(alert))[0] }
	root, a, a1, a2, b := of(""), of("team=a"), of("team=a x=1"), of("team=a x=2"), of("team=b")
	assert.Equal(t, []string{"alertname", "team"}, root.GroupBy)
	assert.Equal(t, 10*time.Second, root.GroupWait)
	assert.Equal(t, 5*time.Minute, root.GroupInterval)
	assert.Equal(t, 24*time.Hour, root.RepeatInterval)
	assert.True(t, a.GroupByAll)
	assert.Equal(t, 90*time.Minute, a1.GroupInterval)
	assert.Equal(t, 24*time.Hour, a1.RepeatInterval)
	assert.True(t, a1.GroupByAll)
	assert.False(t, a2.GroupByAll)
	assert.Equal(t, []string{"x"}, a2.GroupBy)
	assert.Empty(t, b.GroupBy, "an empty list takes the labels back")
	assert.False(t, b.GroupByAll)

	assert.Equal(t, `{}/{team="a"}/{x="2"}`, a2.Key)
	assert.Equal(t, []string{"root"}, tree.Receivers())
	night := time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC) // a Monday
	assert.True(t, a.IsMuted(night))
	assert.False(t, a1.IsMuted(night), "mute times are not inherited")
	assert.False(t, a.IsMuted(night.Add(2*time.Hour)))
	assert.False(t, b.IsMuted(night))
	assert.True(t, b.IsMuted(night.AddDate(0, 0, -1)), "a Sunday")
	assert.False(t, root.IsMuted(night))
}

// The processor's own group_by is the root's, also "...".
func TestDefaults(t *testing.T) {
	tree, err := Compile("route", &Config{Receiver: "a"}, nil, Defaults{GroupBy: []string{"..."}, RepeatInterval: time.Hour})
	require.NoError(t, err)
	assert.True(t, tree.Root().GroupByAll)
	assert.Equal(t, time.Hour, tree.Root().RepeatInterval)
}

// Everything that is wrong is named at once, with its key.
func TestInvalid(t *testing.T) {
	_, err := load(t, `
route:
  matchers: [a="b"]
  mute_time_intervals: [x]
  routes:
    - matchers: ['team=', '=~', 'a=~"("']
      match: {"9x": a}
      match_re: {a: "("}
      group_by: [a, a, ""]
      group_interval: 0s
      repeat_interval: 0s
      active_time_intervals: [missing]
    - group_by: ['...', a]
      group_wait: -1s
time_intervals:
  - name: x
    time_intervals: [{weekdays: [someday]}]
  - name: x
  - time_intervals: [{}]
`)
	require.Error(t, err)
	for _, want := range []string{
		"route::receiver: must be set", "route::matchers: must not be set", "route::mute_time_intervals and active_time_intervals: must not be set",
		`route::routes::0::matchers::1`, `route::routes::0::matchers::2`, `route::routes::0::match::9x: invalid label name`, "route::routes::0::match_re::a: ",
		`route::routes::0::group_by::1: "a" is there twice`, `route::routes::0::group_by::2: invalid label name ""`,
		"route::routes::0::group_interval: must be 1s or more", "route::routes::0::repeat_interval: must be 1s or more",
		`route::routes::0::active_time_intervals::0: "missing" is not a name`, `route::routes::1::group_by: "..." stands for all`,
		"route::routes::1::group_wait: must be 0s or more", "time_intervals::0::time_intervals::0", `time_intervals::1::name: "x" is there twice`,
		"time_intervals::1::time_intervals: must not be empty", "time_intervals::2::name: must be set", "time_intervals::2::time_intervals::0: must not be empty",
	} {
		assert.ErrorContains(t, err, want)
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"1d": 24 * time.Hour, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute, "2w": 14 * 24 * time.Hour, "0s": 0} {
		var d Duration
		require.NoError(t, d.UnmarshalText([]byte(text)))
		assert.Equal(t, want, time.Duration(d), text)
	}
	var d Duration
	assert.Error(t, d.UnmarshalText([]byte("soon")))
}
