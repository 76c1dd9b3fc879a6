// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol/otelcoltest"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

func blocks(t *testing.T, kind string) []string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var found []string
	for _, match := range regexp.MustCompile("(?s)```"+kind+"\n(.*?)```").FindAllSubmatch(readme, -1) {
		found = append(found, string(match[1]))
	}
	return found
}

// The README's configurations load, and the full one shows the defaults.
func TestReadmeConfigurations(t *testing.T) {
	var configs []*Config
	for _, example := range blocks(t, "yaml") {
		file := filepath.Join(t.TempDir(), "config.yaml")
		require.NoError(t, os.WriteFile(file, []byte(example), 0o600))
		factories, err := otelcoltest.NopFactories()
		require.NoError(t, err)
		factories.Processors[metadata.Type] = NewFactory()
		factories.Extensions[storageID.Type()] = filestorage.NewFactory()
		cfg, err := otelcoltest.LoadConfigAndValidate(file, factories)
		require.NoError(t, err)
		configs = append(configs, cfg.Processors[component.NewID(metadata.Type)].(*Config))
	}
	require.Len(t, configs, 2, "the smallest and the full one")
	assert.Equal(t, createDefaultConfig(), configs[0])
	full := configs[1]
	assert.Equal(t, []BudgetConfig{{Name: "day", Window: WindowDay, Limit: 1000}}, full.Budgets)
	assert.Equal(t, &storageID, full.Storage)
	assert.Empty(t, full.MetricSources)
	full.Prices, full.Budgets, full.Storage, full.MetricSources = PricesConfig{}, nil, nil, nil
	assert.Equal(t, createDefaultConfig(), full)
}

// The README's price file is the one that the example names, and prices a call.
func TestReadmePrices(t *testing.T) {
	files := blocks(t, "yaml file")
	require.Len(t, files, 1)
	content, err := os.ReadFile("testdata/prices.yaml")
	require.NoError(t, err)
	assert.Equal(t, string(content), files[0])

	r := newRig(t, testConfig(func(cfg *Config) { cfg.Prices.Files = []string{"testdata/prices.yaml"} }))
	r.price(callSpan(put("gen_ai.request.model", "house-model-v2"), put("gen_ai.provider.name", nil)))
	r.price(callSpan())
	totals := r.totals()
	assert.Equal(t, 0.0006, totals["arc_llm_cost_dollars{model=house-model}"])
	assert.Equal(t, 0.0075, totals[costOfGPT4o], "the built-in table is still there")
}
