// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The demo fills a collector of its own, on ports of its own, and sends nothing when
// that collector did not start.
func TestDemo(t *testing.T) {
	demo := filepath.Join(t.TempDir(), "demo")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", demo, "../../examples/demo").CombinedOutput()
	require.NoError(t, err, "%s", output)

	run := func(config string) (string, error) {
		cmd := exec.CommandContext(t.Context(), demo, "-collector", filepath.Join(collector.Root(), "bin", "otelcol-arc"), "-config", config)
		cmd.Dir = collector.Root()
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	shown, err := run("config/default.yaml")
	require.NoError(t, err, shown)
	assert.Contains(t, shown, `arc_llm_cost_dollars{`)
	assert.Contains(t, shown, "HighCostLLMCall")
	addresses := regexp.MustCompile(`localhost:(\d+)`).FindAllStringSubmatch(shown, -1)
	require.Len(t, addresses, 4, "%s", shown)
	for _, address := range addresses {
		assert.NotContains(t, []string{"4317", "4318", "8123", "8124", "9464", "8888", "13133"}, address[1], "the ports of a collector that may run already")
	}

	shown, err = run("config/there-is-none.yaml")
	require.Error(t, err)
	assert.Contains(t, shown, "the collector ended")
	assert.Contains(t, shown, "there-is-none.yaml")
	assert.NotContains(t, shown, "Sending")
}
