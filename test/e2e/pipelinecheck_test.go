// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

const pipelineProblem = "Configuration loads but may not work as expected"

// A configuration that loads and cannot do what its author expects is reported with
// the key, by validate and at start.
func TestProblemsAcrossComponentsAreReported(t *testing.T) {
	mistakes := []string{
		"--config", "config/default.yaml",
		"--config", "yaml:service::pipelines::traces::processors: [memory_limiter, alert, llm_cost]",
		"--config", "yaml:service::extensions: [health_check]",
		"--config", "yaml:processors::memory_limiter::check_interval: 10",
	}
	output, err := collector.Command(t.Context(), t, append([]string{"validate"}, mistakes...)...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), `{"key": "service::pipelines::traces::processors", "problem": "\"alert\" is before \"llm_cost\"`)
	assert.Contains(t, string(output), `{"key": "extensions::dashboard", "problem": "is not started`)

	assert.Contains(t, string(output), `{"key": "processors::memory_limiter::check_interval", "problem": "10 without a unit is in nanoseconds; write 10s for seconds"}`)

	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml", mistakes[3]},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	assert.Len(t, process.Lines(pipelineProblem), 1)
	process.Terminate(t, 20*time.Second)
}

// The shipped configurations, and each file that is merged into them, load without a warning.
func TestShippedConfigurationsHaveNoProblem(t *testing.T) {
	s := newSite(t)
	validate := func(args ...string) {
		t.Helper()
		cmd := collector.Command(t.Context(), t, append([]string{"validate", "--feature-gates=confmap.enableMergeAppendOption"}, args...)...)
		cmd.Env = append(cmd.Env, s.options.Env...)
		for _, file := range args {
			cmd.Env = append(cmd.Env, requiredBy(t, file)...)
		}
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%v: %s", args, output)
		if strings.HasSuffix(args[len(args)-1], "policies/container.yaml") {
			// Whoever publishes the port opens the dashboard.
			require.Equal(t, 1, strings.Count(string(output), pipelineProblem), "%s", output)
			require.Contains(t, string(output), "extensions::dashboard::endpoint")
			return
		}
		assert.Empty(t, string(output), args)
	}
	validate("--config", "config/production.yaml")
	validate("--config", "config/default.yaml")
	overlays := 0
	for _, folder := range []string{"destinations", "policies", "sources"} {
		files, err := filepath.Glob(filepath.Join(collector.Root(), "config", folder, "*.yaml"))
		require.NoError(t, err)
		for _, file := range files {
			validate("--config", "config/default.yaml", "--config", file)
			overlays++
		}
	}
	assert.Greater(t, overlays, 15)
}

// requiredBy sets each variable without a default to an address, which is not used.
func requiredBy(t *testing.T, file string) []string {
	t.Helper()
	if !filepath.IsAbs(file) {
		return nil
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var env []string
	for _, match := range regexp.MustCompile(`\$\{env:(\w+)(:-)?\}`).FindAllStringSubmatch(string(content), -1) {
		value := "localhost:1"
		if strings.HasSuffix(match[1], "_URL") {
			value = "http://localhost:1"
		}
		env = append(env, match[1]+"="+value)
	}
	return env
}
