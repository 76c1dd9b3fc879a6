// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

func TestVersion(t *testing.T) {
	output, err := collector.Command(t.Context(), t, "--version").CombinedOutput()
	require.NoError(t, err)
	assert.Regexp(t, `^otelcol-arc \d+\.\d+\.\d+\S*
commit: \S+
Collector: v0\.\d+\.\d+
built-in prices: \d{4} models of 20\d\d-\d\d-\d\d
$`, string(output))
}

// What is wrong is named with the key and what to do, not with what comes of it.
func TestErrorsNameWhatToDo(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want []string
	}{
		"key":       {[]string{"--config", "yaml:exporters::slack::webhok_url: x"}, []string{`Error: exporters::slack: the key "webhok_url" is unknown; did you mean "webhook_url"?`}},
		"component": {[]string{"--config", "yaml:exporters::slak: {}"}, []string{`Error: exporters: the component "slak" is unknown; did you mean "slack"?`}},
		"section":   {[]string{"--config", "yaml:exportrs: {}"}, []string{`Error: the section "exportrs" is unknown; did you mean "exporters"?`}},
		"telemetry": {[]string{"--config", "yaml:service::telemetry::logs::levl: debug"}, []string{`Error: service::telemetry::logs: the key "levl" is unknown; did you mean "level"?`}},
		"nested":    {[]string{"--config", "yaml:receivers::otlp::protocols::grpc::endpont: x"}, []string{`Error: receivers::otlp::protocols::grpc: the key "endpont" is unknown; did you mean "endpoint"?`}},
		"another":   {[]string{"--config", "yaml:processors::llm_cost::window: 10m"}, []string{`Error: processors::llm_cost: the key "window" is unknown; it belongs under budgets, dedup`}},
		"list":      {[]string{"--config", "yaml:processors::llm_cost::budgets: [{limt: 5}]"}, []string{`Error: processors::llm_cost::budgets::0: the key "limt" is unknown; did you mean "limit"?`}},
		"type":      {[]string{"--config", "yaml:processors::llm_cost::budgets: [{limit: lots}]"}, []string{`Error: processors::llm_cost::budgets::0::limit: expected type 'float64', got unconvertible type 'string'`}},
		"reference": {
			[]string{"--config", "yaml:service::pipelines::traces::receivers: [otpl]"},
			[]string{"error\tConfiguration refers to a component that is not configured\t" + `{"key": "service::pipelines::traces::receivers::0", "problem": "\"otpl\" is not in receivers or connectors; did you mean \"otlp\"?"}`},
		},
		"storage": {
			[]string{"--config", "yaml:processors::llm_cost::storage: wal_storage"},
			[]string{`Error: processors::llm_cost::storage: "wal_storage" is not in service::extensions` + "\n"},
		},
		"port of another": {
			[]string{"--config", "yaml:receivers::arc::endpoint: localhost:4318"},
			[]string{"Error: receivers::otlp::protocols::http::endpoint: localhost:4318 is the address of receivers::arc::endpoint, too; choose another port\n"},
		},
		"contents": {[]string{"--config", "test/e2e/testdata/tab.yaml"}, []string{"Error: test/e2e/testdata/tab.yaml is not valid YAML: line 2: found character that cannot start any token"}},
		"file": {
			[]string{"--config", "test/e2e/testdata/file.yaml"},
			[]string{"Error: exporters::slack::webhook_url: ${file:/nonexistent/webhook}, in test/e2e/testdata/file.yaml, cannot be resolved\n"},
		},
		"variable": {
			[]string{"--feature-gates=confmap.enableMergeAppendOption", "--config", "config/destinations/jaeger.yaml"},
			[]string{
				`{"variable": "JAEGER_ENDPOINT", "key": "exporters::otlp_grpc/jaeger::endpoint", "file": "config/destinations/jaeger.yaml"}`,
				"Error: JAEGER_ENDPOINT is not set, and the configuration has no default for it\n",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, err := collector.Command(t.Context(), t, append([]string{"validate", "--config", "config/default.yaml"}, tt.args...)...).CombinedOutput()
			require.Error(t, err)
			for _, want := range tt.want {
				assert.Contains(t, string(output), want)
			}
		})
	}
}

