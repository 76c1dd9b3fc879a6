// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/evaluate"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// ruleTestFile is a file for "promtool test rules", as far as the shipped ones
// make use of the format.
// https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
type ruleTestFile struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []ruleTest     `yaml:"tests"`
}

type ruleTest struct {
	Name        string         `yaml:"name"`
	Interval    model.Duration `yaml:"interval"`
	InputSeries []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	AlertRuleTest []alertRuleTest `yaml:"alert_rule_test"`
	// Of recording rules: promtool runs them.
	PromqlExprTest []yaml.Node `yaml:"promql_expr_test"`
}

type alertRuleTest struct {
	EvalTime  model.Duration `yaml:"eval_time"`
	Alertname string         `yaml:"alertname"`
	ExpAlerts []expAlert     `yaml:"exp_alerts"`
}

type expAlert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

// TestShippedRules runs the unit tests of config/rules through the evaluator.
func TestShippedRules(t *testing.T) {
	files, err := filepath.Glob("../../config/rules/*_test.yml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	files = append(files, "../../config/rules/usage/usage_test.yml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var tests ruleTestFile
		decoder := yaml.NewDecoder(strings.NewReader(string(raw)))
		decoder.KnownFields(true)
		require.NoError(t, decoder.Decode(&tests))
		require.NotEmpty(t, tests.Tests)
		for _, test := range tests.Tests {
			t.Run(filepath.Base(file)+"/"+test.Name, func(t *testing.T) {
				var rules []string
				for _, name := range tests.RuleFiles {
					rules = append(rules, filepath.Join(filepath.Dir(file), name))
				}
				runRuleTest(t, rules, time.Duration(tests.EvaluationInterval), test)
			})
		}
	}
}

func runRuleTest(t *testing.T, ruleFiles []string, interval time.Duration, test ruleTest) {
	t.Helper()
	var load strings.Builder
	fmt.Fprintf(&load, "load %v\n", test.Interval)
	for _, series := range test.InputSeries {
		fmt.Fprintf(&load, "  %s %s\n", series.Series, series.Values)
	}
	loader, err := promqltest.NewLazyLoader(load.String(), promqltest.LazyLoaderOpts{EnableAtModifier: true, EnableNegativeOffset: true})
	require.NoError(t, err)
	defer func() { assert.NoError(t, loader.Close()) }()

	telemetry, err := metadata.NewTelemetryBuilder(componenttest.NewNopTelemetrySettings())
	require.NoError(t, err)
	firing := map[string]alertevent.Alert{}
	evaluator, err := evaluate.New(t.Context(), evaluate.Options{
		Rules: evaluate.RuleSet{Files: ruleFiles, Interval: interval},
		Store: loader.Storage(),
		OnEvaluation: func(_ time.Time, r evaluate.Result) {
			maps.Copy(firing, r.Firing)
			for _, fingerprint := range r.Ended {
				delete(firing, fingerprint)
			}
		},
		Telemetry: telemetry,
	})
	require.NoError(t, err)
	require.NoError(t, evaluator.Load(t.Context()))
	evaluatorRuns(t, evaluator)

	var last time.Duration
	for _, alertTest := range test.AlertRuleTest {
		last = max(last, time.Duration(alertTest.EvalTime))
	}
	for at := time.Duration(0); at <= last; at += interval {
		now := time.Unix(0, 0).UTC().Add(at)
		loader.WithSamplesTill(now, func(err error) { require.NoError(t, err) })
		for _, group := range evaluator.Manager.RuleGroups() {
			evaluator.Evaluate(t.Context(), group, now)
			for _, rule := range group.Rules() {
				require.NoError(t, rule.LastError())
			}
		}
		for _, alertTest := range test.AlertRuleTest {
			if time.Duration(alertTest.EvalTime) == at {
				checkAlerts(t, alertTest, firing)
			}
		}
	}
}

// evaluatorRuns ends what was loaded: the goroutines of groups wait for the start.
func evaluatorRuns(t *testing.T, e *evaluate.Evaluator) {
	t.Helper()
	t.Cleanup(func() { e.Start(); e.Stop() })
}

func checkAlerts(t *testing.T, test alertRuleTest, firing map[string]alertevent.Alert) {
	t.Helper()
	var want, got []expAlert
	for _, alert := range test.ExpAlerts {
		alert.Labels[alertevent.LabelName] = test.Alertname
		want = append(want, alert)
	}
	for _, alert := range firing {
		if alert.Name() == test.Alertname {
			got = append(got, expAlert{Labels: alert.Labels, Annotations: alert.Annotations})
		}
	}
	assert.ElementsMatch(t, want, got, "%s at %v", test.Alertname, test.EvalTime)
}

// TestShippedRulesAreTested makes sure that no rule is without a test that
// expects it to fire, and one that expects it not to.
func TestShippedRulesAreTested(t *testing.T) {
	files, err := rulecheck.ExpandFiles([]string{"../../config/rules/*.yml", "../../config/rules/usage/*.yml"})
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		loaded, errs := rulefmt.ParseFile(name, false, model.UTF8Validation, evaluate.Parser, slog.New(slog.DiscardHandler))
		require.Empty(t, errs)
		raw, err := os.ReadFile(strings.TrimSuffix(name, ".yml") + "_test.yml")
		require.NoError(t, err)
		var file ruleTestFile
		require.NoError(t, yaml.Unmarshal(raw, &file))
		var fires, rests []string
		for _, test := range file.Tests {
			for _, alertTest := range test.AlertRuleTest {
				if len(alertTest.ExpAlerts) > 0 {
					fires = append(fires, alertTest.Alertname)
				} else {
					rests = append(rests, alertTest.Alertname)
				}
			}
		}
		for _, group := range loaded.Groups {
			for _, rule := range group.Rules {
				if rule.Record != "" {
					continue
				}
				assert.True(t, slices.Contains(fires, rule.Alert), "%s is never expected to fire", rule.Alert)
				assert.True(t, slices.Contains(rests, rule.Alert), "%s is never expected to rest", rule.Alert)
			}
		}
	}
}
