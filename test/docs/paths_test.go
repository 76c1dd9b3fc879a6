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

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// Every configuration that a document names is there, and every one that is there
// is in config/README.md, with the command that adds it.
func TestConfigurationsAreNamed(t *testing.T) {
	named := 0
	for _, page := range pages(t) {
		text := string(read(t, page))
		for _, match := range regexp.MustCompile("`(config/[\\w./-]+\\.ya?ml)`").FindAllStringSubmatch(text, -1) {
			named++
			assert.FileExists(t, filepath.Join(collector.Root(), match[1]), page)
		}
		for _, match := range regexp.MustCompile(`WITH="?([\w/ -]+)`).FindAllStringSubmatch(text, -1) {
			for name := range strings.FieldsSeq(match[1]) {
				if strings.Contains(name, "/") {
					named++
					assert.FileExists(t, filepath.Join(collector.Root(), "config", name+".yaml"), page)
				}
			}
		}
	}
	assert.Greater(t, named, 50)
	list := string(read(t, "config/README.md"))
	for _, folder := range []string{"sources", "destinations", "policies"} {
		entries, err := os.ReadDir(filepath.Join(collector.Root(), "config", folder))
		require.NoError(t, err)
		for _, entry := range entries {
			name := folder + "/" + strings.TrimSuffix(entry.Name(), ".yaml")
			assert.Contains(t, list, "| `"+name+".yaml` |")
			assert.Contains(t, list, "WITH="+name+"`")
		}
	}
}
