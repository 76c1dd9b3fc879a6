// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package docs

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// block is a fenced block of a document.
type block struct {
	page, language, text string
}

// name distinguishes blocks for readers.
func (b block) name() string {
	first, _, _ := strings.Cut(b.text, "\n")
	return b.page + ": " + first
}

var fenced = regexp.MustCompile("(?ms)^( *)```(\\w+)[^\n]*\n(.*?)^ *```$")

// blocks are the code blocks of all documents in some languages. The indentation of
// blocks within a list is removed.
func blocks(t *testing.T, languages ...string) []block {
	t.Helper()
	var all []block
	for _, page := range pages(t) {
		for _, match := range fenced.FindAllStringSubmatch(string(read(t, page)), -1) {
			if !slices.Contains(languages, match[2]) {
				continue
			}
			text := regexp.MustCompile("(?m)^"+match[1]).ReplaceAllString(match[3], "")
			all = append(all, block{page, match[2], text})
		}
	}
	require.NotEmpty(t, all)
	return all
}

// A block with a space before its backquotes or without a language would be
// read by nobody.
func TestBlocksHaveALanguage(t *testing.T) {
	for _, page := range pages(t) {
		fences := regexp.MustCompile("(?m)^ *```(.*)$").FindAllStringSubmatch(string(read(t, page)), -1)
		require.Zero(t, len(fences)%2, page)
		for i, fence := range fences {
			if language, _, _ := strings.Cut(fence[1], " "); i%2 == 0 && language != "" {
				assert.Contains(t, []string{"sh", "console", "yaml", "json", "ndjson", "text", "promql", "go", "mermaid", "diff", "python", "js", "java", "sql"}, language, page)
			}
			if i%2 == 1 {
				assert.Empty(t, fence[1], page)
			}
		}
	}
}

// Each YAML block is what it is used as: a configuration that the binary
// accepts, alone or with what it leaves out; a rule file; a price file.
func TestYAMLBlocks(t *testing.T) {
	arctool := buildArctool(t)
	for _, b := range blocks(t, "yaml") {
		t.Run(b.name(), func(t *testing.T) {
			t.Parallel()
			var content map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(b.text), &content))
			file := filepath.Join(t.TempDir(), "block.yml")
			require.NoError(t, os.WriteFile(file, []byte(b.text), 0o600))
			cmd := exec.CommandContext(t.Context(), arctool, "rules", "check", file)
			switch {
			case content["groups"] != nil:
			case content["models"] != nil, content["adjustments"] != nil:
				cmd = exec.CommandContext(t.Context(), arctool, "prices", "check", file)
			default:
				cmd = collector.Command(t.Context(), t, "validate", "--config", file, "--config", "yaml:"+rest(t, content))
				cmd.Env = append(cmd.Env, variablesOf(b.text)...)
			}
			cmd.Dir = collector.Root()
			if strings.Contains(b.text, "rule_files: [alerts.yml]") { // the Arc guide's, next to the configuration
				require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "alerts.yml"), read(t, "test/e2e/testdata/guide_alerts.yml"), 0o600))
			}
			if strings.Contains(b.text, "testdata/") { // a component's own, which its tests use in the same way
				cmd.Dir = filepath.Join(collector.Root(), filepath.Dir(b.page))
				if component := componentOf[b.page]; component != "" {
					cmd.Dir = filepath.Join(collector.Root(), "processor", component)
				}
			}
			output, err := cmd.CombinedOutput()
			assert.NoError(t, err, "%s\n%s", output, b.text)
		})
	}
}

// componentOf are the components whose testdata the examples of a page use.
var componentOf = map[string]string{"docs/alerting.md": "alertprocessor", "docs/usage.md": "llmcostprocessor"}

