// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
)

// InlineRules stands for a file name where the rules come from the configuration.
const InlineRules = "configuration"

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

// ValidateFiles returns everything that is wrong with the rule files: which
// file, where, group and rule.
func ValidateFiles(patterns []string) error {
	files, err := ExpandFiles(patterns)
	errs := []error{err}
	for _, file := range files {
		for _, problem := range rulecheck.ReadFile(file).Problems {
			errs = append(errs, fmt.Errorf("rule_files: %w", problem))
		}
	}
	return errors.Join(errs...)
}

// Parser parses expressions as Prometheus does without feature flags.
var Parser = parser.NewParser(parser.Options{})

// ruleLoader loads rule files, and the rules of the configuration as if they
// were one group of a file.
type ruleLoader struct {
	inline []rulefmt.Rule
}

// Parse implements rules.GroupLoader.
func (ruleLoader) Parse(query string) (parser.Expr, error) { return Parser.ParseExpr(query) }

// Load implements rules.GroupLoader.
func (l ruleLoader) Load(identifier string, ignoreUnknownFields bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	if identifier != InlineRules {
		content, err := configfile.ReadFile(identifier, rulecheck.MaxFileSize)
		if err != nil {
			return nil, []error{err}
		}
		groups, errs := rulefmt.Parse(content, ignoreUnknownFields, scheme, Parser, slog.New(slog.DiscardHandler))
		for i := range errs {
			errs[i] = fmt.Errorf("%s: %w", identifier, errs[i])
		}
		return groups, errs
	}
	return &rulefmt.RuleGroups{Groups: []rulefmt.RuleGroup{{Name: "rules", Rules: l.inline}}}, nil
}

// ChecksumFiles is another sum when the rule files have changed. What cannot be read
// has a sum too.
func ChecksumFiles(patterns []string) (sum [sha256.Size]byte) {
	hash := sha256.New()
	files, err := ExpandFiles(patterns)
	fmt.Fprintf(hash, "%q %v", files, err)
	for _, file := range files {
		raw, err := configfile.ReadFile(file, rulecheck.MaxFileSize)
		fmt.Fprintf(hash, "%q %v %x", file, err, sha256.Sum256(raw))
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
