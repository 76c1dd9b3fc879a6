// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
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

// Each patch, applied to a copy of the tree whose code is then generated, passes the
// tests of what it changes.
func TestPatchesWork(t *testing.T) {
	for name, tt := range map[string]struct{ generate, test []string }{
		"kind.patch":       {nil, []string{"./internal/usage", "./processor/llmcostprocessor/internal/price", "./processor/llmcostprocessor/internal/convention"}},
		"convention.patch": {nil, []string{"./processor/llmcostprocessor/internal/convention", "./processor/llmcostprocessor"}},
		"event-kind.patch": {[]string{"./receiver/arcreceiver"}, []string{"./receiver/arcreceiver/..."}},
		"notifier.patch":   {[]string{"./exporter/googlechatexporter", "./cmd/configdoc", "./cmd/metricdoc"}, []string{"./exporter/googlechatexporter/...", "./cmd/configdoc", "./cmd/metricdoc", "./cmd/arctool"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyTree(t)
			run(t, dir, "git", "apply", filepath.Join("docs", "contributing", name))
			for _, of := range tt.generate {
				run(t, dir, "go", "generate", of)
			}
			run(t, dir, "go", append([]string{"test"}, tt.test...)...)
		})
	}
}

// copyTree copies the files that git knows, as they are now, and returns where they are.
func copyTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name := range strings.SplitSeq(strings.Trim(run(t, collector.Root(), "git", "ls-files", "-z"), "\x00"), "\x00") {
		from, to := filepath.Join(collector.Root(), name), filepath.Join(dir, name)
		info, err := os.Stat(from)
		if os.IsNotExist(err) { // deleted, and not committed yet
			continue
		}
		require.NoError(t, err)
		content, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(to), 0o700))
		require.NoError(t, os.WriteFile(to, content, info.Mode()))
	}
	return dir
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return string(output)
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
		"processor/llmcostprocessor/internal/convention/table.go":      {"spanConventions", "inclusive", "exclusive"},
		"processor/llmcostprocessor/internal/convention/keys.go":       {"func namespaced"},
		"processor/llmcostprocessor/internal/convention/logs.go":       {"logConventions"},
		"internal/usage/kind.go":                                       {"var table"},
		"processor/llmcostprocessor/internal/convention/table_test.go": {"func TestTableIsNamespaced"},
		"internal/notify/channel.go":                                   {"type Channel struct", "Secrets ", "Send "},
		"config/rules/collector.yml":                                   {"NotifierFails"},
	} {
		for _, name := range names {
			assert.Contains(t, string(read(t, file)), name, file)
		}
	}
}
