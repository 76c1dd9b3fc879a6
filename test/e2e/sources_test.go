// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/agent"
	"github.com/jaegertracing/jaeger-idl/thrift-gen/jaeger"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// record is a log record as the file exporter writes it.
type record struct {
	SeverityText string
	Severity     int
	Body         string
	Attributes   map[string]string
	Resource     map[string]string
	Time         string
	Trace, Span  string
}

// attributes are those of OTLP in JSON.
type attributes []struct {
	Key   string
	Value map[string]any
}

// texts has "null" for a value that is missing.
func (a attributes) texts() map[string]string {
	all := map[string]string{}
	for _, attribute := range a {
		all[attribute.Key] = "null"
		for _, value := range attribute.Value {
			all[attribute.Key] = fmt.Sprint(value)
		}
	}
	return all
}

// recordsIn reads what config/policies/log-files.yaml has written.
func recordsIn(t require.TestingT, dir string) []record {
	var all []record
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	require.NoError(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			var data struct {
				ResourceLogs []struct {
					Resource  struct{ Attributes attributes }
					ScopeLogs []struct {
						LogRecords []struct {
							TimeUnixNano   string
							SeverityNumber int
							SeverityText   string
							Body           struct{ StringValue string }
							Attributes     attributes
							TraceID        string
							SpanID         string
						}
					}
				}
			}
			if json.Unmarshal([]byte(line), &data) != nil {
				continue // half written
			}
			for _, rl := range data.ResourceLogs {
				for _, sl := range rl.ScopeLogs {
					for _, lr := range sl.LogRecords {
						all = append(all, record{
							SeverityText: lr.SeverityText, Severity: lr.SeverityNumber, Body: lr.Body.StringValue, Time: lr.TimeUnixNano,
							Attributes: lr.Attributes.texts(), Resource: rl.Resource.Attributes.texts(), Trace: lr.TraceID, Span: lr.SpanID,
						})
					}
				}
			}
		}
	}
	return all
}

// find is the one record with the body.
func find(t require.TestingT, records []record, body string) record {
	var found []record
	for _, r := range records {
		if r.Body == body {
			found = append(found, r)
		}
	}
	require.Len(t, found, 1, "%q in %v", body, records)
	return found[0]
}

