// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

//go:build recipes

package docs

import (
	"context"
	"encoding/json"
	"flag"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/test/sdks/modelserver"
)

// pinned runs the recipes whose packages are pinned here, with those versions.
var pinned = flag.Bool("pinned", false, "only recipes with pinned packages, with those")

// pins are the versions of recipes: what pip is constrained to, or a package-lock.json.
var pins = map[string]struct{ pip, npm string }{
	"Python":              {pip: "test/docs/testdata/recipes-python.txt"},
	"Node: Vercel AI SDK": {npm: "test/sdks/node/vercel7"},
}

// The recipes of docs/sending.md, as a user pastes them into a shell in an empty directory: each ends
// with a call on the dashboard that has a price. The vendors are the stand-in of test/sdks.
func TestRecipes(t *testing.T) {
	page := string(read(t, "docs/sending.md"))
	sections := regexp.MustCompile(`(?m)^## `).Split(page, -1)[1:]
	require.Greater(t, len(sections), 5)
	for _, section := range sections {
		name, text, _ := strings.Cut(section, "\n")
		pin, found := pins[name]
		if *pinned && !found {
			continue
		}
		t.Run(name, func(t *testing.T) {
			for _, program := range []string{"npm", "mvn", "python3", "go"} {
				if _, err := exec.LookPath(program); err != nil && regexp.MustCompile(`(?m)^`+program+` `).MatchString(text) {
					t.Skipf("no %s on this machine", program)
				}
			}
			models := httptest.NewServer(modelserver.New(func(string, string) {}))
			t.Cleanup(models.Close)
			grpc, otlp, arc, page := collector.FreeAddress(t), collector.FreeAddress(t), collector.FreeAddress(t), collector.FreeAddress(t)
			collector.Start(t, collector.Options{Configs: []string{"config/default.yaml"}, Set: []string{
				"receivers::otlp::protocols::grpc::endpoint=" + grpc,
				"receivers::otlp::protocols::http::endpoint=" + otlp,
				"receivers::arc::endpoint=" + arc,
				"extensions::dashboard::endpoint=" + page,
				"exporters::prometheus::endpoint=" + collector.FreeAddress(t),
				"service::telemetry::metrics::level=none",
			}})
			_, proxy, err := net.SplitHostPort(collector.FreeAddress(t))
			require.NoError(t, err)
			dir := t.TempDir()
			env := append(environment(t, dir, models.URL), "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1")
			if *pinned && pin.pip != "" {
				env = append(env, "PIP_CONSTRAINT="+filepath.Join(collector.Root(), pin.pip))
			}
			if *pinned && pin.npm != "" {
				for _, file := range []string{"package.json", "package-lock.json"} {
					require.NoError(t, os.WriteFile(filepath.Join(dir, file), read(t, pin.npm+"/"+file), 0o600))
				}
				text = regexp.MustCompile(`(?m)^npm install .*$`).ReplaceAllString(text, "npm ci --no-audit --no-fund --loglevel=error")
			}
			addresses := strings.NewReplacer("localhost:4317", grpc, "localhost:4318", otlp, "localhost:8123", arc,
				"localhost:4000", "localhost:"+proxy, "--port 4000", "--port "+proxy)
			output := follow(t, dir, env, addresses.Replace(text))
			waitForPricedCall(t, page, output)
		})
	}
}

// environment has the vendors' usual variables, and a home of its own.
func environment(t *testing.T, dir, models string) []string {
	t.Helper()
	home := filepath.Join(dir, "home")
	// Codex has the address of its model in its configuration alone.
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".codex"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".codex", "config.toml"), []byte(`model = "gpt-5-mini"
model_provider = "standin"
[model_providers.standin]
name = "standin"
base_url = "`+models+`/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"
`), 0o600))
	// Gemini CLI asks for the kind of key when it is first started.
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".gemini"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".gemini", "settings.json"), []byte(`{"security": {"auth": {"selectedType": "gemini-api-key"}}}`), 0o600))
	env := slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "OTEL_") || strings.HasPrefix(variable, "HOME=")
	})
	// Registries and caches stay those of the user.
	user, err := os.UserHomeDir()
	require.NoError(t, err)
	caches, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE", "GOCACHE").Output()
	require.NoError(t, err)
	cache := strings.Fields(string(caches))
	return append(env, "HOME="+home, "npm_config_userconfig="+filepath.Join(user, ".npmrc"), "npm_config_cache="+filepath.Join(user, ".npm"),
		"PIP_CACHE_DIR="+filepath.Join(user, ".cache", "pip"), "XDG_CONFIG_HOME="+filepath.Join(user, ".config"), "GOMODCACHE="+cache[0], "GOCACHE="+cache[1],
		"OPENAI_API_KEY=none", "OPENAI_BASE_URL="+models+"/v1", "ANTHROPIC_API_KEY=none", "ANTHROPIC_BASE_URL="+models,
		"GEMINI_API_KEY=none", "GOOGLE_GEMINI_BASE_URL="+models, "GEMINI_CLI_TRUST_WORKSPACE=true", "GEMINI_MODEL=gemini-2.5-flash", "ANTHROPIC_MODEL=claude-sonnet-4-5")
}

// follow does what a recipe shows: files are written, commands run in one shell.
func follow(t *testing.T, dir string, env []string, text string) string {
	t.Helper()
	script := "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
	for _, match := range fenced.FindAllStringSubmatch(text, -1) {
		if match[2] == "sh" {
			script += match[3]
			continue
		}
		name := regexp.MustCompile(`^(?:#|//|<!--) (\S+)`).FindStringSubmatch(match[3])
		require.NotNil(t, name, "a file has its name in its first line")
		require.NoError(t, os.WriteFile(filepath.Join(dir, name[1]), []byte(match[3]), 0o600))
	}
	if strings.Contains(script, " &\n") {
		script += "sleep 15\n" // a server that the recipe leaves running exports its spans every 5 s
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	return string(output)
}

func waitForPricedCall(t *testing.T, page, output string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		response, err := http.Get("http://" + page + "/api/calls?limit=10")
		require.NoError(c, err)
		defer response.Body.Close()
		var calls struct {
			Data []struct {
				Model string   `json:"model"`
				Cost  *float64 `json:"cost_dollars"`
			} `json:"data"`
		}
		require.NoError(c, json.NewDecoder(response.Body).Decode(&calls))
		priced := false
		for _, call := range calls.Data {
			priced = priced || call.Cost != nil && *call.Cost > 0
		}
		assert.True(c, priced, "%+v\n%s", calls, output)
	}, 60*time.Second, 200*time.Millisecond)
}
