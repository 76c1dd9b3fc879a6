// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// repository is where links to our own files lead in a browser.
const repository = "https://github.com/otelcol-arc/otelcol-arc/blob/main/"

// Each shipped alert has a runbook that is there, and no runbook is left of an
// alert that is gone.
func TestRunbooks(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(collector.Root(), "config", "rules", "*.yml"))
	require.NoError(t, err)
	paths = append(paths, filepath.Join(collector.Root(), "config", "rules", "usage", "usage.yml"))
	alerts := map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.yml") {
			continue
		}
		var file struct {
			Groups []struct {
				Rules []struct {
					Alert       string
					Annotations map[string]string
				}
			}
		}
		require.NoError(t, yaml.Unmarshal(read(t, path), &file))
		for _, group := range file.Groups {
			for _, rule := range group.Rules {
				if rule.Alert == "" {
					continue // it records
				}
				alerts[rule.Alert] = true
				link, ours := strings.CutPrefix(rule.Annotations["runbook_url"], repository)
				require.True(t, ours, rule.Alert)
				page, anchor, _ := strings.Cut(link, "#")
				assert.Equal(t, strings.ToLower(rule.Alert), anchor)
				assert.Contains(t, anchors(read(t, page)), anchor, page)
			}
		}
	}
	require.NotEmpty(t, alerts)
	for _, heading := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllSubmatch(read(t, "docs/runbooks.md"), -1) {
		assert.True(t, alerts[string(heading[1])], "no alert has the runbook %s", heading[1])
	}
}

// Links between the documents, and to files, lead somewhere.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		for _, link := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(string(withoutBlocks(read(t, page))), -1) {
			if strings.Contains(link[1], ":") {
				continue
			}
			path, anchor, _ := strings.Cut(link[1], "#")
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(filepath.Join(collector.Root(), target)); !assert.NoError(t, err, page) || anchor == "" {
				continue
			}
			assert.Contains(t, anchors(read(t, target)), anchor, "%s: %s", page, link[1])
		}
	}
}

// anchors are those that GitHub gives to the headings of a page.
func anchors(page []byte) []string {
	var all []string
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllSubmatch(withoutBlocks(page), -1) {
		text := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(string(heading[1])), "")
		all = append(all, strings.ReplaceAll(text, " ", "-"))
	}
	return all
}

func withoutBlocks(page []byte) []byte {
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$").ReplaceAll(page, nil)
}

// pages are the documents, relative to the repository's root.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md", "config/*.md", "config/*/*.md", "examples/*/*.md", "receiver/*/README.md", "processor/*/README.md", "exporter/*/README.md", "extension/*/README.md"} {
		paths, err := filepath.Glob(filepath.Join(collector.Root(), pattern))
		require.NoError(t, err)
		for _, path := range paths {
			name, err := filepath.Rel(collector.Root(), path)
			require.NoError(t, err)
			all = append(all, name)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// read returns a file, named from the repository's root or absolutely.
func read(t *testing.T, name string) []byte {
	t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(collector.Root(), name)
	}
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	return content
}