// rest is what an example of a configuration leaves out: a service that uses all
// its components, for logs, which all of ours take; or, where there is one, the
// components that it names and that are defined elsewhere.
func rest(t *testing.T, content map[string]any) string {
	t.Helper()
	section := func(kind string) map[string]any {
		found, _ := content[kind].(map[string]any)
		return found
	}
	ids := func(kind string) []string { return slices.Sorted(maps.Keys(section(kind))) }
	config := map[string]any{}
	pipelines, _ := section("service")["pipelines"].(map[string]any)
	if pipelines == nil {
		config["receivers"], config["exporters"] = map[string]any{"nop": nil}, map[string]any{"nop": nil}
		service := map[string]any{"pipelines": map[string]any{"logs": map[string]any{
			"receivers": append(ids("receivers"), "nop"), "processors": ids("processors"), "exporters": append(ids("exporters"), "nop"),
		}}}
		if section("service")["extensions"] == nil {
			service["extensions"] = ids("extensions")
		}
		config["service"] = service
	}
	extensions, _ := section("service")["extensions"].([]any)
	for _, id := range extensions {
		if _, defined := section("extensions")[id.(string)]; !defined {
			if config["extensions"] == nil {
				config["extensions"] = map[string]any{}
			}
			config["extensions"].(map[string]any)[id.(string)] = nil
		}
	}
	for _, pipeline := range pipelines {
		for kind, used := range pipeline.(map[string]any) {
			for _, id := range used.([]any) {
				if _, defined := section(kind)[id.(string)]; defined {
					continue
				}
				if config[kind] == nil {
					config[kind] = map[string]any{}
				}
				config[kind].(map[string]any)[id.(string)] = nil
			}
		}
	}
	text, err := yaml.Marshal(config)
	require.NoError(t, err)
	return string(text)
}

// variablesOf gives the variables of an example values of the right kind.
func variablesOf(text string) []string {
	var all []string
	if strings.Contains(text, "sigv4auth") { // it wants credentials when it is loaded
		all = append(all, "AWS_ACCESS_KEY_ID=example", "AWS_SECRET_ACCESS_KEY=example")
	}
	for _, match := range regexp.MustCompile(`\$\{env:(\w+)`).FindAllStringSubmatch(text, -1) {
		value := "example"
		switch name := match[1]; {
		case strings.Contains(name, "PAGERDUTY"):
			value = strings.Repeat("0123456789abcdef", 2)
		case strings.Contains(name, "URL"):
			value = "https://example.com/x"
		case strings.HasSuffix(name, "PORT"):
			value = "587"
		case strings.HasSuffix(name, "_USER"), strings.HasSuffix(name, "_TO"), strings.HasSuffix(name, "_FROM"):
			value = "arc@example.com"
		}
		all = append(all, match[1]+"="+value)
	}
	return all
}

func buildArctool(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "arctool")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./cmd/arctool")
	cmd.Dir = collector.Root()
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return binary
}

// unexecuted are the commands that are not run here, by how their line begins,
// and what stands for them instead.
var unexecuted = []struct{ pattern, reason string }{
	{`make `, "the targets are what CI runs; test/e2e starts what make run starts"},
	{`(\w+=\S+ )*(cd \S+ && )?go (test|run|generate) `, "is a test or a benchmark itself"},
	{`pip install|opentelemetry-instrument|python `, "needs packages of Python: TestRealPythonExample installs them"},
	{`sudo|dpkg|systemctl|docker|helm|kubectl`, "needs root, Docker or a cluster: the tests of packaging/ do what can be done without"},
	{`tar xzf build/packages|cd otelcol-arc_|\./otelcol-arc `, "needs packages that were built: the tests of packaging/"},
	{`git clone|cd otelcol-arc$`, "is where this test runs already"},
	{`(pip freeze \| )?bin/arctool doctor`, "needs a collector on the usual ports: TestDoctor of test/e2e"},
	{`curl -o focus.csv|bin/arctool usage `, "write files, of a collector on the usual port: the tests of cmd/arctool and of the dashboard"},
	{`for topic in`, "needs Kafka's tools: TestRealKafka has a broker"},
	{`export SLACK_WEBHOOK_URL=`, "is of make run"},
	{`amtool `, "needs amtool: TestRealAmtool runs the same"},
	{`bin/arctool notify test`, "notifies real channels: the tests of cmd/arctool have doubles of them"},
	{`cosign |sha256sum --check`, "needs a release and its signature"},
	{`curl .*--cacert`, "needs certificates: test/e2e posts to config/production.yaml with them"},
	{`curl -s localhost:9464`, "shows what the Python application sent: TestPythonExampleWithoutSDK"},
}

