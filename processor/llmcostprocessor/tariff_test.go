// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
)

// The list price is without the adjustments of the user's files, the contracted one with
// them, from their first day on.
func TestTariff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "contract.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`models:
  - name: house-1
    provider: house
    prices: [{input: "2", output: "8", fees: {image: "0.04", request: "0.5"}}]
adjustments:
  - {provider: house, percent: "-15", valid_from: 2026-07-01}
  - {provider: house, percent: "-10", valid_from: 2026-07-01}
`), 0o600))
	r := newRig(t, testConfig(func(c *Config) { c.Prices.Files = []string{file} }))
	before, after := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

	tariff := usageSource{r.core()}.Tariff("house", "house-1", after)
	assert.Equal(t, "house", tariff.Provider)
	assert.InDelta(t, 2e-6, tariff.List[usage.Input], 1e-18)
	assert.InDelta(t, 8e-6*.85*.9, tariff.Contracted[usage.Output], 1e-18)
	tariff = usageSource{r.core()}.Tariff("house", "house-1", before)
	assert.InDelta(t, 8e-6, tariff.Contracted[usage.Output], 1e-18)

	tariff = usageSource{r.core()}.Tariff("aws.bedrock", "unknown-model", after)
	assert.Equal(t, "bedrock", tariff.Provider)
	assert.Zero(t, tariff.List)
}
