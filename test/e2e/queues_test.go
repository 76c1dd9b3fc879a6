// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// addEveryDestination adds every destination, at addresses where nobody answers.
func (s *site) addEveryDestination(t *testing.T) {
	t.Helper()
	s.options.Env = append(s.options.Env,
		"NEW_RELIC_LICENSE_KEY=k", "SENTRY_OTLP_ENDPOINT=http://127.0.0.1:1", "SENTRY_PUBLIC_KEY=k",
		"DATADOG_AGENT_ENDPOINT=127.0.0.1:1", "DATADOG_AGENT_HOST=127.0.0.1", "LOGSTASH_HOST=127.0.0.1", "ALERTMANAGER_URL=http://127.0.0.1:1",
		"KAFKA_BROKER=127.0.0.1:1", "REMOTE_WRITE_URL=http://127.0.0.1:1", "AWS_REGION=eu-central-1",
		"CLOUDWATCH_ENDPOINT=http://127.0.0.1:1", "AWS_ACCESS_KEY_ID=k", "AWS_SECRET_ACCESS_KEY=k", "AWS_EC2_METADATA_DISABLED=true",
	)
	files, err := filepath.Glob(filepath.Join(collector.Root(), "config", "destinations", "*.yaml"))
	require.NoError(t, err)
	for _, file := range files {
		s.options.Configs = append(s.options.Configs, "config/destinations/"+filepath.Base(file))
	}
}

// queueName finds the names of queues in a log of wal_storage: their metadata is written at
// the start.
var queueName = regexp.MustCompile(`(exporter_[A-Za-z0-9_.~-]+)\x00qmv0`)

// With every destination added to the production configuration, the queue of
// each exporter is on disk, but for the one of remote write, which cannot be. Notifiers have none.
func TestQueuesOfDestinationsAreOnDisk(t *testing.T) {
	s := newSite(t)
	state := t.TempDir()
	s.options.Merge = true
	s.options.Env = append(s.options.Env, "OTELCOL_ARC_STATE="+state, "OTELCOL_ARC_QUEUES=wal_storage")
	s.addEveryDestination(t)
	process := collector.Start(t, s.options)
	logs, err := filepath.Glob(filepath.Join(state, "storage", "*.wal"))
	require.NoError(t, err)
	queues := map[string]bool{}
	for _, log := range logs {
		content, err := os.ReadFile(log)
		require.NoError(t, err)
		for _, match := range queueName.FindAllSubmatch(content, -1) {
			queues[string(match[1])] = true
		}
	}
	assert.Equal(t, []string{
		"exporter_awscloudwatchlogs__logs",
		"exporter_elasticsearch__logs",
		"exporter_kafka__logs", "exporter_kafka__metrics", "exporter_kafka__traces",
		"exporter_otlp_grpc_datadog_logs", "exporter_otlp_grpc_datadog_metrics", "exporter_otlp_grpc_datadog_traces",
		"exporter_otlp_grpc_jaeger_traces",
		"exporter_otlp_http_newrelic_logs", "exporter_otlp_http_newrelic_metrics", "exporter_otlp_http_newrelic_traces",
		"exporter_otlp_http_prometheus_metrics",
		"exporter_otlp_http_sentry_logs", "exporter_otlp_http_sentry_traces",
		"exporter_syslog_datadog_logs",
		"exporter_syslog_logstash_logs",
	}, slices.Sorted(maps.Keys(queues)))
	process.Kill()
}

// What waits for a destination that was added survives the process.
func TestKilledWithADestinationDown(t *testing.T) {
	o := double.NewOTLP(t, "", "", "")
	f := newInjector()
	s := newSite(t)
	s.options.Merge = true
	s.options.Configs = append(s.options.Configs, "config/destinations/newrelic.yaml")
	s.options.Env = append(s.options.Env, "OTELCOL_ARC_QUEUES=wal_storage", "NEW_RELIC_LICENSE_KEY=k",
		"NEW_RELIC_OTLP_ENDPOINT="+f.proxyHTTP(t, "http://"+o.HTTP))
	f.set(down)
	process := collector.Start(t, s.options)
	sendSpans(t, grpcExporter(t, s.grpc, s.security), call{model: "gpt-4o", input: 1000, output: 500})
	require.Eventually(t, func() bool { return f.requests() > 0 }, 20*time.Second, 10*time.Millisecond)
	process.Kill()
	f.set(healthy)
	process = collector.Start(t, s.options)
	require.Eventually(t, func() bool { return len(o.Spans()) == 2 }, 30*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// No exporter of a shipped file drops what it queues after five minutes, which is the
// default of exporters.
func TestShippedExportersNeverGiveUp(t *testing.T) {
	s := newSite(t)
	s.addEveryDestination(t)
	tried := map[string]bool{}
	for _, configs := range [][]string{s.options.Configs, {"config/scale/agent.yaml"}, {"config/scale/kafka-agent.yaml"}} {
		args := []string{"print-config", "--feature-gates=confmap.enableMergeAppendOption"}
		for _, config := range configs {
			args = append(args, "--config", config)
		}
		cmd := collector.Command(t.Context(), t, args...)
		cmd.Env = append(cmd.Env, append(s.options.Env, "OTELCOL_ARC_GATEWAYS=[a:4317]")...)
		var wrong bytes.Buffer
		cmd.Stderr = &wrong
		output, err := cmd.Output()
		require.NoError(t, err, "%s", &wrong)
		var printed struct {
			Exporters map[string]map[string]any `yaml:"exporters"`
		}
		require.NoError(t, yaml.Unmarshal(output, &printed))
		for name, exporter := range printed.Exporters {
			// Elasticsearch has settings of its own.
			if retry, ok := exporter["retry_on_failure"].(map[string]any); ok {
				tried[name] = true
				assert.Contains(t, []any{0, "0", "0s"}, retry["max_elapsed_time"], name)
			}
		}
	}
	assert.Equal(t, []string{
		"alertmanager", "awscloudwatchlogs", "email", "gateways", "gateways/metrics", "kafka", "kafka/metrics",
		"otlp_grpc/datadog", "otlp_grpc/jaeger", "otlp_http/newrelic", "otlp_http/prometheus", "otlp_http/sentry",
		"pagerduty", "prometheusremotewrite", "slack", "syslog/datadog", "syslog/logstash",
	}, slices.Sorted(maps.Keys(tried)))
}
