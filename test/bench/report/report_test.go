// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReplace(t *testing.T) {
	text := "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
	after, err := replace(text, "x", "\nnew\n")
	require.NoError(t, err)
	assert.Equal(t, "a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb\n", after)
	again, err := replace(after, "x", "new")
	require.NoError(t, err)
	assert.Equal(t, after, again)
	_, err = replace(text, "y", "")
	require.ErrorContains(t, err, "<!-- y -->")
	_, err = replace("<!-- x -->\n", "x", "")
	require.ErrorContains(t, err, "<!-- /x -->")
}

func TestFenced(t *testing.T) {
	assert.Equal(t, "```text\nBenchmarkX 1 2 ns/op\n```\n", fenced("goos: linux\nBenchmarkX 1 2 ns/op\nPASS\n"))
}

func TestResultsOf(t *testing.T) {
	assert.Equal(t, "```text\nBenchmarkX 1 2 ns/op\n```\n", resultsOf("goos: linux\nBenchmarkX 1 2 ns/op\nPASS\n"))
	assert.Equal(t, "### T\n\n| a |\n| --- |\n| 1 |\n", resultsOf("BenchmarkX/a 1 2 ns/op\n\n### T\n\n| a |\n| --- |\n| 1 |\nPASS\nok\n"))
}

func TestPageHasAllSections(t *testing.T) {
	text, err := os.ReadFile("../../../docs/benchmarks.md")
	require.NoError(t, err)
	for _, s := range sections {
		_, err := replace(string(text), s.name, "")
		require.NoError(t, err)
	}
}
