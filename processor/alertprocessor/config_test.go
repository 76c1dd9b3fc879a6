// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/confmaptest"

	"github.com/otelcol-arc/otelcol-arc/internal/rulecheck"
)

func TestDefaultConfig(t *testing.T) {
	cfg := createDefaultConfig()
	require.NoError(t, confmap.Validate(cfg))
	assert.Equal(t, &Config{
		EvaluationInterval: 15 * time.Second,
		Cooldown:           5 * time.Minute,
		RepeatInterval:     4 * time.Hour,
		GroupWait:          30 * time.Second,
		GroupInterval:      5 * time.Minute,
		Storage: StorageConfig{
			Retention:        26 * time.Hour,
			MaxSeries:        100_000,
			MaxBytes:         2 << 30,
			OutOfOrderWindow: 10 * time.Minute,
		},
	}, cfg)
}

// TestEveryMistakeIsNamed reads a configuration that is wrong everywhere, with
// rule files that are.
func TestEveryMistakeIsNamed(t *testing.T) {
	conf, err := confmaptest.LoadConf(filepath.Join("testdata", "bad.yaml"))
	require.NoError(t, err)
	cfg := createDefaultConfig()
	require.NoError(t, conf.Unmarshal(cfg))
	err = confmap.Validate(cfg)
	require.Error(t, err)
	for _, want := range []string{
		"evaluation_interval: must be 1ms or more, is 0s",
		"cooldown: must be 0s or more, is -1s",
		"repeat_interval: must be 0s or more, is -1s",
		"group_by::1: invalid label name \"\"",
		"group_by::2: \"alertname\" is there twice",
		"group_wait: must be 0s or more, is -1s",
		"group_interval: must be 1s or more, is 0s",
		"max_alerts_per_minute: must not be negative, is -1",
		"inhibit_rules::0::source_matchers: must be set",
		"inhibit_rules::0::target_matchers::0: 0:1: unexpected =",
		"inhibit_rules::0::equal::0: invalid label name \"\"",
		"silences::0::matchers: must be set",
		"silences::1::matchers: at least one must be set that an alert without labels does not meet",
		"silences::1::ends_at: must be after 2026-01-02T00:00:00Z, is 2026-01-01T00:00:00Z",
		"silences::2::matchers::0: ",
		"rules::2 (BadExpr)::cooldown: must be 0s or more, is -1s",
		`external_labels: invalid label name ""`,
		"storage::retention: must be 1m0s or more, is 1s",
		"storage::out_of_order_window: must be 0s or more, is -1s",
		"storage::max_bytes: must not be negative, is -1",
		`external_url: must be an http or https URL, is "localhost:9090"`,
		"resource_attributes::0: label name is empty",
		"storage::max_series: must be above 0, is 0",
		"rule_files::0: stat testdata/rules/missing.yml: no such file or directory",
		`rule_files::1: "testdata/[": syntax error in pattern`,
		"rule_files::2: is empty",
		`rule_files: testdata/bad/expression.yml:5:15: group "broken", rule 1, "NoSense": could not parse expression: 1:5: parse error`,
		`rule_files: testdata/bad/expression.yml:9:11: group "broken", rule 2, "NoTemplate": annotation "summary"`,
		`rule_files: testdata/bad/field.yml:5:9: group "typo", rule 1, "Typo": unknown field "expression"`,
		"rules::0::name: must be set",
		`rules::1 (NoExpr): field 'expr' must be set in rule`,
		`rules::2 (BadExpr)::for: must not be negative, is -1m0s`,
		`rules::2 (BadExpr): could not parse expression: 1:10: parse error`,
		`rules::2 (BadExpr): annotation "summary": template: __alert_BadExpr:1: function "nope" not defined`,
		"events::0::name: must be set",
		"events::0::condition: must be set",
		`events::1 (BadContext)::context: must be "span" or "log", is "metric"`,
		"events::2 (BadCondition)::condition: condition has invalid syntax",
		`events::2 (BadCondition)::labels_from::0: `,
		`events::2 (BadCondition)::labels: invalid label name "__name__"`,
		`events::2 (BadCondition)::description: template: BadCondition:1: function "nope" not defined`,
		"events::2 (BadCondition)::cooldown: must be 0s or more, is -1s",
		"events::2 (BadCondition)::resolve_after: must be 0s or more, is -1s",
		`events::3::name: "BadCondition" is taken by another event rule`,
		`events::3::condition: `,
	} {
		assert.ErrorContains(t, err, want)
	}
	if t.Failed() {
		t.Log(strings.ReplaceAll(err.Error(), "; ", "\n"))
	}
}

func TestRuleFiles(t *testing.T) {
	files, err := rulecheck.ExpandFiles([]string{
		"testdata/rules/*.yml",         // passes over tests
		"testdata/rules/recording.yml", // again
		"testdata/none/*.yml",          // may match nothing
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"testdata/rules/recording.yml"}, files)
}
