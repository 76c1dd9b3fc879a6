// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package elasticsearchexporter

import (
	"testing"

	contrib "github.com/open-telemetry/opentelemetry-collector-contrib/exporter/elasticsearchexporter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/exporter/exportertest"
)

func load(t *testing.T, config component.Config, keys map[string]any) error {
	t.Helper()
	require.NoError(t, confmap.NewFromStringMap(keys).Unmarshal(config))
	return confmap.Validate(config)
}

var endpoint = map[string]any{"endpoints": []any{"http://localhost:9200"}}

// The queue that a configuration without sending_queue gets, and one that sets
// some of its keys, as the shipped file does.
func TestDefaultQueueIsAccepted(t *testing.T) {
	assert.NoError(t, load(t, NewFactory().CreateDefaultConfig(), endpoint))

	config := NewFactory().CreateDefaultConfig()
	require.NoError(t, load(t, config, map[string]any{
		"endpoints":     endpoint["endpoints"],
		"sending_queue": map[string]any{"queue_size": 1000, "block_on_overflow": false},
	}))
	queue := config.(*contrib.Config).QueueBatchConfig.Get()
	assert.EqualValues(t, 1000, queue.QueueSize)
	assert.Equal(t, exporterhelper.NewDefaultPartitionConfig(), queue.Batch.Get().Partition)
	assert.EqualValues(t, 5e6, queue.Batch.Get().MaxSize, "the rest of the default is contrib's")
}

// What a user sets stays, and what is wrong is still refused.
func TestOwnPartition(t *testing.T) {
	batch := func(partition map[string]any) map[string]any {
		return map[string]any{
			"endpoints":     endpoint["endpoints"],
			"sending_queue": map[string]any{"batch": map[string]any{"partition": partition}},
		}
	}
	config := NewFactory().CreateDefaultConfig()
	require.NoError(t, load(t, config, batch(map[string]any{"idle_timeout": "10s"})))
	assert.EqualValues(t, 10e9, config.(*contrib.Config).QueueBatchConfig.Get().Batch.Get().Partition.IdleTimeout)
	assert.ErrorContains(t, load(t, NewFactory().CreateDefaultConfig(), batch(map[string]any{"cache_size": -1})), "cache_size")
}

// Fails when a newer contrib exporter no longer needs the wrapper.
func TestContribDefaultIsRejected(t *testing.T) {
	assert.ErrorContains(t, load(t, contrib.NewFactory().CreateDefaultConfig(), endpoint), "idle_timeout")
}

func TestExportersOfAllSignalsAreCreated(t *testing.T) {
	factory := NewFactory()
	assert.Equal(t, contrib.NewFactory().Type(), factory.Type())
	config := factory.CreateDefaultConfig()
	require.NoError(t, load(t, config, endpoint))
	settings := exportertest.NewNopSettings(factory.Type())
	traces, err := factory.CreateTraces(t.Context(), settings, config)
	require.NoError(t, err)
	metrics, err := factory.CreateMetrics(t.Context(), settings, config)
	require.NoError(t, err)
	logs, err := factory.CreateLogs(t.Context(), settings, config)
	require.NoError(t, err)
	for _, exporter := range []component.Component{traces, metrics, logs} {
		require.NoError(t, exporter.Start(t.Context(), componenttest.NewNopHost()))
		assert.NoError(t, exporter.Shutdown(t.Context()))
	}
}
