//go:build e2e

// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// followed is the collector with the files of a section of docs/migrating-from-the-guide.md, and
// the file of JSON lines that it follows.
func followed(t *testing.T, section string, files []string, env ...string) (p ports, options collector.Options, path string) {
	t.Helper()
	require.Contains(t, files, "sources/json-log-file.yaml", section)
	folder := t.TempDir()
	p, options = adding(t, files, append(env, "ARC_LOG_FILES="+filepath.Join(folder, "*.jsonl"), "ARC_LOG_STATE="+t.TempDir())...)
	return p, options, filepath.Join(folder, "arc.jsonl")
}

// StructuredLogger and ContextualLogger write to a file, or their lines are sent by curl. A line
// that names a model is not a call.
func TestRealGuideLogFile(t *testing.T) {
	t.Parallel()
	for kind, section := range map[string]string{"structured": "`logging/structured.py`", "contextual": "`logging/context.py`"} {
		for _, sent := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, sent=%v", kind, sent), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				p, options, path := followed(t, section, append(guideFiles(t, section)[0], "policies/log-files.yaml"), "OTELCOL_ARC_LOGS="+dir)
				if sent {
					path = filepath.Join(t.TempDir(), "arc.jsonl")
				}
				process := collector.Start(t, options)
				runPython(t, "guide_structured.py", kind, path)
				if sent {
					output, err := exec.CommandContext(t.Context(), "curl", "-sS", "--data-binary", "@"+path, "http://"+p.arc+"/v1/events").CombinedOutput()
					require.NoError(t, err, "%s", output)
					require.Contains(t, string(output), `"rejected":0`)
				}
				require.EventuallyWithT(t, func(c *assert.CollectT) {
					records := recordsIn(c, dir)
					if kind == "contextual" {
						var users, requests []string
						for _, record := range records {
							users, requests = append(users, record.Attributes["user.id"]), append(requests, record.Attributes["request_id"])
						}
						slices.Sort(users)
						slices.Sort(requests)
						assert.Equal(c, []string{"", "ada"}, users)
						assert.Equal(c, []string{"r-1", "r-2"}, requests)
						return
					}
					assert.Len(c, records, 3)
					invoked := find(c, records, "Agent invoked")
					assert.Equal(c, 9, invoked.Severity)
					assert.Equal(c, "arc", invoked.Attributes["logger.name"])
					assert.Equal(c, "user_456", invoked.Attributes["user.id"])
					assert.Equal(c, "123", invoked.Attributes["task_id"])
					failed := find(c, records, "LLM call failed")
					assert.Equal(c, 17, failed.Severity)
					assert.Equal(c, "3", failed.Attributes["retry_count"])
					assert.Equal(c, 13, find(c, records, "High-cost LLM call").Severity)
				}, 60*time.Second, 100*time.Millisecond)
				assert.Zero(t, sums(scrape(t, "http://"+p.page+"/metrics"))["arc_llm_calls_total"])
				process.Terminate(t, 20*time.Second)
			})
		}
	}
}

