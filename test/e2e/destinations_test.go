// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leodido/go-syslog/v4/rfc5424"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

// adding is config/default.yaml with other files of config/ added.
func adding(t *testing.T, files []string, env ...string) (ports, collector.Options) {
	t.Helper()
	p, set := quick(t)
	configs := []string{"config/default.yaml"}
	for _, file := range files {
		configs = append(configs, "config/"+file)
	}
	return p, collector.Options{
		Configs: configs,
		Merge:   true,
		Set: append(set,
			"exporters::prometheus::endpoint="+p.page,
			"processors::alert::rule_files=[test/e2e/testdata/rules.yml]",
		),
		Env: env,
	}
}

const (
	needle = "the far end shall see this"
	cost   = "gen_ai.usage.cost"
)

// sendSomethingOfAll sends a call that is a span and a call that failed, log
// records of three levels, and what raises an alert.
func sendSomethingOfAll(t *testing.T, p ports) {
	t.Helper()
	sendSpans(t, grpcExporter(t, p.grpc, security{}), call{model: "gpt-4o", input: 1000, output: 500})
	got := postEvents(t, "http://"+p.arc, security{}, lines(
		`{"model":"gpt-4o","prompt_tokens":1000,"completion_tokens":500,"duration_seconds":0.7,"status":"error","error_message":"overloaded"}`,
		`{"level":"DEBUG","logger":"arc.cache","message":"of no interest","module":"cache","function":"get","line":1}`,
		`{"level":"INFO","logger":"arc","message":"`+needle+`, info","module":"agents","function":"run","line":12,"user_id":"u1"}`,
		`{"level":"CRITICAL","logger":"arc","message":"`+needle+`, critical","module":"agents","function":"run","line":13}`,
		`{"cache_type":"llm","hit":true,"size_bytes":5000}`,
	))
	require.Equal(t, arcResponse{Status: 200, Accepted: 5}, got)
}

