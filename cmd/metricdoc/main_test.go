// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// The table is what the metadata.yaml files have now.
func TestTableIsCurrent(t *testing.T) {
	have, err := os.ReadFile(filepath.Join(root, operations))
	require.NoError(t, err)
	want, err := replaceTable(have, root)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(have), "run make generate")
}

func TestDocumentWithoutMarks(t *testing.T) {
	_, err := replaceTable([]byte("# Operations\n"+begin), root)
	assert.EqualError(t, err, "the document has no marks of the table of metrics")
}

func TestComponentMetrics(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		want          metric
	}{
		{
			"counter with labels",
			`
attributes: {fetch: {name_override: outcome}, source: {}}
telemetry: {metrics: {fetches: {description: Fetches., extended_documentation: Wait., unit: "{fetch}", attributes: [source, fetch], sum: {monotonic: true}}}}`,
			metric{"otelcol_fetches_total", "`source`, `outcome`", "Fetches.", "Wait."},
		},
		{
			"sum that falls",
			`telemetry: {metrics: {held: {description: Held., extended_documentation: Wait., unit: "{alert}", sum: {monotonic: false}}}}`,
			metric{"otelcol_held", "", "Held.", "Wait."},
		},
		{
			"seconds",
			`telemetry: {metrics: {age: {description: Age., extended_documentation: Wait., unit: s, gauge: {}}}}`,
			metric{"otelcol_age_seconds", "", "Age.", "Wait."},
		},
		{
			"bytes that only rise",
			`telemetry: {metrics: {sent: {description: Sent., extended_documentation: Wait., unit: By, sum: {monotonic: true}}}}`,
			metric{"otelcol_sent_bytes_total", "", "Sent.", "Wait."},
		},
		{
			"links",
			`telemetry: {metrics: {x: {description: X., extended_documentation: "[a](../../docs/runbooks.md#a), [b](../../docs/operations.md#b), [c](README.md), [d](https://example.com)."}}}`,
			metric{"otelcol_x", "", "X.", "[a](runbooks.md#a), [b](#b), [c](../exporter/example/README.md), [d](https://example.com)."},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			metrics, err := componentMetrics([]byte(tt.content), "exporter/example")
			require.NoError(t, err)
			assert.Equal(t, []metric{tt.want}, metrics)
		})
	}
}

func TestMetricsOfExporterhelperAreLeftOut(t *testing.T) {
	metrics, err := componentMetrics([]byte(`telemetry: {metrics: {exporter_queue_size: {description: Size.}}}`), "internal/notify")
	require.NoError(t, err)
	assert.Empty(t, metrics)
}

func TestEveryMetricNeedsAdvice(t *testing.T) {
	_, err := componentMetrics([]byte(`telemetry: {metrics: {b: {description: B.}, a: {description: A.}}}`), "exporter/example")
	assert.EqualError(t, err, "a has no extended_documentation, which describes what to do\nb has no extended_documentation, which describes what to do")
}
