// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/golden"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/plogtest"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/pdatatest/ptracetest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// With -update the expected files are rewritten: review what has changed.
var update = flag.Bool("update", false, "write the golden files")

// A case is a folder: input.yaml is what an instrumentation sends, expected.yaml
// the same after llm_cost, and totals.yaml the metrics that it leads to, without
// those of durations and hours.
func cases(t *testing.T, signal string) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join("testdata", signal, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	return folders
}

func TestGoldenTraces(t *testing.T) {
	for _, folder := range cases(t, "traces") {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				td, err := golden.ReadTraces(filepath.Join(folder, "input.yaml"))
				require.NoError(t, err)
				r := newRig(t, testConfig(nil))
				got := r.price(td)
				expected := filepath.Join(folder, "expected.yaml")
				if *update {
					require.NoError(t, golden.WriteTracesToFile(expected, got))
				}
				want, err := golden.ReadTraces(expected)
				require.NoError(t, err)
				require.NoError(t, ptracetest.CompareTraces(want, got))
				compareTotals(t, folder, r.totals())
			})
		})
	}
}

func TestGoldenLogs(t *testing.T) {
	for _, folder := range cases(t, "logs") {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			falseclock.Test(t, func(t *testing.T) {
				wakeUp()
				ld, err := golden.ReadLogs(filepath.Join(folder, "input.yaml"))
				require.NoError(t, err)
				r := newRig(t, testConfig(nil))
				got := r.priceLogs(ld)
				expected := filepath.Join(folder, "expected.yaml")
				if *update {
					require.NoError(t, golden.WriteLogsToFile(expected, got))
				}
				want, err := golden.ReadLogs(expected)
				require.NoError(t, err)
				require.NoError(t, plogtest.CompareLogs(want, got))
				compareTotals(t, folder, r.totals())
			})
		})
	}
}

func compareTotals(t *testing.T, folder string, got readings) {
	t.Helper()
	counted := readings{}
	for name, value := range got {
		for _, prefix := range []string{metricCalls, metricTokens, metricCost} {
			if len(name) > len(prefix) && name[:len(prefix)+1] == prefix+"{" && value != 0 {
				counted[name] = value
			}
		}
	}
	file := filepath.Join(folder, "totals.yaml")
	if *update {
		content, err := yaml.Marshal(counted)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, content, 0o600))
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var want readings
	require.NoError(t, yaml.Unmarshal(content, &want))
	assert.Equal(t, want, counted)
}
