//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// Python's own handlers, as the Arc guide sets them up.
func TestRealPythonLogging(t *testing.T) {
	for service, setting := range map[string]struct{ section, key string }{
		"syslog":   {"`logging/aggregation.py`: `SysLogHandler`", "receivers::udplog/python::listen_address="},
		"logstash": {"`logging/aggregation.py`: `TCPLogstashHandler`", "receivers::tcplog/logstash::listen_address="},
	} {
		t.Run(service, func(t *testing.T) {
			dir, listen := t.TempDir(), collector.FreeAddress(t)
			_, options := adding(t, []string{guideFiles(t, setting.section)[0][0], "policies/log-files.yaml"}, "OTELCOL_ARC_LOGS="+dir)
			options.Set = append(options.Set, setting.key+listen)
			process := collector.Start(t, options)
			host, port, err := net.SplitHostPort(listen)
			require.NoError(t, err)
			runPython(t, "guide_logging.py", service, host, port)
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				records := recordsIn(c, dir)
				invoked := find(c, records, "Agent invoked by "+service)
				assert.Equal(c, 9, invoked.Severity)
				assert.Equal(c, "arc.agents", invoked.Attributes["logger.name"])
				assert.Equal(c, "INFO", invoked.SeverityText)
				assert.Equal(c, "u1", invoked.Attributes["user.id"])
				assert.Equal(c, "3", invoked.Attributes["retry_count"])
				assert.Equal(c, "arc-guide", invoked.Resource["service.name"])
				assert.Len(c, invoked.Trace, 32)
				assert.Len(c, invoked.Span, 16)
				for key, value := range invoked.Attributes {
					assert.NotEqual(c, "null", value, key)
					assert.NotContains(c, key, "otel")
				}
				failed := find(c, records, "LLM call failed by "+service)
				assert.Equal(c, 17, failed.Severity)
				assert.Contains(c, failed.Attributes["exception.stacktrace"], "ConnectionError: no route")
				assert.Equal(c, 21, find(c, records, "Database connection lost by "+service).Severity)
			}, 30*time.Second, 100*time.Millisecond)
			process.Terminate(t, 20*time.Second)
		})
	}
}

// The metrics of prometheus_client are scraped, and the PromQL of the Arc guide has
// results in a real Prometheus that scrapes ours.
func TestRealPrometheusClient(t *testing.T) {
	app := collector.FreeAddress(t)
	cmd := python(t, "guide_metrics.py", port(t, app))
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait() // killed with the test's context, if it has not ended by itself
	})
	p, options := adding(t, guideFiles(t, "`metrics/prometheus.py`")[1], "ARC_METRICS_TARGET="+app)
	options.Set = append(options.Set, "receivers::prometheus::config::global::scrape_interval=500ms", "receivers::prometheus::config::global::scrape_timeout=500ms")
	collector.Start(t, options)
	prometheus := startPrometheus(t, p.page)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.InDelta(c, 1.0/3, query(c, prometheus, `sum(arc_requests_total{status=~"5.."}) / sum(arc_requests_total)`), 1e-9)
		assert.InDelta(c, 3, query(c, prometheus, `sum(arc_request_duration_seconds_count)`), 0)
		assert.InDelta(c, 2, query(c, prometheus, `sum(arc_request_duration_seconds_bucket{le="0.5"})`), 0)
		assert.InDelta(c, 4, query(c, prometheus, `sum(arc_active_requests)`), 0)
	}, 60*time.Second, 500*time.Millisecond)
}

// The LLM calls that a MetricsCollector counts are priced in the ledger, and appear
// under the names that rules and dashboards ask for.
func TestRealMetricsCollectorCounts(t *testing.T) {
	app := collector.FreeAddress(t)
	cmd := python(t, "guide_metrics.py", port(t, app))
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait() // killed with the test's context, if it has not ended by itself
	})
	call := func(line string) {
		_, err := io.WriteString(stdin, line+"\n")
		require.NoError(t, err)
	}
	p, options := adding(t, guideFiles(t, "`metrics/prometheus.py`")[0], "ARC_METRICS_TARGET="+app)
	options.Set = append(options.Set, "receivers::prometheus/metrics_collector::config::global::scrape_interval=500ms", "receivers::prometheus/metrics_collector::config::global::scrape_timeout=500ms")
	collector.Start(t, options)
	ask := func(c *assert.CollectT) page { return scrape(c, "http://"+p.page+"/metrics") }
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := sums(ask(c))
		assert.InDelta(c, 3, found["arc_requests_total"], 0)
		assert.InDelta(c, 1, found["arc_app_info"], 0)
	}, 60*time.Second, 200*time.Millisecond)
	call("gpt-4o success 1000 500 0.0075")
	call("gpt-4o success 1000 500 0.0075")
	call("gpt-4o error 0 0 0")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := sums(ask(c))
		assert.InDelta(c, 3, found["arc_llm_calls_total"], 0)
		assert.InDelta(c, 3000, found["arc_llm_tokens_total"], 0)
		assert.InDelta(c, 0.015, found["arc_llm_cost_dollars"], 1e-12)
		assert.InDelta(c, 0.015, found["arc_app_llm_cost_dollars_total"], 1e-12, "the application's own")
		assert.InDelta(c, 3, found["arc_agent_executions_total"], 0, "by track_execution")
	}, 60*time.Second, 200*time.Millisecond)
}

