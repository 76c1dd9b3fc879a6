// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package routing

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The receivers of an alert whose labels are known are those of Match; when some are
// not known, they include those of every alert that it may be.
func TestMayMatch(t *testing.T) {
	names, values := []string{"a", "b", "c"}, []string{"", "1", "2"}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 22))
		tree, err := Compile("route", randomRoute(random, names, values, 0), nil, defaults)
		require.NoError(t, err)
		known := map[string]string{}
		var open []string
		for _, name := range names {
			if random.IntN(2) == 0 {
				known[name] = values[random.IntN(len(values))]
			} else {
				open = append(open, name)
			}
		}
		possible := map[string]bool{}
		for _, alert := range completions(known, open, values) {
			want := map[string]bool{}
			for _, r := range tree.Match(alert) {
				want[r.Receiver], possible[r.Receiver] = true, true
			}
			got := map[string]bool{}
			for _, receiver := range tree.MayMatch(Partial{Values: alert}) {
				got[receiver] = true
			}
			assert.Equal(t, want, got, "seed %d, %v", seed, alert)
		}
		may := tree.MayMatch(Partial{Values: known, IsOpen: func(string) bool { return true }})
		for receiver := range possible {
			assert.Contains(t, may, receiver, "seed %d, %v", seed, known)
		}
	}
}

func randomRoute(random *rand.Rand, names, values []string, depth int) *Config {
	c := &Config{Receiver: fmt.Sprint("r", random.IntN(6)), Continue: random.IntN(3) == 0}
	if depth > 0 {
		operator := []string{"=", "!=", "=~", "!~"}[random.IntN(4)]
		c.Matchers = []string{names[random.IntN(len(names))] + operator + `"` + values[random.IntN(len(values))] + `"`}
	}
	for range random.IntN(4 - depth) {
		c.Routes = append(c.Routes, *randomRoute(random, names, values, depth+1))
	}
	return c
}

// completions are the alerts that one may be.
func completions(known map[string]string, open, values []string) []map[string]string {
	if len(open) == 0 {
		return []map[string]string{known}
	}
	var all []map[string]string
	for _, value := range values {
		one := maps.Clone(known)
		one[open[0]] = value
		all = append(all, completions(one, open[1:], values)...)
	}
	return all
}

func TestLabelsOfRule(t *testing.T) {
	p := LabelsOfRule("Down", "up == 0", map[string]string{"severity": "page", "team": "{{ $labels.team }}", "region": "us"},
		map[string]string{"region": "eu", "env": "prod"})
	assert.Equal(t, map[string]string{"alertname": "Down", "severity": "page", "region": "us", "env": "prod"}, p.Values)
	assert.True(t, p.IsOpen("team"), "a template")
	assert.True(t, p.IsOpen("instance"), "of a series")
	assert.False(t, LabelsOfRule("Down", "up == 0", nil, nil).IsOpen("severity"))
	assert.True(t, LabelsOfRule("Down", "max by (severity) (x) > 0", nil, nil).IsOpen("severity"))
}

func TestLabelsOfEvent(t *testing.T) {
	p := LabelsOfEvent("Refused", map[string]string{"severity": "page", "summary": "{{ .Name }}"}, []string{"gen_ai.request.model", "http.request.header.x-team"},
		map[string]string{"cluster": "eu"})
	assert.Equal(t, map[string]string{"alertname": "Refused", "severity": "page", "cluster": "eu"}, p.Values)
	for label, open := range map[string]bool{
		"gen_ai_request_model": true, "http_request_header_x_team": true, "summary": true,
		"gen_ai.request.model": false, "team": false, "severity": false,
	} {
		assert.Equal(t, open, p.IsOpen(label), label)
	}
}
