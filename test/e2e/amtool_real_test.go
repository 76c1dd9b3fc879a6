//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/routing"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// amtool runs the real one, and returns what it prints.
func amtool(t require.TestingT, arguments ...string) string {
	cmd := exec.Command("amtool", arguments...)
	var problems bytes.Buffer // among them a warning that the versions differ
	cmd.Stderr = &problems
	output, err := cmd.Output()
	require.NoError(t, err, "%s", &problems)
	return strings.TrimSpace(string(output))
}

// amtool lists the alerts of the built binary, and creates, lists and expires a
// silence, which suppresses an alert meanwhile.
func TestRealAmtool(t *testing.T) {
	p, set := quick(t)
	collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", `yaml:
processors:
  alert:
    rules: [{name: PaymentsDown, expr: "vector(1)", severity: critical, labels: {team: payments}}]
`},
		Set: append(set, "exporters::prometheus::endpoint="+p.page),
	})
	url := "--alertmanager.url=http://" + p.dashboard
	alerts := func(t require.TestingT) string {
		return amtool(t, url, "-o", "extended", "alert", "query", "team=payments")
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) { assert.Contains(c, alerts(c), "PaymentsDown") }, 30*time.Second, 200*time.Millisecond)
	id := amtool(t, url, "silence", "add", "--author=ines", "--comment=deploy", "--duration=1h", "alertname=PaymentsDown", "env!=dev")
	assert.NotContains(t, alerts(t), "PaymentsDown", "it is silenced")
	assert.Contains(t, amtool(t, url, "alert", "query", "--silenced"), "PaymentsDown")
	silences := amtool(t, url, "silence", "query", "alertname=PaymentsDown")
	assert.Contains(t, silences, id)
	assert.Contains(t, silences, "deploy")
	assert.Contains(t, silences, `env!="dev"`)
	amtool(t, url, "silence", "expire", id)
	assert.NotContains(t, amtool(t, url, "silence", "query"), id)
	require.EventuallyWithT(t, func(c *assert.CollectT) { assert.Contains(c, alerts(c), "PaymentsDown") }, 30*time.Second, 200*time.Millisecond)
}

// Random trees route random alerts to the receivers that `amtool config routes test`
// finds.
func TestRealAmtoolRoutes(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 22))
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	next := 0
	var route func(depth int) map[string]any
	route = func(depth int) map[string]any {
		next++
		r := map[string]any{}
		if random.IntN(3) > 0 {
			r["receiver"] = fmt.Sprint("r", next)
		}
		switch random.IntN(4) {
		case 0:
			r["match"] = map[string]any{pick("team", "severity"): pick("a", "b", "")}
		case 1:
			r["match_re"] = map[string]any{pick("team", "severity"): pick("a|b", "a.*", ".*", "b?")}
		default:
			r["matchers"] = []any{pick("team", "severity", "env") + pick("=", "!=") + pick(`"a"`, `"b"`, `""`), pick("team", "severity", "env") + pick("=~", "!~") + pick(`"a|b"`, `"a.*"`, `".+"`, `""`)}
		}
		if random.IntN(3) == 0 {
			r["continue"] = true
		}
		for range random.IntN(4) {
			if depth > 0 {
				children, _ := r["routes"].([]any)
				r["routes"] = append(children, route(depth-1))
			}
		}
		return r
	}
	for range 40 {
		next = 0
		root := map[string]any{"receiver": "root", "routes": []any{route(2), route(2), route(1)}}
		receivers := []any{map[string]any{"name": "root"}}
		for i := range next {
			receivers = append(receivers, map[string]any{"name": fmt.Sprint("r", i+1)})
		}
		text, err := yaml.Marshal(map[string]any{"route": root, "receivers": receivers})
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "alertmanager.yml")
		require.NoError(t, os.WriteFile(file, text, 0o600))
		var settings struct {
			Route routing.Config `mapstructure:"route"`
		}
		require.NoError(t, confmap.NewFromStringMap(map[string]any{"route": root}).Unmarshal(&settings))
		tree, err := routing.Compile("route", &settings.Route, nil, routing.Defaults{})
		require.NoError(t, err)
		for range 6 {
			labels, arguments := map[string]string{}, []string{"config", "routes", "test", "--config.file=" + file}
			for _, name := range []string{"team", "severity", "env"} {
				if value := pick("", "a", "b", "ab"); value != "" {
					labels[name] = value
					arguments = append(arguments, name+"="+value)
				}
			}
			var want, got []string
			known := map[string]bool{}
			for name := range strings.SplitSeq(amtool(t, arguments...), ",") {
				if !known[name] { // twice in Alertmanager, once here
					known[name] = true
					want = append(want, name)
				}
			}
			for _, r := range tree.Match(labels) {
				got = append(got, r.Receiver)
			}
			require.Equal(t, want, got, "%v\n%s", labels, text)
		}
	}
}
