// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the golden files")

func testFiles(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*_test.yml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// promtool passes these files too; test/e2e compares the outcomes.
func TestPass(t *testing.T) {
	for _, file := range testFiles(t, "pass") {
		result := Run(t.Context(), file)
		assert.Empty(t, result.Failures, file)
		assert.Positive(t, result.Tests, file)
	}
}

// TestFail compares the failures of each file with the text beside it.
func TestFail(t *testing.T) {
	for _, file := range testFiles(t, "fail") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var got strings.Builder
			for _, err := range Run(t.Context(), file).Failures {
				got.WriteString(err.Error() + "\n")
			}
			golden := strings.TrimSuffix(file, "_test.yml") + ".txt"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got.String()), 0o600))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.NotEmpty(t, got.String())
			assert.Equal(t, string(want), got.String())
		})
	}
}

func TestWarnings(t *testing.T) {
	assert.Equal(t, []string{`rule_files: no file matches "testdata/pass/none*.yml"`}, Run(t.Context(), "testdata/pass/counters_test.yml").Warnings)
}

func TestMissingFile(t *testing.T) {
	result := Run(t.Context(), filepath.Join(t.TempDir(), "none_test.yml"))
	require.Len(t, result.Failures, 1)
	assert.ErrorIs(t, result.Failures[0], os.ErrNotExist)
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	result := Run(ctx, "testdata/pass/start_test.yml")
	require.NotEmpty(t, result.Failures)
	assert.ErrorIs(t, result.Failures[0], context.Canceled)
}

// TestFilesOfPromtool runs the files of promtool's own tests, from the module's source,
// and expects the outcomes that they expect of promtool.
func TestFilesOfPromtool(t *testing.T) {
	for name, passes := range map[string]bool{
		"unittest.yml":               true,
		"long-period.yml":            true,
		"at-modifier-test.yml":       true,
		"negative-offset-test.yml":   true,
		"no-test-group-interval.yml": true,
		"start-time-test.yml":        true,
		"rules_run_fuzzy.yml":        false, // has a test that is to fail
		"rules_run_no_fuzzy.yml":     false,
		"rules_run.yml":              false,
		"rules_run_extrafields.yml":  false,
		"bad-input-series.yml":       false,
		"bad-promql.yml":             false,
		"bad-rules-syntax-test.yml":  false,
		"bad-rules-error-test.yml":   false,
		"failing.yml":                false,
	} {
		t.Run(name, func(t *testing.T) {
			result := Run(t.Context(), filepath.Join(prometheusSource(t), "cmd", "promtool", "testdata", name))
			assert.Equal(t, passes, len(result.Failures) == 0, "%v", result.Failures)
		})
	}
}

// prometheusSource is where the source of the Prometheus module is.
func prometheusSource(t *testing.T) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(output))
}
