// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"cmp"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// goldenCall is a call as the ledger lists it.
type goldenCall struct {
	Model    string           `yaml:"model"`
	Provider string           `yaml:"provider,omitempty"`
	Status   string           `yaml:"status"`
	Agent    string           `yaml:"agent,omitempty"`
	User     string           `yaml:"user,omitempty"`
	Session  string           `yaml:"session,omitempty"`
	Usage    map[string]int64 `yaml:"usage,omitempty"`
	Dollars  *float64         `yaml:"dollars"`
	// Scope and reading are those of the record that has the most detail; merged are
	// the rules and scopes of the others.
	Convention string   `yaml:"convention"`
	Reading    string   `yaml:"reading,omitempty"`
	Merged     []string `yaml:"merged,omitempty"`
}

// A folder has one kind of evidence by which records are read or merged: requests of
// released SDKs in the order in which they arrived, and calls.yaml, the calls that
// they report. Their order does not matter.
func TestGoldenCalls(t *testing.T) {
	for _, folder := range cases(t, "calls") {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			sent := readRequests(t, folder)
			file := filepath.Join(folder, "calls.yaml")
			got := callsOf(t, sent)
			if *update {
				content, err := yaml.Marshal(got)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(file, content, 0o600))
			}
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			var want []goldenCall
			require.NoError(t, yaml.Unmarshal(content, &want))
			assert.Equal(t, want, got)
			for seed := range 4 {
				random := rand.New(rand.NewPCG(uint64(seed), 5))
				single := slices.Concat(sent...)
				random.Shuffle(len(single), func(i, j int) { single[i], single[j] = single[j], single[i] })
				assert.Equal(t, want, callsOf(t, [][]telemetry{single}), "in another order")
			}
		})
	}
}

// readRequests reads the requests, with each span and log record on its own.
func readRequests(t *testing.T, folder string) (requests [][]telemetry) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var one []telemetry
		if strings.Contains(file, "logs") {
			ld, err := (&plog.JSONUnmarshaler{}).UnmarshalLogs(content)
			require.NoError(t, err)
			for _, rl := range ld.ResourceLogs().All() {
				for _, sl := range rl.ScopeLogs().All() {
					for _, record := range sl.LogRecords().All() {
						single := plog.NewLogs()
						to := single.ResourceLogs().AppendEmpty()
						rl.Resource().CopyTo(to.Resource())
						scope := to.ScopeLogs().AppendEmpty()
						sl.Scope().CopyTo(scope.Scope())
						record.CopyTo(scope.LogRecords().AppendEmpty())
						one = append(one, telemetry{logs: &single})
					}
				}
			}
		} else {
			td, err := (&ptrace.JSONUnmarshaler{}).UnmarshalTraces(content)
			require.NoError(t, err)
			for _, rs := range td.ResourceSpans().All() {
				for _, ss := range rs.ScopeSpans().All() {
					for _, span := range ss.Spans().All() {
						single := ptrace.NewTraces()
						to := single.ResourceSpans().AppendEmpty()
						rs.Resource().CopyTo(to.Resource())
						scope := to.ScopeSpans().AppendEmpty()
						ss.Scope().CopyTo(scope.Scope())
						span.CopyTo(scope.Spans().AppendEmpty())
						one = append(one, telemetry{spans: &single})
					}
				}
			}
		}
		requests = append(requests, one)
	}
	return requests
}

// callsOf are the calls that a collector counts.
func callsOf(t *testing.T, requests [][]telemetry) (calls []goldenCall) {
	t.Helper()
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		p, e := newPage()
		r := newRig(t, testConfig(func(c *Config) {
			c.Dimensions = dimensionsOf(attrService, attrAgent, attrUser, attrConversation)
		}), e)
		for _, one := range slices.Concat(requests...) {
			send(r, one)
		}
		for _, c := range p.usage.Calls(dashboard.CallQuery{}) {
			call := goldenCall{
				Model: c.Values[0], Agent: c.Values[2], User: c.Values[3], Session: c.Values[4], Provider: c.Provider, Status: c.Status,
				Dollars: c.Dollars, Convention: c.Convention, Reading: c.Reading,
			}
			for _, kind := range usage.Kinds() {
				if n := c.Amounts[kind]; n != 0 {
					if call.Usage == nil {
						call.Usage = map[string]int64{}
					}
					call.Usage[kind.String()] = n
				}
			}
			for _, m := range c.Merged {
				call.Merged = append(call.Merged, m.Rule+" "+m.Scope)
			}
			slices.Sort(call.Merged)
			calls = append(calls, call)
		}
	})
	slices.SortFunc(calls, func(a, b goldenCall) int {
		return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Usage["output"], b.Usage["output"]), cmp.Compare(a.Usage["input"], b.Usage["input"]), cmp.Compare(a.Convention, b.Convention), slices.Compare(a.Merged, b.Merged))
	})
	return calls
}