// The bytes are those of Python 3.11's SysLogHandler, with python-json-logger's
// formatter of the Arc guide, and without.
func TestPythonSyslog(t *testing.T) {
	dir, listen := t.TempDir(), collector.FreeAddress(t)
	_, options := adding(t, []string{"sources/python-syslog.yaml", "policies/log-files.yaml"}, "OTELCOL_ARC_LOGS="+dir)
	options.Set = append(options.Set, "receivers::udplog/python::listen_address="+listen)
	process := collector.Start(t, options)
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "udp", listen)
	require.NoError(t, err)
	defer func() { assert.NoError(t, connection.Close()) }()
	for _, datagram := range []string{
		"<14>{\"timestamp\": null, \"level\": null, \"name\": \"arc.agents\", \"message\": \"Agent invoked\", \"context\": {\"user_id\": \"u1\", \"none\": null, \"text\": \"a, \\\"b\\\": null, c\"}, " +
			"\"otelTraceID\": \"0af7651916cd43dd8448eb211c80319c\", \"otelSpanID\": \"b7ad6b7169203331\", \"otelServiceName\": \"checkout\", \"last\": null}\x00",
		"<15>{\"message\": \"no span\", \"name\": \"arc\", \"otelTraceID\": \"0\", \"otelSpanID\": \"0\", \"otelServiceName\": \"\", \"n\": 3}\x00",
		"<11>plain text, of two\nlines\x00",
		"<10>{\"message\": \"database connection lost\", \"name\": \"arc\"}\x00",
		"<12>{\"message\": \"cut off in the midd\x00",
		"neither a priority nor JSON",
	} {
		_, err := connection.Write([]byte(datagram))
		require.NoError(t, err)
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		records := recordsIn(c, dir)
		invoked := find(c, records, "Agent invoked")
		assert.Equal(c, 9, invoked.Severity)
		assert.Equal(c, "INFO", invoked.SeverityText)
		assert.Equal(c, map[string]string{"logger.name": "arc.agents", "user.id": "u1", "text": `a, "b": null, c`}, invoked.Attributes)
		assert.Equal(c, map[string]string{"service.name": "checkout"}, invoked.Resource)
		assert.Equal(c, "0af7651916cd43dd8448eb211c80319c", invoked.Trace)
		assert.Equal(c, "b7ad6b7169203331", invoked.Span)
		outside := find(c, records, "no span")
		assert.Equal(c, map[string]string{"logger.name": "arc", "n": "3"}, outside.Attributes)
		assert.Equal(c, map[string]string{"service.name": "arc"}, outside.Resource)
		assert.Empty(c, outside.Trace)
		assert.Equal(c, "DEBUG", outside.SeverityText)
		assert.Equal(c, 17, find(c, records, "plain text, of two\nlines").Severity)
		assert.Equal(c, 21, find(c, records, "database connection lost").Severity)
		assert.Equal(c, 13, find(c, records, `{"message": "cut off in the midd`).Severity)
		find(c, records, "neither a priority nor JSON")
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// The lines are those of python-logstash's formatter, version 1.
func TestLogstashHandler(t *testing.T) {
	dir, listen := t.TempDir(), collector.FreeAddress(t)
	_, options := adding(t, []string{"sources/logstash-handler.yaml", "policies/log-files.yaml"}, "OTELCOL_ARC_LOGS="+dir)
	options.Set = append(options.Set, "receivers::tcplog/logstash::listen_address="+listen)
	process := collector.Start(t, options)
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listen)
	require.NoError(t, err)
	defer func() { assert.NoError(t, connection.Close()) }()
	_, err = connection.Write([]byte(
		`{"@timestamp": "2026-03-01T12:00:00.250Z", "@version": "1", "message": "Agent invoked", "host": "h", "path": "/app/agents.py", "tags": [], "type": "logstash", "level": "WARNING", "logger_name": "arc.agents", "stack_info": null, "context": {"user_id": "u1"}, "otelTraceID": "0af7651916cd43dd8448eb211c80319c", "otelSpanID": "b7ad6b7169203331", "otelTraceSampled": true, "otelServiceName": "checkout"}` + "\n" +
			`{"@timestamp": "2026-03-01T12:00:01.000Z", "message": "lost", "level": "CRITICAL", "logger_name": "arc"}` + "\nnot JSON\n"))
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		records := recordsIn(c, dir)
		invoked := find(c, records, "Agent invoked")
		assert.Equal(c, 13, invoked.Severity)
		assert.Equal(c, "WARNING", invoked.SeverityText)
		assert.Equal(c, map[string]string{"logger.name": "arc.agents", "user.id": "u1", "code.file.path": "/app/agents.py"}, invoked.Attributes)
		assert.Equal(c, map[string]string{"service.name": "checkout", "host.name": "h"}, invoked.Resource)
		assert.Equal(c, "0af7651916cd43dd8448eb211c80319c", invoked.Trace)
		assert.Equal(c, "b7ad6b7169203331", invoked.Span)
		assert.Equal(c, "1772366400250000000", invoked.Time)
		assert.Equal(c, 21, find(c, records, "lost").Severity)
		assert.Equal(c, "CRITICAL", find(c, records, "lost").SeverityText)
		find(c, records, "not JSON")
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// What a Jaeger client sends to an agent goes on as OTLP, with the cost.
func TestJaegerAgent(t *testing.T) {
	o := double.NewOTLP(t, "", "", "")
	listen := collector.FreeAddress(t)
	_, options := adding(t, []string{"sources/jaeger-agent.yaml", "destinations/jaeger.yaml"}, "JAEGER_ENDPOINT="+o.GRPC, "JAEGER_INSECURE=true")
	for protocol, endpoint := range map[string]string{
		"thrift_compact": listen, "thrift_binary": collector.FreeAddress(t), "thrift_http": collector.FreeAddress(t), "grpc": collector.FreeAddress(t),
	} {
		options.Set = append(options.Set, "receivers::jaeger::protocols::"+protocol+"::endpoint="+endpoint)
	}
	process := collector.Start(t, options)

	buffer := thrift.NewTMemoryBuffer()
	client := agent.NewAgentClientFactory(buffer, thrift.NewTCompactProtocolFactoryConf(nil))
	str := func(key, value string) *jaeger.Tag {
		return &jaeger.Tag{Key: key, VType: jaeger.TagType_STRING, VStr: &value}
	}
	number := func(key string, value int64) *jaeger.Tag {
		return &jaeger.Tag{Key: key, VType: jaeger.TagType_LONG, VLong: &value}
	}
	require.NoError(t, client.EmitBatch(context.WithoutCancel(t.Context()), &jaeger.Batch{
		Process: &jaeger.Process{ServiceName: "arc"},
		Spans: []*jaeger.Span{{
			TraceIdLow: 1, TraceIdHigh: 2, SpanId: 3, OperationName: "llm.call",
			StartTime: time.Now().UnixMicro(), Duration: 1000,
			Tags: []*jaeger.Tag{
				str("span.kind", "client"), str("gen_ai.operation.name", "chat"), str("gen_ai.request.model", "gpt-4o"),
				number("gen_ai.usage.input_tokens", 1000), number("gen_ai.usage.output_tokens", 500),
			},
		}},
	}))
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "udp", listen)
	require.NoError(t, err)
	defer func() { assert.NoError(t, connection.Close()) }()
	_, err = connection.Write(buffer.Bytes())
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		spans := o.Spans()
		require.Len(c, spans, 1)
		value, ok := spans[0].Attributes().Get(cost)
		require.True(c, ok)
		assert.Equal(c, 0.0075, value.Double())
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// What prometheus_client shows is on our page under the same names, but for what
// we make ourselves of LLM calls.
func TestPrometheusScrape(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		fmt.Fprint(w, `# HELP arc_requests_total Total requests
# TYPE arc_requests_total counter
arc_requests_total{endpoint="/chat",method="POST",status="200"} 7.0
# HELP arc_llm_cost_dollars_total LLM cost
# TYPE arc_llm_cost_dollars_total counter
arc_llm_cost_dollars_total{model="gpt-4o"} 1.5
`)
	}))
	defer app.Close()
	p, options := adding(t, []string{"sources/prometheus-scrape.yaml"}, "ARC_METRICS_TARGET="+strings.TrimPrefix(app.URL, "http://"))
	options.Set = append(options.Set, `receivers::prometheus::config::global::scrape_interval=200ms`, `receivers::prometheus::config::global::scrape_timeout=200ms`)
	process := collector.Start(t, options)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		assert.Equal(c, 7.0, found[`{__name__="arc_requests_total", endpoint="/chat", method="POST", status="200"}`], "%v", found)
		for series := range found {
			assert.NotContains(c, series, "arc_llm_cost_dollars")
		}
	}, 60*time.Second, 200*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// The calls that an application counts by itself are priced. The text is that of