// TestDestinations starts each file of config/destinations, and looks at what
// the system that it names, or a double of it, received.
func TestDestinations(t *testing.T) {
	pricedSpans := func(c *assert.CollectT, spans []ptrace.Span, n int) {
		var priced int
		for _, span := range spans {
			if value, ok := span.Attributes().Get(cost); ok {
				assert.Equal(c, 0.0075, value.Double())
				priced++
			}
		}
		assert.Equal(c, n, priced)
	}
	records := func(c *assert.CollectT, records []plog.LogRecord, wanted ...string) {
		var all []string
		for _, record := range records {
			all = append(all, record.Body().AsString()+" "+record.EventName())
		}
		for _, want := range wanted {
			assert.Contains(c, strings.Join(all, "\n"), want)
		}
	}
	// everything is what those that take all signals have.
	everything := func(c *assert.CollectT, o *double.OTLP) {
		pricedSpans(c, o.Spans(), 2)
		records(c, o.Records(), needle+", info", needle+", critical", "arc.alert")
		assert.Positive(c, o.Metrics.DataPointCount())
	}
	syslog := func(c *assert.CollectT, lines *double.Lines) {
		var texts []string
		severities := map[string]uint8{}
		for _, line := range lines.All() {
			message, err := rfc5424.NewParser().Parse([]byte(line))
			if !assert.NoError(c, err, line) {
				return
			}
			var record map[string]any
			m := message.(*rfc5424.SyslogMessage)
			if !assert.NoError(c, json.Unmarshal([]byte(*m.Message), &record), line) {
				return
			}
			text, _ := record["message"].(string)
			texts = append(texts, text)
			severities[text] = *m.Severity
			if text == needle+", info" {
				assert.Equal(c, "u1", record["user.id"])
				assert.Equal(c, "INFO", record["level"])
			}
		}
		all := strings.Join(texts, "\n")
		assert.Contains(c, all, needle+", info")
		assert.Contains(c, all, needle+", critical")
		assert.Contains(c, all, "[CRITICAL] CacheTooLarge")
		assert.Equal(c, uint8(6), severities[needle+", info"])
		assert.Equal(c, uint8(2), severities[needle+", critical"])
	}

	tests := map[string]func(t *testing.T) (env []string, arrived func(c *assert.CollectT)){
		"jaeger": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			o := double.NewOTLP(t, "", "", "")
			return []string{"JAEGER_ENDPOINT=" + o.GRPC, "JAEGER_INSECURE=true"}, func(c *assert.CollectT) { pricedSpans(c, o.Spans(), 2) }
		},
		"datadog-agent": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			o := double.NewOTLP(t, "", "", "")
			return []string{"DATADOG_AGENT_ENDPOINT=" + o.GRPC}, func(c *assert.CollectT) { everything(c, o) }
		},
		"newrelic": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			o := double.NewOTLP(t, "", "api-key", "a-license-key")
			return []string{"NEW_RELIC_OTLP_ENDPOINT=http://" + o.HTTP, "NEW_RELIC_LICENSE_KEY=a-license-key"}, func(c *assert.CollectT) { everything(c, o) }
		},
		"sentry": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			const path = "/api/42/integration/otlp"
			o := double.NewOTLP(t, path, "x-sentry-auth", "sentry sentry_key=a-public-key")
			return []string{"SENTRY_OTLP_ENDPOINT=http://" + o.HTTP + path, "SENTRY_PUBLIC_KEY=a-public-key"}, func(c *assert.CollectT) {
				pricedSpans(c, o.Spans(), 1)
				assert.Len(c, o.Spans(), 1, "the failed one alone")
				records(c, o.Records(), needle+", critical")
				for _, record := range o.Records() {
					assert.GreaterOrEqual(c, record.SeverityNumber(), plog.SeverityNumberError)
				}
			}
		},
		"prometheus-otlp": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			o := double.NewOTLP(t, "/api/v1/otlp", "", "")
			return []string{"PROMETHEUS_URL=http://" + o.HTTP}, func(c *assert.CollectT) {
				names := map[string]bool{}
				for _, md := range o.Metrics.AllMetrics() {
					for _, rm := range md.ResourceMetrics().All() {
						for _, sm := range rm.ScopeMetrics().All() {
							for _, m := range sm.Metrics().All() {
								names[m.Name()] = true
							}
						}
					}
				}
				assert.Contains(c, names, "arc_llm_cost_dollars")
				assert.Contains(c, names, "ALERTS")
			}
		},
		"prometheus-remote-write": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			rw := double.NewRemoteWrite(t)
			return []string{"REMOTE_WRITE_URL=" + rw.URL}, func(c *assert.CollectT) {
				value, ok := rw.Latest(map[string]string{"__name__": "arc_llm_cost_dollars", "model": "gpt-4o"})
				assert.True(c, ok)
				assert.InDelta(c, 0.015, value, 1e-12)
				_, ok = rw.Latest(map[string]string{"__name__": "ALERTS", "alertname": "CacheTooLarge", "alertstate": "firing"})
				assert.True(c, ok)
			}
		},
		"elasticsearch": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			e := double.NewElasticsearchWithKey(t, "an-encoded-key")
			return []string{"ELASTICSEARCH_URL=" + e.URL, "ELASTICSEARCH_API_KEY=an-encoded-key"}, func(c *assert.CollectT) {
				streams := map[string]string{}
				for _, document := range e.Documents() {
					source, err := json.Marshal(document.Source)
					assert.NoError(c, err)
					for _, text := range []string{needle + ", info", needle + ", critical", "of no interest", "CacheTooLarge"} {
						if strings.Contains(string(source), text) {
							streams[text] = document.Index
						}
					}
				}
				assert.Equal(c, map[string]string{
					needle + ", info":     "logs-arc.info.otel-default",
					needle + ", critical": "logs-arc.critical.otel-default",
					"of no interest":      "logs-arc.debug.otel-default",
					"CacheTooLarge":       "logs-arc.error.otel-default",
				}, streams)
			}
		},
		"logstash": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			l := double.NewLines(t)
			return []string{"LOGSTASH_HOST=" + l.Host, "LOGSTASH_PORT=" + l.Port, "LOGSTASH_INSECURE=true"}, func(c *assert.CollectT) { syslog(c, l) }
		},
		"datadog-syslog": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			l := double.NewLines(t)
			return []string{"DATADOG_AGENT_HOST=" + l.Host, "DATADOG_AGENT_PORT=" + l.Port}, func(c *assert.CollectT) { syslog(c, l) }
		},
		"cloudwatch": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			cw := double.NewCloudWatch(t, "AKIDEXAMPLE")
			environment := []string{
				"AWS_REGION=eu-central-1", "CLOUDWATCH_ENDPOINT=" + cw.URL,
				"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=a-secret", "AWS_EC2_METADATA_DISABLED=true",
			}
			return environment, func(c *assert.CollectT) {
				all := strings.Join(cw.Messages("/aws/arc", "production"), "\n")
				assert.Contains(c, all, needle+", info")
				assert.Contains(c, all, needle+", critical")
				assert.Contains(c, all, "CacheTooLarge")
			}
		},
		"alertmanager": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			inbox := double.NewAlertmanager(t)
			return []string{"ALERTMANAGER_URL=" + inbox.URL}, func(c *assert.CollectT) {
				assert.NotEmpty(c, notificationsWith(inbox, `"alertname":"CacheTooLarge"`))
			}
		},
		"kafka": func(t *testing.T) ([]string, func(*assert.CollectT)) {
			t.Helper()
			cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "otlp_spans", "otlp_metrics", "otlp_logs"))
			require.NoError(t, err)
			t.Cleanup(cluster.Close)
			broker := cluster.ListenAddrs()[0]
			return []string{"KAFKA_BROKER=" + broker}, kafkaHas(t, broker)
		},
	}
	files, err := filepath.Glob(filepath.Join(collector.Root(), "config", "destinations", "*.yaml"))
	require.NoError(t, err)
	assert.Len(t, files, len(tests), "a test for each file")
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			env, arrived := start(t)
			p, options := adding(t, []string{"destinations/" + name + ".yaml"}, env...)
			process := collector.Start(t, options)
			sendSomethingOfAll(t, p)
			require.EventuallyWithT(t, arrived, 30*time.Second, 100*time.Millisecond)
			process.Terminate(t, 20*time.Second)
		})
	}
}