// The policy drops the levels that the LogLevelManager does.
func TestRealGuideLogLevels(t *testing.T) {
	t.Parallel()
	const section = "`logging/config.py`"
	dir := t.TempDir()
	_, options, path := followed(t, section, append(guideFiles(t, section)[0], "policies/log-files.yaml"), "OTELCOL_ARC_LOGS="+dir)
	options.Set = append(options.Set, "service::pipelines::logs::processors=[memory_limiter, filter/log_levels, llm_cost, alert]")
	process := collector.Start(t, options)
	runPython(t, "guide_structured.py", "levels", path)
	expected, err := os.ReadFile(path + ".expected")
	require.NoError(t, err)
	var want []string
	for line := range strings.Lines(string(expected)) {
		var record struct{ Message string }
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		want = append(want, record.Message)
	}
	require.Greater(t, len(want), 50)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var got []string
		for _, record := range recordsIn(c, dir) {
			got = append(got, record.Body)
		}
		assert.ElementsMatch(c, want, got)
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// The file takes the place of CloudWatchLogHandler, and the collector sends.
func TestRealGuideCloudWatch(t *testing.T) {
	t.Parallel()
	const section = "`logging/aggregation.py`: `CloudWatchLogHandler`"
	cloudWatch := double.NewCloudWatch(t, "AKIDEXAMPLE")
	_, options, path := followed(t, section, guideFiles(t, section)[0], "AWS_REGION=eu-central-1", "CLOUDWATCH_ENDPOINT="+cloudWatch.URL,
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=a-secret", "AWS_EC2_METADATA_DISABLED=true")
	process := collector.Start(t, options)
	runPython(t, "guide_structured.py", "structured", path)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		all := strings.Join(cloudWatch.Messages("/aws/arc", "production"), "\n")
		for _, message := range []string{"Agent invoked", "LLM call failed", "High-cost LLM call"} {
			assert.Contains(c, all, message)
		}
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// spanNamed is the one span of the name.
func spanNamed(t require.TestingT, spans []ptrace.Span, name string) ptrace.Span {
	var found []ptrace.Span
	var names []string
	for _, span := range spans {
		names = append(names, span.Name())
		if span.Name() == name {
			found = append(found, span)
		}
	}
	require.Len(t, found, 1, "%q in %v", name, names)
	return found[0]
}

func spanAttribute(span ptrace.Span, key string) any {
	value, found := span.Attributes().Get(key)
	if !found {
		return nil
	}
	return value.AsRaw()
}

// The Jaeger exporter's spans over thrift, priced. TestRealJaegerThrift has a real Jaeger.
func TestRealGuideJaegerExporter(t *testing.T) {
	t.Parallel()
	o, listen := double.NewOTLP(t, "", "", ""), collector.FreeAddress(t)
	files := guideFiles(t, "`tracing/opentelemetry.py`: `JaegerExporter`")[0]
	_, options := adding(t, append(files, "destinations/jaeger.yaml"), "JAEGER_ENDPOINT="+o.GRPC, "JAEGER_INSECURE=true")
	for protocol, endpoint := range map[string]string{
		"thrift_compact": listen, "thrift_binary": collector.FreeAddress(t), "thrift_http": collector.FreeAddress(t), "grpc": collector.FreeAddress(t),
	} {
		options.Set = append(options.Set, "receivers::jaeger::protocols::"+protocol+"::endpoint="+endpoint)
	}
	process := collector.Start(t, options)
	host, port, err := net.SplitHostPort(listen)
	require.NoError(t, err)
	runPython(t, "guide_tracing.py", host, port)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		call := spanNamed(c, o.Spans(), "llm.call")
		assert.Equal(c, 0.0075, spanAttribute(call, cost))
		assert.Equal(c, spanNamed(c, o.Spans(), "agent.researcher").SpanID(), call.ParentSpanID())
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// The Arc guide's decorators with OTLPSpanExporter: of two spans llm.call the one with tokens is a call.
func TestRealGuideSpans(t *testing.T) {
	t.Parallel()
	o := double.NewOTLP(t, "", "", "")
	p, options := adding(t, []string{"destinations/jaeger.yaml"}, "JAEGER_ENDPOINT="+o.GRPC, "JAEGER_INSECURE=true")
	process := collector.Start(t, options)
	runPython(t, "guide_spans.py", p.grpc)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		spans := o.Spans()
		require.Len(c, spans, 6)
		assert.Equal(c, "ValueError", spanAttribute(spanNamed(c, spans, "agent.writer"), "error.type"))
		assert.Equal(c, "react", spanAttribute(spanNamed(c, spans, "agent.researcher"), "agent.type"))
		assert.Nil(c, spanAttribute(spanNamed(c, spans, "tool.search"), cost))
		var costs []any
		for _, span := range spans {
			if dollars := spanAttribute(span, cost); dollars != nil {
				costs = append(costs, dollars)
			}
		}
		assert.Equal(c, []any{0.0075}, costs)
		found := sums(scrape(c, "http://"+p.page+"/metrics"))
		assert.InDelta(c, 1, found["arc_llm_calls_total"], 0)
		assert.InDelta(c, 0.0075, found["arc_llm_cost_dollars"], 1e-12)
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// Two services, one trace. TestRealPropagation has a real Jaeger.
func TestRealGuidePropagation(t *testing.T) {
	t.Parallel()
	o := double.NewOTLP(t, "", "", "")
	p, options := adding(t, guideFiles(t, "`tracing/propagation.py`")[0], "JAEGER_ENDPOINT="+o.GRPC, "JAEGER_INSECURE=true")
	process := collector.Start(t, options)
	runPython(t, "two_services.py", p.http)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		spans := o.Spans()
		require.Len(c, spans, 4)
		traces := map[pcommon.TraceID]bool{}
		for _, span := range spans {
			traces[span.TraceID()] = true
		}
		assert.Len(c, traces, 1)
		assert.Equal(c, spanNamed(c, spans, "POST").SpanID(), spanNamed(c, spans, "POST /run").ParentSpanID())
		assert.Equal(c, 0.0075, spanAttribute(spanNamed(c, spans, "chat gpt-4o"), cost))
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// What the collector forwards in place of the three APM snippets: spans with their cost, and to
// Sentry those of failed agents alone.
func TestRealGuideAPM(t *testing.T) {
	t.Parallel()
	const path = "/api/42/integration/otlp"
	datadog, newRelic := double.NewOTLP(t, "", "", ""), double.NewOTLP(t, "", "api-key", "a-license-key")
	sentry := double.NewOTLP(t, path, "x-sentry-auth", "sentry sentry_key=a-public-key")
	var files []string
	for _, section := range []string{"`apm/datadog.py`", "`apm/newrelic.py`", "`apm/sentry.py`"} {
		files = append(files, guideFiles(t, section)[0]...)
	}
	p, options := adding(t, files, "DATADOG_AGENT_ENDPOINT="+datadog.GRPC, "NEW_RELIC_OTLP_ENDPOINT=http://"+newRelic.HTTP, "NEW_RELIC_LICENSE_KEY=a-license-key",
		"SENTRY_OTLP_ENDPOINT=http://"+sentry.HTTP+path, "SENTRY_PUBLIC_KEY=a-public-key")
	process := collector.Start(t, options)
	runPython(t, "guide_spans.py", p.grpc)
	post(t, "http://"+p.arc, security{}, lines(
		`{"level":"INFO","logger":"arc","message":"`+needle+`, info","module":"m","function":"f","line":1}`,
		`{"level":"ERROR","logger":"arc","message":"`+needle+`, error","module":"m","function":"f","line":2}`))
	has := func(records []plog.LogRecord, text string) bool {
		return slices.ContainsFunc(records, func(record plog.LogRecord) bool { return record.Body().AsString() == text })
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for name, o := range map[string]*double.OTLP{"Datadog": datadog, "New Relic": newRelic} {
			spans := o.Spans()
			require.Len(c, spans, 6, name)
			assert.Equal(c, "ada", spanAttribute(spanNamed(c, spans, "process_request"), "user_id"))
			assert.True(c, slices.ContainsFunc(spans, func(span ptrace.Span) bool { return spanAttribute(span, cost) == 0.0075 }), name)
			assert.True(c, has(o.Records(), needle+", info"), name)
			assert.True(c, has(o.Records(), needle+", error"), name)
		}
		assert.NotEmpty(c, sentry.Spans())
		spanNamed(c, sentry.Spans(), "agent.writer")
		assert.True(c, has(sentry.Records(), needle+", error"))
		assert.False(c, has(sentry.Records(), needle+", info"))
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// The file of export_to_json, by curl and twice: the ledger has the sums of the TokenUsageDashboard, and
// the costs of the LLMMonitor but for a model that it has no price of.
func TestRealGuideMonitor(t *testing.T) {
	t.Parallel()
	p, options := adding(t, nil)
	process := collector.Start(t, options)
	path := filepath.Join(t.TempDir(), "calls.json")
	cmd := python(t, "guide_monitor.py", path)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	output, err := cmd.Output()
	require.NoError(t, err)
	var monitor struct {
		TotalCost float64                      `json:"total_cost"`
		ByModel   map[string]map[string]uint64 `json:"by_model"`
	}
	require.NoError(t, json.Unmarshal(output, &monitor))

	send := func() string {
		output, err := exec.CommandContext(t.Context(), "curl", "-sS", "--data", "@"+path, "http://"+p.arc+"/v1/export").CombinedOutput()
		require.NoError(t, err, "%s", output)
		return string(output)
	}
	for range 2 {
		require.Contains(t, send(), `"accepted":5,"rejected":0`)
	}
	// $2 and $8 per million tokens of gpt-4.1, which the Arc guide has no price of.
	const unknownToTheGuide = (1000*2 + 1000*8) / 1e6
	for _, table := range []string{"models", "hourly"} {
		require.Contains(t, guideSection(t, "`monitoring/token_dashboard.py`"), "/api/usage/"+table+"?hours=24")
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			text := get(c, "http://"+p.dashboard+"/api/usage/"+table+"?hours=24")
			checkGuideUsage(c, text, monitor.ByModel, monitor.TotalCost+unknownToTheGuide)
		}, 60*time.Second, 100*time.Millisecond)
	}
	process.Terminate(t, 20*time.Second)
}

// checkGuideUsage compares the rows of /api/usage, added up by model, with the tokens and dollars that an application has.
func checkGuideUsage(t require.TestingT, text string, tokens map[string]map[string]uint64, dollars float64) {
	var response struct {
		Data struct {
			Rows []struct {
				Group  struct{ Model string }
				Calls  int
				Tokens struct{ Input, Output uint64 }
				Cost   float64 `json:"cost_dollars"`
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &response))
	got, sum, calls := map[string]map[string]uint64{}, 0.0, 0
	for _, row := range response.Data.Rows {
		if row.Calls == 0 {
			continue
		}
		if got[row.Group.Model] == nil {
			got[row.Group.Model] = map[string]uint64{}
		}
		got[row.Group.Model]["prompt"] += row.Tokens.Input
		got[row.Group.Model]["completion"] += row.Tokens.Output
		sum += row.Cost
		calls += row.Calls
	}
	assert.Equal(t, tokens, got, text)
	assert.InDelta(t, dollars, sum, 1e-9)
	assert.Equal(t, 5, calls)
}

// The Arc guide's queries and rules have data in a Prometheus that scrapes the collector by the shipped
// job, and the alert processor reads the rules as they are.
func TestRealGuideQueries(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "alerts.yml")
	require.NoError(t, os.WriteFile(rules, guideAlerts(t), 0o600))
	// The path of the section, in the folder of its configuration.
	added := filepath.Join(filepath.Dir(rules), "added.yaml")
	require.NoError(t, os.WriteFile(added, []byte(guideYAML(t, "`alerts.yml`")), 0o600))
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", added},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	raw, err := os.ReadFile(filepath.Join(collector.Root(), "config", "prometheus", "prometheus.yml"))
	require.NoError(t, err)
	var shipped map[string]any
	require.NoError(t, yaml.Unmarshal(raw, &shipped))
	// Servers before 3 do not know the section otlp, which the job does not need.
	text, err := yaml.Marshal(map[string]any{"global": map[string]any{"scrape_interval": "500ms"}, "scrape_configs": shipped["scrape_configs"]})
	require.NoError(t, err)
	require.Contains(t, string(text), "localhost:9464")
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte(strings.ReplaceAll(string(text), "localhost:9464", p.page)), 0o600))
	address := collector.FreeAddress(t)
	startServer(t, address, "prometheus", "--config.file="+config, "--storage.tsdb.path="+t.TempDir(), "--web.listen-address="+address)

	open := []string{
		`rate(arc_requests_total[5m])`,
		`rate(arc_requests_total{status=~"5.."}[5m]) / rate(arc_requests_total[5m])`,
		`histogram_quantile(0.99, rate(arc_request_duration_seconds_bucket[5m]))`,
		`increase(arc_llm_cost_dollars[1h])`,
		`rate(arc_cache_hits_total[5m]) / (rate(arc_cache_hits_total[5m]) + rate(arc_cache_misses_total[5m]))`,
	}
	var requests []string
	for range 99 {
		requests = append(requests, `{"method":"POST","endpoint":"/chat","status":200,"duration":20}`)
	}
	requests = append(requests, `{"method":"POST","endpoint":"/chat","status":500,"duration":20}`,
		`{"cache_type":"llm","hit":true}`, `{"cache_type":"llm","hit":false}`)
	state := map[string]string{}
	assert.Eventually(t, func() bool {
		// More than $100 an hour, while counters move.
		events := append(requests, llmEvent(call{model: "gpt-4o", input: 50_000_000}, 1)) //nolint:gocritic // requests stays as it is
		post(t, "http://"+p.arc, security{}, lines(events...))
		open = slices.DeleteFunc(open, func(expr string) bool { return hasSeries(t, "http://"+address, expr) })
		for _, rule := range rulesOf(t, p.dashboard) {
			state[rule.Name] = rule.State
		}
		return len(open) == 0 && state["HighErrorRate"] == "pending" && state["HighLLMCost"] == "pending"
	}, 90*time.Second, time.Second)
	assert.Empty(t, open, "without a series")
	// One failed request of a hundred is enough, and no latency is.
	assert.Equal(t, map[string]string{"HighErrorRate": "pending", "HighLLMCost": "pending", "HighLatency": "inactive", "HighCostLLMCall": state["HighCostLLMCall"]}, state)
	process.Terminate(t, 20*time.Second)
}

// guideAlerts are the rules of the Arc guide's alerts.yml.
func guideAlerts(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "guide_alerts.yml"))
	require.NoError(t, err)
	return raw
}
