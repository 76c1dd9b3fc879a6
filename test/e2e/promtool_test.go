//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// arctool passes and fails the same files as promtool: those of the tests of both
// commands, which cover every way to pass and fail, and the shipped ones. Files whose
// first line names a version need at least that promtool, as older ones do not know
// their fields.
func TestRealPromtoolAgrees(t *testing.T) {
	arctool := buildArctool(t)
	have := promtoolVersion(t)
	for _, c := range []struct {
		ours, promtool []string
		files          string
		passes         bool
	}{
		{[]string{"rules", "test"}, []string{"test", "rules"}, "config/rules/*_test.yml", true},
		{[]string{"rules", "test"}, []string{"test", "rules"}, "config/scale/rules/*_test.yml", true},
		{[]string{"rules", "test"}, []string{"test", "rules"}, "config/rules/usage/*_test.yml", true},
		{[]string{"rules", "test"}, []string{"test", "rules"}, "cmd/arctool/internal/ruletest/testdata/pass/*_test.yml", true},
		{[]string{"rules", "test"}, []string{"test", "rules"}, "cmd/arctool/internal/ruletest/testdata/fail/*_test.yml", false},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "config/rules/arc.yml", true},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "config/rules/collector.yml", true},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "config/scale/rules/usage.yml", true},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "config/rules/usage/usage.yml", true},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "internal/rulecheck/testdata/good/*.yml", true},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "internal/rulecheck/testdata/bad/*.yml", false},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "internal/rulecheck/testdata/duplicates/*.yml", false},
		{[]string{"rules", "check"}, []string{"check", "rules", "--lint-fatal"}, "processor/alertprocessor/testdata/conformance/*/rules.yml", true},
	} {
		files, err := filepath.Glob(filepath.Join(collector.Root(), c.files))
		require.NoError(t, err)
		require.NotEmpty(t, files, c.files)
		for _, file := range files {
			t.Run(filepath.Base(file), func(t *testing.T) {
				needs := neededVersion(t, file)
				if have.before(needs) {
					t.Skipf("needs promtool %v, have %v", needs, have)
				}
				theirs, theirText := passes(t, "promtool", append(c.promtool, file)...)
				ours, ourText := passes(t, arctool, append(c.ours, file)...)
				assert.Equal(t, c.passes, theirs, theirText)
				assert.Equal(t, theirs, ours, "%s\npromtool's output: %s", ourText, theirText)
			})
		}
	}
}

// passes runs a command and reports whether it passed.
func passes(t *testing.T, program string, arguments ...string) (bool, string) {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), program, arguments...).CombinedOutput()
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return err == nil, string(output)
}

func buildArctool(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "arctool")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/arctool")
	cmd.Dir = collector.Root()
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return binary
}

// version is a major and a minor number.
type version [2]int

func (v version) before(other version) bool {
	return v[0] < other[0] || v[0] == other[0] && v[1] < other[1]
}

func (v version) String() string { return fmt.Sprintf("%d.%d", v[0], v[1]) }

func promtoolVersion(t *testing.T) version {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "promtool", "--version").CombinedOutput()
	require.NoError(t, err)
	var v version
	_, err = fmt.Sscanf(string(output), "promtool, version %d.%d", &v[0], &v[1])
	require.NoError(t, err, "%s", output)
	return v
}

var needs = regexp.MustCompile(`^# needs promtool (\d+\.\d+)`)

func neededVersion(t *testing.T, file string) version {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var v version
	if match := needs.FindSubmatch(content); match != nil {
		_, err = fmt.Sscanf(string(match[1]), "%d.%d", &v[0], &v[1])
		require.NoError(t, err)
	}
	return v
}
