// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"errors"
	"fmt"
	"maps"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
)

// silencesFromDashboard is the setting, under its present or former name.
func (c *Config) silencesFromDashboard() bool {
	return c.SilencesFromDashboard || c.SilencesFromPage != nil && *c.SilencesFromPage
}

// ruleSet is what the configuration specifies about rules.
func (c *Config) ruleSet() evaluate.RuleSet {
	set := evaluate.RuleSet{
		Files:          c.RuleFiles,
		Interval:       c.EvaluationInterval,
		ExternalLabels: c.ExternalLabels,
		ExternalURL:    c.ExternalURL,
	}
	for i := range c.Rules {
		set.Inline = append(set.Inline, c.Rules[i].rule())
	}
	return set
}

// validateRules returns everything that is wrong with the rules of the configuration.
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
		for _, err := range rule.Validate(rulefmt.RuleNode{}, model.UTF8Validation, evaluate.Parser) {
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