// executable is a text without the lines that are not run here.
func executable(text string) string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		skip := strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#")
		for _, rule := range unexecuted {
			skip = skip || regexp.MustCompile("^("+rule.pattern+")").MatchString(strings.TrimSpace(line))
		}
		if !skip {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// Every command of the documents is run, but for those above.
func TestCommandBlocks(t *testing.T) {
	run := newRunner(t)
	for _, b := range blocks(t, "sh", "console") {
		t.Run(b.name(), func(t *testing.T) {
			switch {
			case b.language == "console":
				run.console(t, b)
			case b.page == "docs/sending.md": // TestRecipes, make recipes
			case b.page == "docs/migrating-from-the-guide.md": // TestGuideSectionsAreRun of test/e2e lists what runs them
			case b.page == "docs/operations.md" && strings.Contains(b.text, "$OTELCOL_ARC_STATE"): // TestBackup
			case strings.HasPrefix(b.text, "clickhouse-client"): // TestRealClickHouse executes the schema
			case executable(b.text) != "":
				run.shell(t, b)
			}
		})
	}
}

// runner has what the documents' commands need.
type runner struct {
	folder string // of programs by the names that the documents use
	arc    string // addresses of a running collector
	page   string
	index  string        // URL of what takes index templates
	puts   *atomic.Int64 // that index has taken
}

func (r runner) command(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = collector.Root()
	cmd.Env = append(os.Environ(), "PATH="+r.folder+":"+os.Getenv("PATH"),
		"ELASTICSEARCH_URL="+r.index, "CALLS_URL="+r.index, "ELASTICSEARCH_API_KEY=key", "JAEGER_ENDPOINT=localhost:4317",
		// Those of config/production.yaml; validation does not open the files.
		"OTELCOL_ARC_TLS_CERT=cert.pem", "OTELCOL_ARC_TLS_KEY=key.pem", "OTELCOL_ARC_CA=ca.pem", "OTELCOL_ARC_TOKEN=token", "OTELCOL_ARC_PAGE_USERS=users",
		"ELASTICSEARCH_USER=arc", "ELASTICSEARCH_PASSWORD=secret", "PROMETHEUS_URL=https://localhost:9090", "PROMETHEUS_USER=arc", "PROMETHEUS_PASSWORD=secret")
	return cmd
}

// shell runs a block with the addresses of this test's servers in place of the
// usual ones. Where the document starts the collector, its configuration is
// validated: other tests start those that are shipped.
func (r runner) shell(t *testing.T, b block) {
	t.Helper()
	text := strings.NewReplacer("localhost:8123", r.arc, "localhost:8124", r.page, "curl ", "curl -sS --fail ", "bin/arctool", "arctool").Replace(executable(b.text))
	text = regexp.MustCompile(`(?:bin/)?\botelcol-arc (-)`).ReplaceAllString(text, "bin/otelcol-arc validate $1")
	before := r.puts.Load()
	output, err := r.command(t, text).CombinedOutput()
	require.NoError(t, err, "%s\n%s", output, text)
	if strings.Contains(b.text, "/v1/events") {
		assert.Regexp(t, `"accepted": ?[1-9]\d*,"rejected": ?0`, string(output))
	}
	switch installed := r.puts.Load() - before; {
	case strings.Contains(b.text, "_ingest/pipeline"):
		assert.EqualValues(t, 2, installed, "a pipeline and a template")
	case strings.Contains(b.text, "_index_template"):
		assert.EqualValues(t, 5, installed)
	}
}

// console runs each command after a "$ " and compares what it reports.
func (r runner) console(t *testing.T, b block) {
	t.Helper()
	parts := strings.Split("\n"+b.text, "\n$ ")[1:]
	require.NotEmpty(t, parts)
	for _, part := range parts {
		command, want, _ := strings.Cut(part, "\n")
		output, err := r.command(t, command).CombinedOutput()
		require.NoError(t, err, "%s", output)
		assert.Equal(t, strings.TrimSpace(want), strings.TrimSpace(string(output)), command)
	}
}
