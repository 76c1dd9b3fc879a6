// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// runExample runs a command in the repository's root.
func runExample(t *testing.T, name string, arguments ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, arguments...)
	cmd.Dir = collector.Root()
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestGoExample(t *testing.T) {
	p, options := adding(t, nil)
	process := collector.Start(t, options)
	runExample(t, "go", "run", "./examples/go", p.grpc)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		// Two calls of 1000 and 200 tokens, at $3 and $15 per million.
		assert.InDelta(c, 2*0.006, found[`{__name__="arc_llm_cost_dollars", model="claude-sonnet-4-5"}`], 1e-12, "%v", found)
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// The half of the Python example that needs nothing but Python; TestRealPythonExample
// runs all of it.
func TestPythonExampleWithoutSDK(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("no python3 on this machine")
	}
	p, options := adding(t, nil)
	process := collector.Start(t, options)
	cmd := exec.CommandContext(t.Context(), "python3", "-S", "-c", `
import sys
sys.path.insert(0, "examples/python")
sys.argv = ["app.py", "http://`+p.arc+`"]
try:
    exec(open("examples/python/app.py").read())
except SystemExit as end:
    print(end)
`)
	cmd.Dir = collector.Root()
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", output)
	assert.Contains(t, string(output), "Install requirements.txt")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		// 1200 and 300 tokens at $0.15 and $0.60 per million.
		assert.InDelta(c, 0.00036, found[`{__name__="arc_llm_cost_dollars", model="gpt-4o-mini"}`], 1e-12, "%v", found)
		assert.InDelta(c, 1, found[`{__name__="arc_agent_executions_total", agent_name="research_agent", status="success"}`], 0)
	}, 30*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}
