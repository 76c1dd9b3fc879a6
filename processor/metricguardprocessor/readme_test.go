// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricguardprocessor

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/otelcol/otelcoltest"

	"github.com/otelcol-arc/otelcol-arc/processor/metricguardprocessor/internal/metadata"
)

// The README's configuration loads, and shows the defaults.
func TestReadmeConfiguration(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, example)
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, example[1], 0o600))
	factories, err := otelcoltest.NopFactories()
	require.NoError(t, err)
	factories.Processors[metadata.Type] = NewFactory()
	cfg, err := otelcoltest.LoadConfigAndValidate(file, factories)
	require.NoError(t, err)
	assert.Equal(t, createDefaultConfig(), cfg.Processors[component.NewID(metadata.Type)])
}
