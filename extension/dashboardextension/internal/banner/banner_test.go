// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package banner

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

func parse(t *testing.T, content string) map[string]any {
	t.Helper()
	retrieved, err := confmap.NewRetrievedFromYAML([]byte(content))
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	return conf.ToStringMap()
}

func TestDescribe(t *testing.T) {
	conf := parse(t, `
extensions: {dashboard: , wal_storage: {directory: data/storage}}
receivers:
  otlp: {protocols: {grpc: , http: {endpoint: "localhost:14318", tls: {cert_file: a}}}}
  arc:
  udplog/python: {listen_address: "localhost:10514"}
  jaeger: {endpoint: unused}
processors: {llm_cost: {storage: wal_storage}}
exporters: {prometheus: {endpoint: "localhost:9464"}, slack: {endpoint: 'https://slack.com/api'}, email: , otlp_grpc/jaeger: {endpoint: "localhost:14317"}}
service:
  extensions: [dashboard, wal_storage]
  pipelines:
    traces: {receivers: [otlp, arc], processors: [llm_cost], exporters: [otlp_grpc/jaeger]}
    metrics: {receivers: [otlp], exporters: [prometheus]}
    logs: {receivers: [arc, udplog/python], exporters: [slack, email]}
`)
	assert.Equal(t, `
otelcol-arc 1.2.3 is ready

  Send     Arc events        http://localhost:8123/v1/events
           OTLP/gRPC         localhost:4317
           OTLP/HTTP         https://localhost:14318
           udplog/python     localhost:10514
  Open     dashboard         http://localhost:8124
           Prometheus        http://localhost:9464/metrics
  Forward  otlp_grpc/jaeger  localhost:14317
  Alerts   rules             33, and 1 on events
           notified          slack
           off               email (not configured)
  State    on disk           data/storage

`, Format("1.2.3", Describe(conf, Facts{Notifiers: []string{"slack"}, Off: []string{"email"}, Rules: 33, EventRules: 1})))
}

// Each exporter that sends is there, and no password.
func TestDescribeDestinations(t *testing.T) {
	conf := parse(t, `
exporters:
  elasticsearch: {endpoints: ["https://user:secret@a:9200", "https://b:9200"]}
  clickhouse: {endpoint: "tcp://db:9000/otel?username=u&password=secret"}
  otlp_http/c: {endpoint: "https://%zz:secret@c"}
  kafka: {brokers: ["k1:9092", "k2:9092"]}
  gateways: {endpoints: ["g:4317"]}
  file: {path: all.json}
  nop:
service: {pipelines: {logs: {exporters: [elasticsearch, clickhouse, otlp_http/c, kafka, gateways, file, nop]}}}
`)
	_, send := exporters(conf, nil)
	assert.Equal(t, []Line{
		{"", "clickhouse", "tcp://db:9000/otel"},
		{"", "elasticsearch", "https://a:9200, https://b:9200"},
		{"", "file", "all.json"},
		{"", "gateways", "g:4317"},
		{"", "kafka", "k1:9092, k2:9092"},
		{"", "otlp_http/c", "(not a URL)"},
	}, send)
}

func TestDescribeInMemory(t *testing.T) {
	for _, content := range []string{"{}", "service: 1", "service: {pipelines: {traces: {receivers: otlp}}}", "processors: {llm_cost: }\nservice: {pipelines: {traces: {processors: [llm_cost]}}}"} {
		lines := Describe(parse(t, content), Facts{})
		assert.Equal(t, Line{"State", "in memory", "lost when the collector stops"}, lines[len(lines)-1], content)
	}
}
