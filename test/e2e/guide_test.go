// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// guideTests are the tests that run the lines of each section of docs/migrating-from-the-guide.md.
// TestReal… are those of make e2e, with the Python libraries of the snippet.
var guideTests = map[string][]string{
	"`observability/__init__.py`: `ObservabilityManager`":                                                {"TestRealPythonExample"},
	"`logging/structured.py`: `StructuredLogger`, `JSONFormatter`":                                       {"TestRealGuideLogFile", "TestJSONLogFile"},
	"`logging/config.py`: `LogLevelManager`":                                                             {"TestRealGuideLogLevels", "TestLogLevelsByLogger"},
	"`logging/context.py`: `ContextualLogger`":                                                           {"TestRealGuideLogFile"},
	"`logging/aggregation.py`: `SysLogHandler`":                                                          {"TestRealPythonLogging", "TestPythonSyslog"},
	"`logging/aggregation.py`: `TCPLogstashHandler`":                                                     {"TestRealPythonLogging", "TestLogstashHandler"},
	"`logging/aggregation.py`: `CloudWatchLogHandler`":                                                   {"TestRealGuideCloudWatch"},
	"`metrics/prometheus.py`: `MetricsCollector`":                                                        {"TestRealPrometheusClient", "TestRealMetricsCollectorCounts"},
	"`metrics/decorators.py`: `track_execution`, `track_llm_call`":                                       {"TestRealMetricsCollectorCounts", "TestPythonExampleWithoutSDK"},
	"`tracing/opentelemetry.py`: `JaegerExporter`":                                                       {"TestRealGuideJaegerExporter", "TestRealJaegerThrift"},
	"`tracing/opentelemetry.py`: `RequestsInstrumentor`, `LoggingInstrumentor`, `trace_agent_execution`": {"TestRealGuideSpans", "TestRealPythonLogging"},
	"`tracing/propagation.py`":                                                                           {"TestRealGuidePropagation", "TestRealPropagation"},
	"`apm/datadog.py`":                                                                                   {"TestRealGuideAPM"},
	"`apm/newrelic.py`":                                                                                  {"TestRealGuideAPM"},
	"`apm/sentry.py`":                                                                                    {"TestRealGuideAPM"},
	"`monitoring/llm_tracker.py`: `LLMMonitor`":                                                          {"TestRealGuideMonitor"},
	"`monitoring/token_dashboard.py`: `TokenUsageDashboard`":                                             {"TestRealGuideMonitor"},
	"`check_cost_budget`":                                                                                {"TestGuideBudget"},
	"`alerting/rules.py`: `AlertRule`, `AlertManager`":                                                   {"TestGuideBudget", "TestRealPromtool"},
	"`alerting/notifications.py`: Slack, PagerDuty, email":                                               {"TestVariablesOfTheGuide"},
	"`alerts.yml`":       {"TestRealGuideQueries"},
	"`prometheus.yml`":   {"TestRealGuideQueries", "TestDestinations"},
	"Grafana dashboard":  {"TestRealGuideQueries"},
	"Retention by level": {"TestGuideRetention", "TestLogFilesByLevel", "TestDebugLogFilesAreRemoved"},
}

// guideSections are the sections of docs/migrating-from-the-guide.md that have lines for a snippet.
func guideSections(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(collector.Root(), "docs", "migrating-from-the-guide.md"))
	require.NoError(t, err)
	sections := map[string]string{}
	for _, part := range regexp.MustCompile(`(?m)^##`).Split(string(raw), -1)[1:] {
		if title, text, _ := strings.Cut(part, "\n"); strings.HasPrefix(title, "# ") {
			sections[strings.TrimPrefix(title, "# ")] = text
		}
	}
	return sections
}

// guideSection is that of a title, or of the beginning of one.
func guideSection(t *testing.T, title string) string {
	t.Helper()
	for full, text := range guideSections(t) {
		if strings.HasPrefix(full, title) {
			return text
		}
	}
	require.Fail(t, "no such section", title)
	return ""
}

