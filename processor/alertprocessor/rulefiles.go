// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
)

// inlineRules stands for a file name where the rules come from the configuration.
const inlineRules = "configuration"

// expandRuleFiles finds the files that the patterns name, each once, in the
// order of the patterns. A name without wildcards must exist; a pattern may
// match nothing, as a directory for rules may be empty, and passes over
// *_test.yml and *_test.yaml, where the unit tests of rules live.
func expandRuleFiles(patterns []string) ([]string, error) {
	var files []string
	var errs []error
	for i, pattern := range patterns {
		matches, err := filepath.Glob(pattern)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("rule_files::%d: %q: %w", i, pattern, err))
			continue
		case pattern == "":
			errs = append(errs, fmt.Errorf("rule_files::%d: is empty", i))
			continue
		case !strings.ContainsAny(pattern, "*?["):
			if _, err = os.Stat(pattern); err != nil {
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

func isRuleTest(file string) bool {
	name := strings.TrimSuffix(file, filepath.Ext(file))
	return strings.HasSuffix(name, "_test")
}

// validateRuleFiles says everything that is wrong with the rule files: which
// file, where, group and rule.
func validateRuleFiles(patterns []string) error {
	files, err := expandRuleFiles(patterns)
	errs := []error{err}
	for _, file := range files {
		for _, problem := range rulecheck.ReadFile(file).Problems {
			errs = append(errs, fmt.Errorf("rule_files: %w", problem))
		}
	}
	return errors.Join(errs...)
}

// validateRules says everything that is wrong with the rules of the configuration.
func validateRules(configs []RuleConfig) error {
	var errs []error
	for i, config := range configs {
		key := fmt.Sprintf("rules::%d", i)
		if config.Name == "" {
			errs = append(errs, fmt.Errorf("%s::name: must be set", key))
			config.Name = "unnamed" // or the next check would ask for a field that does not exist here
		} else {
			key += fmt.Sprintf(" (%s)", config.Name)
		}
		if config.For < 0 {
			errs = append(errs, fmt.Errorf("%s::for: must not be negative, is %v", key, config.For))
		}
		if config.Cooldown != nil {
			errs = append(errs, atLeast(key+"::cooldown", *config.Cooldown, 0))
		}
		rule := config.rule()
		for _, err := range rule.Validate(rulefmt.RuleNode{}, model.UTF8Validation, promQL) {
			errs = append(errs, fmt.Errorf("%s: %w", key, err.Unwrap()))
		}
	}
	return errors.Join(errs...)
}

// rule is the same rule as a rule file would have it.
func (c *RuleConfig) rule() rulefmt.Rule {
	return rulefmt.Rule{
		Alert:       c.Name,
		Expr:        c.Expr,
		For:         model.Duration(c.For),
		Labels:      withNonEmpty(c.Labels, "severity", c.Severity),
		Annotations: withNonEmpty(withNonEmpty(c.Annotations, "summary", c.Summary), "description", c.Description),
	}
}

// withNonEmpty is a copy of set in which name has the value, unless that is empty.
func withNonEmpty(set map[string]string, name, value string) map[string]string {
	out := make(map[string]string, len(set)+1)
	maps.Copy(out, set)
	if value != "" {
		out[name] = value
	}
	return out
}

// promQL parses expressions as Prometheus does without feature flags.
var promQL = parser.NewParser(parser.Options{})

// ruleLoader loads rule files, and the rules of the configuration as if they
// were one group of a file.
type ruleLoader struct {
	inline []RuleConfig
}

// Parse implements rules.GroupLoader.
func (ruleLoader) Parse(query string) (parser.Expr, error) { return promQL.ParseExpr(query) }

// Load implements rules.GroupLoader.
func (l ruleLoader) Load(identifier string, ignoreUnknownFields bool, scheme model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	if identifier != inlineRules {
		return rulefmt.ParseFile(identifier, ignoreUnknownFields, scheme, promQL, slog.New(slog.DiscardHandler))
	}
	group := rulefmt.RuleGroup{Name: "rules"}
	for _, config := range l.inline {
		group.Rules = append(group.Rules, config.rule())
	}
	return &rulefmt.RuleGroups{Groups: []rulefmt.RuleGroup{group}}, nil
}
