// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// run runs the command and returns what it writes.
func run(t *testing.T, arguments ...string) (stdout, stderr string, err error) {
	t.Helper()
	command := newCommand()
	var out, bad bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&bad)
	command.SetArgs(arguments)
	err = command.ExecuteContext(t.Context())
	return out.String(), bad.String(), err
}

func TestRulesCheck(t *testing.T) {
	stdout, stderr, err := run(t, "rules", "check", "../../config/rules/arc.yml")
	require.NoError(t, err)
	assert.Equal(t, "../../config/rules/arc.yml: 6 rules\n", stdout)
	assert.Empty(t, stderr)
}

func TestRulesCheckReportsAllFiles(t *testing.T) {
	stdout, stderr, err := run(t, "rules", "check", "testdata/bad.yml", "testdata/duplicates.yml", "testdata/long.yml")
	assert.EqualError(t, err, "2 of 3 files failed")
	assert.Equal(t, "testdata/long.yml: 2 rules\n", stdout)
	assert.Equal(t, `testdata/bad.yml:5:15: group "g", rule 1, "A": could not parse expression: 1:6: parse error: unexpected end of input
testdata/bad.yml:6:14: group "g", rule 1, "A": field "for": not a valid duration string: "5"
testdata/duplicates.yml:6:9: group "g", rule 2, "A": writes the same series as rule 1 of group "g" in line 4: they have the same name and labels
warning: testdata/long.yml:5:15: group "g", rule 1, "WeekAgo": looks back 7d5m, beyond the 1d2h that samples are kept
Error: 2 of 3 files failed
`, stderr)
}

func TestRulesCheckRetention(t *testing.T) {
	_, stderr, err := run(t, "rules", "check", "--retention=8d", "testdata/long.yml")
	require.NoError(t, err)
	assert.Empty(t, stderr)
	_, _, err = run(t, "rules", "check", "--retention=long", "testdata/long.yml")
	assert.ErrorContains(t, err, `not a valid duration string: "long"`)
}

func TestRulesTest(t *testing.T) {
	stdout, stderr, err := run(t, "rules", "test", "../../config/rules/arc_test.yml")
	require.NoError(t, err)
	assert.Equal(t, "../../config/rules/arc_test.yml: 13 tests passed\n", stdout)
	assert.Empty(t, stderr)
}

// TestRulesTestShipped runs the unit tests of all shipped rules.
func TestRulesTestShipped(t *testing.T) {
	for _, folder := range []string{"rules", "rules/usage", "scale/rules"} {
		files, err := filepath.Glob("../../config/" + folder + "/*_test.yml")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		stdout, stderr, err := run(t, append([]string{"rules", "test"}, files...)...)
		require.NoError(t, err, stdout+stderr)
	}
}

func TestRulesTestFails(t *testing.T) {
	stdout, stderr, err := run(t, "rules", "test", "testdata/fails_test.yml", "../../config/rules/arc_test.yml")
	assert.EqualError(t, err, "1 of 2 files failed")
	assert.Equal(t, "../../config/rules/arc_test.yml: 13 tests passed\n", stdout)
	assert.Equal(t, `warning: testdata/fails_test.yml: rule_files: no file matches "testdata/none.yml"
testdata/fails_test.yml: test 1: expr "1 + 1" at 1m: 
    expected: {} 3
    got:      {} 2
Error: 1 of 2 files failed
`, stderr)
}

func TestRulesWantFiles(t *testing.T) {
	for _, command := range []string{"check", "test"} {
		_, _, err := run(t, "rules", command)
		assert.ErrorContains(t, err, "requires at least 1 arg")
	}
}