// prometheus_client in OpenMetrics; TestRealMetricsCollectorCounts has the real one.
func TestScrapedCallsCount(t *testing.T) {
	var calls atomic.Int64
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		fmt.Fprint(w, "# HELP arc_app Application\n# TYPE arc_app info\narc_app_info{version=\"1.0.0\"} 1.0\n")
		if n := calls.Load(); n > 0 {
			fmt.Fprintf(w, "# TYPE arc_llm_calls counter\narc_llm_calls_total{model=\"gpt-4o\",status=\"success\"} %d.0\n", n)
			fmt.Fprintf(w, "# TYPE arc_llm_tokens counter\narc_llm_tokens_total{model=\"gpt-4o\",type=\"prompt\"} %d.0\narc_llm_tokens_total{model=\"gpt-4o\",type=\"completion\"} %d.0\n", n*1000, n*500)
			fmt.Fprintf(w, "# TYPE arc_llm_cost_dollars counter\narc_llm_cost_dollars_total{model=\"gpt-4o\"} %g\n", float64(n)*0.0075)
		}
		fmt.Fprint(w, "# EOF\n")
	}))
	defer app.Close()
	p, options := adding(t, []string{"sources/metrics-collector.yaml"}, "ARC_METRICS_TARGET="+strings.TrimPrefix(app.URL, "http://"))
	options.Set = append(options.Set, "receivers::prometheus/metrics_collector::config::global::scrape_interval=200ms", "receivers::prometheus/metrics_collector::config::global::scrape_timeout=200ms")
	process := collector.Start(t, options)
	for _, n := range []int64{0, 2, 3} {
		calls.Store(n)
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			found := sums(scrape(c, "http://"+p.page+"/metrics"))
			assert.InDelta(c, 1, found["arc_app_info"], 0)
			assert.InDelta(c, float64(n), found["arc_llm_calls_total"], 0)
			assert.InDelta(c, 1500*float64(n), found["arc_llm_tokens_total"], 0)
			assert.InDelta(c, 0.0075*float64(n), found["arc_llm_cost_dollars"], 1e-12)
			assert.InDelta(c, 0.0075*float64(n), found["arc_app_llm_cost_dollars_total"], 1e-12, "the application's own")
		}, 60*time.Second, 100*time.Millisecond)
	}
	process.Terminate(t, 20*time.Second)
}
