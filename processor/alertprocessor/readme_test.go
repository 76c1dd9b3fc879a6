// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package alertprocessor

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol/otelcoltest"

	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
)

// TestExamplesOfTheReadme loads every example as a configuration of the Collector.
func TestExamplesOfTheReadme(t *testing.T) {
	raw, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(raw, -1)
	require.Len(t, examples, 2, "the smallest and the full one")
	t.Chdir("../..") // where config/rules is
	var configs []*Config
	for _, example := range examples {
		file := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(file, example[1], 0o600))
		factories, err := otelcoltest.NopFactories()
		require.NoError(t, err)
		factories.Processors[metadata.Type] = NewFactory()
		cfg, err := otelcoltest.LoadConfigAndValidate(file, factories)
		require.NoError(t, err)
		configs = append(configs, cfg.Processors[component.NewID(metadata.Type)].(*Config))
	}
	smallest, full := configs[0], configs[1]
	assert.Equal(t, "{{ $value }} jobs wait", smallest.Rules[0].Summary)
	assert.Equal(t, 10*time.Minute, *full.Events[0].Cooldown)
	assert.Equal(t, "One LLM call cost more than $1", full.Events[0].Summary)
	assert.Equal(t, time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), full.Silences[0].EndsAt)
	full.ExternalURL, full.ResourceAttributes = "", nil
	full.GroupBy, full.MaxAlertsPerMinute, full.InhibitRules, full.Silences = nil, 0, nil, nil
	full.Storage.Directory, full.RuleFiles, full.Rules, full.Events, full.ExternalLabels = "", nil, nil, nil, nil
	assert.Equal(t, createDefaultConfig(), full, "shows the defaults where it does not say otherwise")
}
