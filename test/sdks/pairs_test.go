// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sdks

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each pair has its driver, packages with pinned versions, and instrumentations that its driver knows.
func TestPairsAreComplete(t *testing.T) {
	pairs, err := Pairs()
	require.NoError(t, err)
	read := func(parts ...string) string {
		content, err := os.ReadFile(filepath.Join(parts...))
		require.NoError(t, err)
		return string(content)
	}
	shared := map[bool]string{false: read("drivers", "python", "telemetry.py"), true: read("drivers", "node", "telemetry.mjs")}
	core := 0
	for _, pair := range pairs {
		language := "python"
		if pair.Node() {
			language = "node"
		}
		driver := read("drivers", language, pair.Driver) + shared[pair.Node()]
		for _, name := range pair.Instrument {
			assert.Regexp(t, `["']`+regexp.QuoteMeta(name)+`["']`, driver, "%s: %s does not know %s", pair.Name, pair.Driver, name)
		}
		locked := filepath.Join("requirements", pair.Group+".txt")
		wanted := filepath.Join("requirements", pair.Group+".in")
		if pair.Node() {
			locked, wanted = filepath.Join("node", pair.Group, "package-lock.json"), filepath.Join("node", pair.Group, "package.json")
		}
		lock := read(locked)
		assert.NotEmpty(t, read(wanted))
		for _, name := range pair.Packages {
			if pair.Node() {
				assert.Contains(t, lock, `"node_modules/`+name+`"`, pair.Name)
			} else {
				assert.Regexp(t, `(?mi)^`+strings.NewReplacer("-", "[-_.]", "_", "[-_.]").Replace(name)+`==`, lock, pair.Name)
			}
		}
		if pair.Core {
			core++
		}
	}
	assert.GreaterOrEqual(t, core, 10)
	assert.GreaterOrEqual(t, len(pairs), 40)
}

// Requirement files pin each package, and name no place to get it from.
func TestRequirementsArePinned(t *testing.T) {
	files, err := filepath.Glob("requirements/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	pinned := regexp.MustCompile(`^[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+$`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			assert.Regexp(t, pinned, strings.TrimSpace(line), file)
		}
	}
	locks, err := filepath.Glob("node/*/package-lock.json")
	require.NoError(t, err)
	require.NotEmpty(t, locks)
	for _, file := range locks {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NotContains(t, string(content), `"resolved"`, file)
	}
}

func TestPairsErrors(t *testing.T) {
	_, err := parsePairs([]byte(`
pairs:
  - {name: a, title: A, driver: a.py, group: g, packages: [p], because: {color: no}}
  - {name: a, title: A, driver: a.py, group: g, packages: [p]}
  - {name: b}
`))
	for _, want := range []string{`pair a: because: "color" is not a column`, "pair a: listed twice", "pair 3 (b): name, title, driver, group and packages must be set"} {
		assert.ErrorContains(t, err, want)
	}
	_, err = parsePairs([]byte("pairs:\n  - {name: a, version: 1}\n"))
	assert.ErrorContains(t, err, "version")
}

// docs/compatibility.md is what results.json has, and each wrong cell is explained.
func TestDocumentIsCurrent(t *testing.T) {
	pairs, err := Pairs()
	require.NoError(t, err)
	results, err := Results()
	require.NoError(t, err)
	document, err := os.ReadFile(Document())
	require.NoError(t, err)
	assert.Equal(t, Table(pairs, results), string(document), "run make e2e-sdks SDKS=-write")
	table, err := measuredTable(pairs, results)
	require.NoError(t, err)
	committed, err := os.ReadFile(measuredPath())
	require.NoError(t, err)
	assert.Equal(t, string(table), string(committed), "run make e2e-sdks SDKS=-write")
	for i := range pairs {
		result, ok := results[pairs[i].Name]
		if assert.True(t, ok, "%s was not measured", pairs[i].Name) {
			assert.Empty(t, Problems(&pairs[i], result, result, true), pairs[i].Name)
		}
	}
}

func TestProblemsAndChanges(t *testing.T) {
	pair := Pair{Because: map[string]string{"agent": "the reason"}}
	before := Result{Versions: map[string]string{"a": "1"}, Cells: map[string]Cell{"calls": {Right, "3"}, "cost": {Right, "3"}, "agent": {Wrong, "0 of 1"}}}
	now := Result{Versions: map[string]string{"a": "2"}, Cells: map[string]Cell{"calls": {Wrong, "3 of 3, and 1 more"}, "cost": {NotSent, "1 of 3"}, "agent": {Wrong, "0 of 1"}}}
	assert.Equal(t, []string{"calls is wrong: 3 of 3, and 1 more", "cost was right, and is not sent now: 1 of 3"}, Problems(&pair, before, now, false))
	assert.Equal(t, []string{"calls is wrong: 3 of 3, and 1 more"}, Problems(&pair, before, now, true))
	assert.Equal(t, []string{
		"changed: a 2, was 1", "changed: calls wrong (3 of 3, and 1 more), was right (3)", "changed: cost not sent (1 of 3), was right (3)",
	}, Changes(before, now))
	broken := Result{Skipped: "does not run", Versions: map[string]string{"a": "2"}}
	assert.Equal(t, []string{"does not run"}, Problems(&pair, before, broken, false))
	assert.Empty(t, Problems(&pair, before, Result{Skipped: "not installed: no network"}, false))
}
