// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// Every shipped configuration is started by a test: those named here by the
// other tests of this package.
func TestShippedConfigurationsAreStarted(t *testing.T) {
	started := []string{"default.yaml", "production.yaml"}
	paths, err := filepath.Glob(filepath.Join(collector.Root(), "config", "*.yaml"))
	require.NoError(t, err)
	var shipped []string
	for _, path := range paths {
		shipped = append(shipped, filepath.Base(path))
	}
	assert.Equal(t, started, shipped)
}

// Five mistakes, in four components: all are named, with their keys, in one go.
func TestFiveMistakes(t *testing.T) {
	cmd := collector.Command(t.Context(), t, "--config", "config/default.yaml", "--config", "test/e2e/testdata/five-mistakes.yaml")
	output, err := cmd.CombinedOutput()
	require.Error(t, err, "exit code")
	for _, want := range []string{
		"processors::llm_cost: metrics_interval:",
		"budgets::0::window:",
		"processors::alert: events::0 (Broken)::condition:",
		"exporters::slack: webhook_url:",
		"exporters::pagerduty: severities::0:",
	} {
		assert.Contains(t, string(output), want)
	}
}

// A printed configuration holds no secret.
func TestPrintedConfiguration(t *testing.T) {
	s := newSite(t)
	cmd := collector.Command(t.Context(), t, "print-config", "--config", "config/production.yaml")
	cmd.Env = append(cmd.Env, s.options.Env...)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), "webhook_url: '[REDACTED]'")
	for _, secret := range []string{s.slack.URL, routingKey, token, password} {
		assert.NotContains(t, string(output), secret)
	}
}

// What the README asks readers to post costs what it promises.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(collector.Root(), "README.md"))
	require.NoError(t, err)
	example := regexp.MustCompile(`/v1/events -d '(.*)'\n`).FindSubmatch(readme)
	require.NotNil(t, example)
	promise := regexp.MustCompile(`that call cost \$([\d.]+\d)`).FindSubmatch(readme)
	require.NotNil(t, promise)
	want, err := strconv.ParseFloat(string(promise[1]), 64)
	require.NoError(t, err)
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	assert.Equal(t, arcResponse{Status: 200, Accepted: 1}, postEvents(t, "http://"+p.arc, security{}, string(example[1])))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.InDelta(c, want, sums(scrape(c, "http://"+p.page+"/metrics"))["arc_llm_cost_dollars"], 1e-12)
	}, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
