// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryMistakeIsNamed(t *testing.T) {
	prices := filepath.Join(t.TempDir(), "prices.yaml")
	require.NoError(t, os.WriteFile(prices, []byte("models: [{name: x, cost: free}]\n"), 0o600))
	cfg := createDefaultConfig().(*Config)
	cfg.MetricsInterval = -1
	cfg.Retention = 0
	cfg.MaxRows = 0
	cfg.MaxModels = -1
	cfg.Dedup = DedupConfig{}
	cfg.Dimensions = dimensionsOf("a", "a", "", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m")
	cfg.Budgets = []BudgetConfig{{Window: "fortnight"}, {Name: "b", Window: WindowDay, Limit: -1}, {Name: "b", Window: WindowDay, Limit: 1}}
	cfg.Prices.Files = []string{prices, "missing.yaml"}
	err := cfg.Validate()
	for _, key := range []string{
		"metrics_interval", "retention", "max_rows", "max_models", "dedup::max_entries", "dedup::window",
		"dimensions: at most", `dimensions::1: "a" comes twice`, "dimensions::2: must not be empty",
		"budgets::0::name: must not be empty", "budgets::0::window", "budgets::0::limit", "budgets::1::limit", `budgets::2::name: "b" comes twice`,
		"prices::files", "missing.yaml", prices + ":1",
	} {
		assert.ErrorContains(t, err, key)
	}
}

// A retention that was set before there were days, and is longer than they are kept by
// default, still loads.
func TestLongRetentionWithoutDays(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.Retention = 2 * cfg.DailyRetention
	require.NoError(t, cfg.Validate())
}