// kafkaHas reads the topics of a broker until they have what was sent.
func kafkaHas(t *testing.T, broker string) func(*assert.CollectT) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics("otlp_spans", "otlp_metrics", "otlp_logs"))
	require.NoError(t, err)
	t.Cleanup(client.Close)
	found := map[string]int{}
	return func(c *assert.CollectT) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, record := range client.PollFetches(ctx).Records() {
			switch record.Topic {
			case "otlp_spans":
				request := ptraceotlp.NewExportRequest()
				if assert.NoError(c, request.UnmarshalProto(record.Value)) {
					found["spans"] += request.Traces().SpanCount()
				}
			case "otlp_metrics":
				request := pmetricotlp.NewExportRequest()
				if assert.NoError(c, request.UnmarshalProto(record.Value)) {
					found["points"] += request.Metrics().DataPointCount()
				}
			case "otlp_logs":
				request := plogotlp.NewExportRequest()
				if assert.NoError(c, request.UnmarshalProto(record.Value)) {
					found["records"] += request.Logs().LogRecordCount()
				}
			}
		}
		assert.Equal(c, 3, found["spans"], "two calls and an agent")
		assert.Positive(c, found["points"])
		assert.Equal(c, 6, found["records"], "five events and an alert")
	}
}

// A file for each level, and in it what was sent at that level.
func TestLogFilesByLevel(t *testing.T) {
	dir := t.TempDir()
	p, options := adding(t, []string{"policies/log-files.yaml"}, "OTELCOL_ARC_LOGS="+dir)
	process := collector.Start(t, options)
	sendSomethingOfAll(t, p)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		for file, text := range map[string]string{
			"debug": "of no interest", "info": needle + ", info", "critical": needle + ", critical", "error": "overloaded",
		} {
			content, err := os.ReadFile(filepath.Join(dir, file+".jsonl"))
			assert.NoError(c, err)
			assert.Contains(c, string(content), text)
			assert.Equal(c, file == "info", strings.Contains(string(content), needle+", info"), file)
		}
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// What is logged at DEBUG is gone after its time, though the service has become quiet; what is
// more severe stays.
func TestDebugLogFilesAreRemoved(t *testing.T) {
	dir := t.TempDir()
	p, options := adding(t, []string{"policies/log-files.yaml"}, "OTELCOL_ARC_LOGS="+dir)
	options.Set = append(options.Set, "exporters::log_files/debug::max_age=2s")
	process := collector.Start(t, options)
	for _, level := range []string{"DEBUG", "INFO"} {
		body := `{"level":"` + level + `","logger":"arc","message":"prompt of a user","module":"m","function":"f","line":1}`
		require.Equal(t, 200, postEvents(t, "http://"+p.arc, security{}, body).Status)
	}
	has := func(level string) bool {
		paths, err := filepath.Glob(filepath.Join(dir, level+"*.jsonl"))
		require.NoError(t, err)
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err == nil && strings.Contains(string(content), "prompt of a user") {
				return true
			}
		}
		return false
	}
	require.Eventually(t, func() bool { return has("info") && !has("debug") }, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	require.True(t, has("info"))
}

// The levels of the Arc guide: libraries from WARNING on, our own from INFO on, except
// the two that are being debugged.
func TestLogLevelsByLogger(t *testing.T) {
	dir := t.TempDir()
	p, options := adding(t, []string{"policies/log-files.yaml", "policies/log-levels.yaml"}, "OTELCOL_ARC_LOGS="+dir)
	process := collector.Start(t, options)
	var events []string
	for _, logger := range []string{"httpx", "openai.api", "urllib3", "langchain", "httpxtra", "arc.agents", "arc.cache", "arc.rl.policy"} {
		for _, level := range []string{"DEBUG", "INFO", "WARNING"} {
			events = append(events, `{"level":"`+level+`","logger":"`+logger+`","message":"`+logger+" "+level+`.","module":"m","function":"f","line":1}`)
		}
	}
	events = append(events, `{"level":"CRITICAL","logger":"arc","message":"the last","module":"m","function":"f","line":1}`)
	require.Equal(t, 200, postEvents(t, "http://"+p.arc, security{}, lines(events...)).Status)
	archive := func() string {
		var all strings.Builder
		for _, file := range []string{"debug", "info", "warning", "critical"} {
			content, err := os.ReadFile(filepath.Join(dir, file+".jsonl"))
			if err == nil {
				all.Write(content)
			}
		}
		return all.String()
	}
	require.Eventually(t, func() bool { return strings.Contains(archive(), "the last") }, 30*time.Second, 50*time.Millisecond)
	process.Terminate(t, 20*time.Second)
	all := archive()
	for _, want := range []string{
		"httpx WARNING.", "openai.api WARNING.", "urllib3 WARNING.", "langchain WARNING.", "httpxtra DEBUG.",
		"arc.agents INFO.", "arc.cache DEBUG.", "arc.rl.policy DEBUG.",
	} {
		assert.Contains(t, all, want)
	}
	for _, not := range []string{"httpx INFO.", "openai.api DEBUG.", "urllib3 INFO.", "langchain INFO.", "arc.agents DEBUG."} {
		assert.NotContains(t, all, not)
	}
}
