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
	require.Len(t, patches, 3)
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

// The paths and names that CONTRIBUTING.md tells to look at are there, or its
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
		"processor/llmcostprocessor/internal/convention/table.go":      {"spanConventions", "logConventions", "inside", "beside"},
		"processor/llmcostprocessor/internal/convention/compile.go":    {"func namespaced"},
		"processor/llmcostprocessor/internal/convention/table_test.go": {"func TestTableIsNamespaced"},
		"internal/notify/lane.go":                                      {"type Channel struct", "Secrets ", "Send "},
		"config/rules/collector.yml":                                   {"NotifierFails"},
	} {
		for _, name := range names {
			assert.Contains(t, string(read(t, file)), name, file)
		}
	}
}
