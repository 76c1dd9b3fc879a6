// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/otelcol-arc/otelcol-arc/internal/configfile"
	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
)

// InlineRules stands for a file name where the rules come from the configuration.
const InlineRules = "configuration"

// ValidateFiles returns everything that is wrong with the rule files: which
// file, where, group and rule.
func ValidateFiles(patterns []string) error {
	files, err := rulecheck.ExpandFiles(patterns)
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
	files, err := rulecheck.ExpandFiles(patterns)
	fmt.Fprintf(hash, "%q %v", files, err)
	for _, file := range files {
		raw, err := configfile.ReadFile(file, rulecheck.MaxFileSize)
		fmt.Fprintf(hash, "%q %v %x", file, err, sha256.Sum256(raw))
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
