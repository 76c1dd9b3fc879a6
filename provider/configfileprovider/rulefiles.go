// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package configfileprovider

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
	"github.com/otelcol-arc/otelcol-arc/internal/rawconf"
)

// oldPattern is a relative pattern that matches from the working directory alone,
// where version 0.1 looked for it.
type oldPattern struct{ key, pattern string }

// resolveRuleFiles prefixes relative rule_files with the directory of the
// configuration file.
func resolveRuleFiles(conf map[string]any, dir string) []oldPattern {
	var old []oldPattern
	processors := rawconf.Section(conf, "processors")
	for _, id := range slices.Sorted(maps.Keys(processors)) {
		settings, ok := processors[id].(map[string]any)
		if !ok || rawconf.TypeOf(id) != "alert" {
			continue
		}
		patterns, ok := settings["rule_files"].([]any)
		if !ok {
			continue
		}
		resolved := slices.Clone(patterns)
		for i, value := range patterns {
			pattern, ok := value.(string)
			if !ok || pattern == "" || filepath.IsAbs(pattern) || strings.HasPrefix(pattern, "$") { // a variable is resolved later
				continue
			}
			local := filepath.Join(dir, pattern)
			if !matches(local) && matches(pattern) {
				old = append(old, oldPattern{fmt.Sprintf("processors::%s::rule_files::%d", id, i), pattern})
				continue
			}
			resolved[i] = local
		}
		settings["rule_files"] = resolved
	}
	return old
}

func matches(pattern string) bool {
	found, err := configfile.Glob(pattern)
	return err == nil && len(found) > 0
}
