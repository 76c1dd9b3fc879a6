// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package rulecheck

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
)

// ExpandFiles finds the files that the patterns name, each once, in the
// order of the patterns. A name without wildcards must exist; a pattern may
// match nothing, as a directory for rules may be empty, and passes over
// *_test.yml and *_test.yaml, where the unit tests of rules live.
func ExpandFiles(patterns []string) ([]string, error) {
	var files []string
	var errs []error
	for i, pattern := range patterns {
		matches, err := configfile.Glob(pattern)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("rule_files::%d: %q: %w", i, pattern, err))
			continue
		case pattern == "":
			errs = append(errs, fmt.Errorf("rule_files::%d: is empty", i))
			continue
		case !strings.ContainsAny(pattern, "*?["):
			if _, err = configfile.Stat(pattern); err != nil {
				errs = append(errs, fmt.Errorf("rule_files::%d: %w", i, err))
				continue
			}
			matches = []string{pattern}
		default:
			matches = slices.DeleteFunc(matches, isRuleTest)
		}
		for _, file := range matches {
			if !slices.Contains(files, file) {
				files = append(files, file)
			}
		}
	}
	return files, errors.Join(errs...)
}

// EmptyPatterns are those that match no file.
func EmptyPatterns(patterns []string) (empty []string) {
	for _, pattern := range patterns {
		if files, err := ExpandFiles([]string{pattern}); err == nil && len(files) == 0 {
			empty = append(empty, pattern)
		}
	}
	return empty
}

func isRuleTest(file string) bool {
	name := strings.TrimSuffix(file, filepath.Ext(file))
	return strings.HasSuffix(name, "_test")
}