// A second collector on the addresses or the state of the first ends with a sentence.
func TestSecondInstance(t *testing.T) {
	state := t.TempDir()
	start := func(p ports, set []string) collector.Options {
		return collector.Options{
			Configs: []string{"config/default.yaml", "config/policies/state.yaml"},
			Env:     []string{"OTELCOL_ARC_STATE=" + state},
			Set:     append(set, "exporters::prometheus::endpoint="+p.page),
		}
	}
	p, set := quick(t)
	first := collector.Start(t, start(p, set))

	other := start(p, set)
	other.Env = []string{"OTELCOL_ARC_STATE=" + t.TempDir()}
	second := collector.Launch(t, other)
	require.Eventually(t, func() bool { return len(second.Lines("Error: another process uses 127.0.0.1:")) == 1 }, 60*time.Second, 20*time.Millisecond)

	third := collector.Launch(t, start(quick(t)))
	require.Eventually(t, func() bool {
		return len(third.Lines("Error: another collector uses the state in "+filepath.Join(state, "storage"))) == 1
	}, 60*time.Second, 20*time.Millisecond)
	first.Terminate(t, 20*time.Second)
}

// Rule files are found from the configuration's directory, wherever the program runs.
func TestRuleFilesAreRelativeToTheConfiguration(t *testing.T) {
	cmd := collector.Command(t.Context(), t, "validate", "--config", filepath.Join(collector.Root(), "config", "default.yaml"))
	cmd.Dir = t.TempDir()
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Empty(t, string(output))

	elsewhere := filepath.Join(t.TempDir(), "config.yaml")
	content, err := os.ReadFile(filepath.Join(collector.Root(), "config", "default.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(elsewhere, content, 0o600))
	output, err = collector.Command(t.Context(), t, "validate", "--config", elsewhere).CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), filepath.Join(filepath.Dir(elsewhere), "rules", "*.yml"))
}

// Whoever starts the program sees where to send and where to look.
func TestBanner(t *testing.T) {
	p, set := quick(t)
	state := t.TempDir()
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", "config/policies/state.yaml"},
		Env:     []string{"OTELCOL_ARC_STATE=" + state},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	require.Eventually(t, func() bool { return len(process.Lines("  State ")) == 1 }, 60*time.Second, 20*time.Millisecond)
	output := process.Output()
	for _, want := range []string{
		"is ready\n", `Arc events +http://` + p.arc + `/v1/events\n`, `OTLP/gRPC +` + p.grpc + `\n`, `OTLP/HTTP +http://` + p.http + `\n`,
		`dashboard +http://` + p.dashboard + `\n`, `Prometheus +http://` + p.page + `/metrics\n`, `rules +[1-9]\d+, and 1 on events\n`,
		`off +email, pagerduty, slack \(not configured\)\n`, `on disk +` + state + `/storage\n`,
	} {
		assert.Regexp(t, want, output)
	}
	// The quick start shows the same, with the addresses of make run.
	_, banner, _ := strings.Cut(output, "is ready\n")
	banner, _, _ = strings.Cut(banner, state+"/storage\n")
	banner = strings.NewReplacer(p.arc, "localhost:8123", p.grpc, "localhost:4317", p.http, "localhost:4318", p.dashboard, "localhost:8124", p.page, "localhost:9464").Replace(banner)
	page, err := os.ReadFile(filepath.Join(collector.Root(), "docs", "quickstart.md"))
	require.NoError(t, err)
	assert.Contains(t, string(page), banner+"data/storage\n")
	process.Terminate(t, 20*time.Second)
}

// docs/components.md lists all that the binary has, under the names that configurations use.
func TestComponentsAreNamed(t *testing.T) {
	output, err := collector.Command(t.Context(), t, "components").Output()
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, yaml.Unmarshal(output, &all))
	page, err := os.ReadFile(filepath.Join(collector.Root(), "docs", "components.md"))
	require.NoError(t, err)
	named := 0
	for _, kind := range []string{"receivers", "processors", "exporters", "connectors", "extensions"} {
		components, _ := all[kind].([]any)
		for _, component := range components {
			name := fmt.Sprint(component.(map[string]any)["name"])
			assert.Regexp(t, "(?m)(^|[ `])"+regexp.QuoteMeta(name)+"[`,;. \n]", string(page), kind)
			named++
		}
	}
	assert.Greater(t, named, 50)
}
