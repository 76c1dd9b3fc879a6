// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package manifest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Tests that the docs name as evidence are there.
func TestNamedTestsExist(t *testing.T) {
	declared := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "build" || entry.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		content, err := os.ReadFile(path)
		for _, match := range declaration.FindAllSubmatch(content, -1) {
			declared[string(match[1])] = true
		}
		return err
	}))
	for _, name := range []string{"reliability.md", "security.md"} {
		content, err := os.ReadFile(filepath.Join(root, "docs", name))
		require.NoError(t, err)
		named := regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(string(content), -1)
		assert.NotEmpty(t, named, name)
		for _, test := range named {
			assert.True(t, declared[test], "%s names %s", name, test)
		}
	}
}