// guideFiles are the files of config/ that the commands `make run` of a section add, by command.
func guideFiles(t *testing.T, title string) [][]string {
	t.Helper()
	var all [][]string
	for _, match := range regexp.MustCompile(`(?m)^.*make run WITH="?([\w/ -]+)`).FindAllStringSubmatch(guideSection(t, title), -1) {
		var files []string
		for name := range strings.FieldsSeq(match[1]) {
			files = append(files, name+".yaml")
		}
		all = append(all, files)
	}
	require.NotEmpty(t, all, title)
	return all
}

// guideYAML is the configuration that a section adds, for Options.Configs.
func guideYAML(t *testing.T, title string) string {
	t.Helper()
	match := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindStringSubmatch(guideSection(t, title))
	require.NotNil(t, match, title)
	return match[1]
}

// Every section has a test that is there, and every test has a section. A test reads its commands in
// the section, if not, it is one that runs what the section links to.
func TestGuideSectionsAreRun(t *testing.T) {
	sections := guideSections(t)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(sections)), slices.Collect(maps.Keys(guideTests)))
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var source strings.Builder
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		source.Write(raw)
	}
	for title, tests := range guideTests {
		assert.Regexp(t, "(?m)^```sh\n|^```yaml\n|config/", sections[title], "no command or line in %s", title)
		assert.NotEmpty(t, tests, title)
		for _, test := range tests {
			assert.Contains(t, source.String(), "\nfunc "+test+"(t *testing.T) {", title)
		}
	}
}

// The limit of the day and the alerts are those of the Arc guide. Its rules fire by their own unit tests.
func TestGuideBudget(t *testing.T) {
	t.Parallel()
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "yaml:" + guideYAML(t, "`check_cost_budget`")},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	// $850 of $1000, at $2.50 per million tokens.
	require.Equal(t, 200, postEvents(t, "http://"+p.arc, security{}, llmEvent(call{model: "gpt-4o", input: 340_000_000}, 1)).Status)
	require.Eventually(t, func() bool { return len(process.Lines("DailyBudget")) > 0 }, 60*time.Second, 50*time.Millisecond)

	severities := map[string]string{}
	for _, rule := range rulesOf(t, p.dashboard) {
		severities[rule.Name] = rule.Labels["severity"]
	}
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `(\\w+)` \\| (\\w+) \\|$").FindAllStringSubmatch(guideSection(t, "`alerting/rules.py`"), -1)
	require.Len(t, rows, 4)
	for _, row := range rows {
		assert.Equal(t, row[3], severities[row[2]], row[1])
	}
	process.Terminate(t, 20*time.Second)
}

// rulesOf are the rules that the dashboard's API lists.
func rulesOf(t require.TestingT, dashboard string) []guideRule {
	var response struct {
		Data struct{ Groups []struct{ Rules []guideRule } }
	}
	require.NoError(t, json.Unmarshal([]byte(get(t, "http://"+dashboard+"/api/rules")), &response))
	var all []guideRule
	for _, group := range response.Data.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

// guideRule is a rule of /api/rules.
type guideRule struct {
	Name, State string
	Labels      map[string]string
}

// Levels are kept for as long as the Arc guide keeps them, in files and in data streams.
func TestGuideRetention(t *testing.T) {
	days := map[string]int{"debug": 1, "info": 7, "warning": 30, "error": 90, "critical": 365}
	files := guideFiles(t, "Retention by level")
	require.Equal(t, [][]string{{"policies/log-files.yaml"}}, files)
	raw, err := os.ReadFile(filepath.Join(collector.Root(), "config", files[0][0]))
	require.NoError(t, err)
	var config struct {
		Exporters map[string]struct {
			MaxAge time.Duration `yaml:"max_age"`
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &config))
	require.Len(t, config.Exporters, len(days))
	for level, n := range days {
		assert.Equal(t, time.Duration(n)*24*time.Hour, config.Exporters["log_files/"+level].MaxAge, level)
		raw, err := os.ReadFile(filepath.Join(collector.Root(), "config", "elasticsearch", "logs-arc."+level+".json"))
		require.NoError(t, err)
		assert.Contains(t, string(raw), fmt.Sprintf(`"data_retention": "%dd"`, n), level)
	}
}
