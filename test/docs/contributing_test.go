// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The worked examples of CONTRIBUTING.md are patches that apply to this tree.
func TestPatchesApply(t *testing.T) {
	patches, err := filepath.Glob(filepath.Join(collector.Root(), "docs", "contributing", "*.patch"))
	require.NoError(t, err)
	require.Len(t, patches, 4)
	guide := string(read(t, "CONTRIBUTING.md"))
	for _, patch := range patches {
		name := filepath.Base(patch)
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, guide, "docs/contributing/"+name)
			cmd := exec.CommandContext(t.Context(), "git", "apply", "--check", patch)
			cmd.Dir = collector.Root()
			output, err := cmd.CombinedOutput()
			assert.NoError(t, err, "%s", output)
		})
	}
}

// The patches to kinds of usage and conventions compile, and their tests pass.
func TestPatchesWork(t *testing.T) {
	for name, packages := range map[string][]string{
		"kind.patch":       {"./internal/usage", "./processor/llmcostprocessor/internal/price", "./processor/llmcostprocessor/internal/convention"},
		"convention.patch": {"./processor/llmcostprocessor/internal/convention"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"test", "-overlay", overlayOf(t, name)}, packages...)
			cmd := exec.CommandContext(t.Context(), "go", args...)
			cmd.Dir = collector.Root()
			output, err := cmd.CombinedOutput()
			assert.NoError(t, err, "%s", output)
		})
	}
}

// overlayOf applies a patch to copies of the files that it changes, and returns a
// file by which the go command takes these instead.
func overlayOf(t *testing.T, name string) string {
	t.Helper()
	patch, scratch := filepath.Join(collector.Root(), "docs", "contributing", name), t.TempDir()
	replace := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^\+\+\+ b/(.+\.go)$`).FindAllStringSubmatch(string(read(t, filepath.Join("docs", "contributing", name))), -1) {
		to := filepath.Join(scratch, match[1])
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		from := filepath.Join(collector.Root(), match[1])
		if content, err := os.ReadFile(from); err == nil {
			require.NoError(t, os.WriteFile(to, content, 0o600))
		}
		replace[from] = to
	}
	require.NotEmpty(t, replace)
	cmd := exec.CommandContext(t.Context(), "git", "apply", "--include=*.go", patch)
	cmd.Dir = scratch
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	file := filepath.Join(scratch, "overlay.json")
	require.NoError(t, os.WriteFile(file, overlay, 0o600))
	return file
}

// The paths and names that CONTRIBUTING.md refers to are there, or its
// patches make them.
func TestContributingNamesWhatIsThere(t *testing.T) {
	guide := string(withoutBlocks(read(t, "CONTRIBUTING.md")))
	var made strings.Builder
	patches, err := filepath.Glob(filepath.Join(collector.Root(), "docs", "contributing", "*.patch"))
	require.NoError(t, err)
	for _, patch := range patches {
		made.Write(read(t, patch))
	}
	found := 0
	for _, match := range regexp.MustCompile("`([\\w.-]+(?:/[\\w.-]+)+)`").FindAllStringSubmatch(guide, -1) {
		found++
		if _, err := os.Stat(filepath.Join(collector.Root(), match[1])); err != nil {
			assert.Contains(t, made.String(), " b/"+match[1], "%s is not there, and no patch makes it", match[1])
		}
	}
	assert.Greater(t, found, 15)
	for file, names := range map[string][]string{
		"processor/llmcostprocessor/internal/convention/table.go":      {"spanConventions", "inside", "beside"},
		"processor/llmcostprocessor/internal/convention/keys.go":       {"func namespaced"},
		"processor/llmcostprocessor/internal/convention/logs.go":       {"logConventions"},
		"internal/usage/kind.go":                                       {"var table"},
		"processor/llmcostprocessor/internal/convention/table_test.go": {"func TestTableIsNamespaced"},
		"internal/notify/lane.go":                                      {"type Channel struct", "Secrets ", "Send "},
		"config/rules/collector.yml":                                   {"NotifierFails"},
	} {
		for _, name := range names {
			assert.Contains(t, string(read(t, file)), name, file)
		}
	}
}