// The Jaeger exporter's spans reach a real Jaeger, with the cost.
func TestRealJaegerThrift(t *testing.T) {
	j := startJaeger(t)
	listen := collector.FreeAddress(t)
	_, options := adding(t, []string{"sources/jaeger-agent.yaml", "destinations/jaeger.yaml"}, "JAEGER_ENDPOINT="+j.otlp, "JAEGER_INSECURE=true")
	for protocol, endpoint := range map[string]string{
		"thrift_compact": listen, "thrift_binary": collector.FreeAddress(t), "thrift_http": collector.FreeAddress(t), "grpc": collector.FreeAddress(t),
	} {
		options.Set = append(options.Set, "receivers::jaeger::protocols::"+protocol+"::endpoint="+endpoint)
	}
	collector.Start(t, options)
	host, port, err := net.SplitHostPort(listen)
	require.NoError(t, err)
	runPython(t, "guide_tracing.py", host, port)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		traces := j.traces(c, "arc-guide")
		require.Len(c, traces, 1)
		assert.Equal(c, 0.0075, traces[0].tag("llm.call", cost))
		assert.Equal(c, "researcher", traces[0].tag("agent.researcher", "agent.name"))
	}, 30*time.Second, 200*time.Millisecond)
}

// Two services, one trace.
func TestRealPropagation(t *testing.T) {
	j := startJaeger(t)
	p, options := adding(t, []string{"destinations/jaeger.yaml"}, "JAEGER_ENDPOINT="+j.otlp, "JAEGER_INSECURE=true")
	collector.Start(t, options)
	runPython(t, "two_services.py", p.http)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		traces := j.traces(c, "arc-gateway")
		require.Len(c, traces, 1)
		assert.Equal(c, map[string]int{"arc-gateway": 2, "arc-worker": 2}, traces[0].services())
		assert.Equal(c, 0.0075, traces[0].tag("chat gpt-4o", cost))
	}, 30*time.Second, 200*time.Millisecond)
}

// Three instrumentations of one client, priced to the last unit. Two of them
// write the cached tokens, each in its own way; OpenTelemetry's own does not
// (2.3b0), so that nobody who reads its spans can know of the discount.
func TestRealInstrumentations(t *testing.T) {
	p, options := adding(t, nil)
	collector.Start(t, options)
	// Per million: $2.50 for new and $1.25 for cached tokens in, $10.00 for tokens out.
	const cached, uncached = (200*2.5 + 800*1.25 + 500*10) / 1e6, (1000*2.5 + 500*10) / 1e6
	var dollars float64
	for i, client := range []struct {
		by   string
		cost float64
	}{{"openllmetry", cached}, {"openinference", cached}, {"opentelemetry", uncached}} {
		runPython(t, "openai_client.py", client.by, p.http)
		dollars += client.cost
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			found := sums(scrape(c, "http://"+p.page+"/metrics"))
			assert.InDelta(c, float64(i+1), found["arc_llm_calls_total"], 0, client.by)
			assert.InDelta(c, dollars, found["arc_llm_cost_dollars"], 1e-12, client.by)
		}, 30*time.Second, 200*time.Millisecond)
	}
}

// Data streams by level on a real node, made by the shipped templates. OpenSearch
// knows all of a template but its lifecycle. It rejects require_data_stream, which the
// exporter sets in the mappings otel and ecs.
func TestRealOpenSearch(t *testing.T) {
	node := startOpenSearch(t)
	for _, level := range []string{"debug", "info", "warning", "error", "critical"} {
		content, err := os.ReadFile(filepath.Join(collector.Root(), "config", "elasticsearch", "logs-arc."+level+".json"))
		require.NoError(t, err)
		var template map[string]any
		require.NoError(t, json.Unmarshal(content, &template))
		for _, key := range []string{"template", "composed_of", "ignore_missing_component_templates", "allow_auto_create"} {
			delete(template, key)
		}
		content, err = json.Marshal(template)
		require.NoError(t, err)
		send(t, http.MethodPut, node+"/_index_template/logs-arc."+level, string(content))
	}
	p, options := adding(t, []string{"destinations/elasticsearch.yaml"}, "ELASTICSEARCH_URL="+node, "ELASTICSEARCH_MAPPING=none")
	process := collector.Start(t, options)
	sendSomethingOfAll(t, p)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		send(c, http.MethodPost, node+"/_refresh", "")
		for stream, text := range map[string]string{
			"debug": "of no interest", "info": needle + ", info", "critical": needle + ", critical", "error": "CacheTooLarge",
		} {
			var result struct {
				Hits struct{ Total struct{ Value int } }
			}
			getJSON(c, node+"/logs-arc."+stream+"-default/_search?q=%22"+url.QueryEscape(text)+"%22", &result)
			assert.Equal(c, 1, result.Hits.Total.Value, stream)
		}
	}, 60*time.Second, 500*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// OTLP in the topics of a real broker.
func TestRealKafka(t *testing.T) {
	broker := startKafka(t)
	p, options := adding(t, []string{"destinations/kafka.yaml"}, "KAFKA_BROKER="+broker)
	process := collector.Start(t, options)
	sendSomethingOfAll(t, p)
	require.EventuallyWithT(t, kafkaHas(t, broker), 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// Both halves of the Python example.
func TestRealPythonExample(t *testing.T) {
	p, options := adding(t, nil)
	process := collector.Start(t, options)
	runExample(t, built("python", "bin", "python"), "examples/python/app.py", "http://"+p.arc, "http://"+p.http)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := sums(scrape(c, "http://"+p.page+"/metrics"))
		assert.InDelta(c, 0.00036+0.0075, found["arc_llm_cost_dollars"], 1e-12)
		assert.InDelta(c, 1, found["arc_requests_total"], 0)
		assert.InDelta(c, 1, found["arc_request_duration_seconds_count"], 0)
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
