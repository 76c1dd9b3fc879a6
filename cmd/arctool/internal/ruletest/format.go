// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ruletest

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"go.yaml.in/yaml/v2"
)

// defaultInterval is the evaluation interval of a file that sets none.
const defaultInterval = model.Duration(time.Minute)

// file is a file of tests.
type file struct {
	RuleFiles          []string       `yaml:"rule_files"`          // relative to the file; may be patterns
	EvaluationInterval model.Duration `yaml:"evaluation_interval"` // default 1m
	GroupEvalOrder     []string       `yaml:"group_eval_order"`    // names of groups
	FuzzyCompare       bool           `yaml:"fuzzy_compare"`       // treats neighboring floats as equal
	Tests              []test         `yaml:"tests"`
}

// test is what is expected of the rules when some series are given.
type test struct {
	Name           string         `yaml:"name"`
	Interval       model.Duration `yaml:"interval"` // between samples; default: the evaluation interval
	InputSeries    []inputSeries  `yaml:"input_series"`
	AlertRuleTests []alertTest    `yaml:"alert_rule_test"`
	PromQLTests    []promQLTest   `yaml:"promql_expr_test"`
	ExternalLabels labels.Labels  `yaml:"external_labels"`
	ExternalURL    string         `yaml:"external_url"`
	StartTimestamp startTimestamp `yaml:"start_timestamp"` // default: the epoch
}

// inputSeries is a series with its samples, in promqltest's notation.
type inputSeries struct {
	Series string `yaml:"series"`
	Values string `yaml:"values"`
}

// alertTest names the alerts of a name that fire at a time.
type alertTest struct {
	EvalTime  model.Duration  `yaml:"eval_time"` // since the start
	Alertname string          `yaml:"alertname"`
	Alerts    []expectedAlert `yaml:"exp_alerts"`
}

type expectedAlert struct {
	Labels      map[string]string `yaml:"exp_labels"` // without alertname
	Annotations map[string]string `yaml:"exp_annotations"`
}

// promQLTest is what an expression yields at a time.
type promQLTest struct {
	Expr     string           `yaml:"expr"`
	EvalTime model.Duration   `yaml:"eval_time"` // since the start
	Samples  []expectedSample `yaml:"exp_samples"`
}

type expectedSample struct {
	Labels    string  `yaml:"labels"`
	Value     float64 `yaml:"value"`
	Histogram string  `yaml:"histogram"` // in promqltest's notation; instead of a value
}

// startTimestamp is a time in RFC 3339 or in Unix seconds.
type startTimestamp struct{ time.Time }

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *startTimestamp) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		whole, fraction := math.Modf(seconds)
		s.Time = time.Unix(int64(whole), int64(fraction*float64(time.Second))).UTC()
		return nil
	}
	parsed, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("start_timestamp: %q is neither a time as in RFC 3339 nor a number of Unix seconds", text)
	}
	s.Time = parsed
	return nil
}

// start is the time of the first sample and evaluation.
func (t *test) start() time.Time {
	if t.StartTimestamp.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.StartTimestamp.Time
}

// readFile reads a file of tests. It returns the warnings too: patterns that
// match no rule file.
func readFile(path string) (*file, []string, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	var f file
	// The version of the library that promtool reads its files with: the next one parses
	// booleans and numbers differently.
	if err := yaml.UnmarshalStrict(raw, &f); err != nil {
		return nil, nil, err
	}
	if f.EvaluationInterval == 0 {
		f.EvaluationInterval = defaultInterval
	}
	for i := range f.Tests {
		if f.Tests[i].Interval == 0 {
			f.Tests[i].Interval = f.EvaluationInterval
		}
	}
	warnings, err := f.expandRuleFiles(filepath.Dir(path))
	return &f, warnings, err
}

// expandRuleFiles replaces patterns by the files that match them.
func (f *file) expandRuleFiles(directory string) ([]string, error) {
	var files, warnings []string
	for _, pattern := range f.RuleFiles {
		if pattern != "" && !filepath.IsAbs(pattern) {
			pattern = filepath.Join(directory, pattern)
		}
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("rule_files: %q: %w", pattern, err)
		}
		if len(matches) == 0 {
			warnings = append(warnings, fmt.Sprintf("rule_files: no file matches %q", pattern))
		}
		files = append(files, matches...)
	}
	f.RuleFiles = files
	return warnings, nil
}
