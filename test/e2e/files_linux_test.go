// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// What takes the place of a rule or price file and is not a file is refused by name,
// the previous rules and prices stay active, calls are priced, and the process
// applies a file that is right again, and ends at SIGTERM.
func TestFilesThatAreNotFiles(t *testing.T) {
	p, set := quick(t)
	directory := t.TempDir()
	rules, prices := filepath.Join(directory, "rules.yml"), filepath.Join(directory, "prices.yaml")
	shipped, err := os.ReadFile(filepath.Join(collector.Root(), "config", "rules", "arc.yml"))
	require.NoError(t, err)
	const ownPrice = "version: test\nmodels:\n  - {name: mine, provider: own, prices: [{input: \"0.20\", output: \"0.80\"}]}\n"
	restore := func() {
		t.Helper()
		for path, content := range map[string]string{rules: string(shipped), prices: ownPrice} {
			require.NoError(t, os.RemoveAll(path))
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		}
	}
	restore()
	options := collector.Options{
		Configs: []string{"config/default.yaml"},
		Set: append(set, "exporters::prometheus::endpoint="+p.page,
			"processors::alert::rule_files=["+rules+", "+filepath.Join(directory, "none", "*.yml")+"]",
			"processors::llm_cost::prices::files=["+prices+"]"),
	}
	process := collector.Start(t, options)
	loaded := strings.Join(process.Lines("Loaded rules"), "")
	assert.Contains(t, loaded, `"groups"`)
	assert.Contains(t, loaded, `"rules"`)
	assert.Contains(t, loaded, rules)
	empty := strings.Join(process.Lines(pipelineProblem), "")
	assert.Contains(t, empty, `"processors::alert::rule_files::1"`)
	assert.Contains(t, empty, filepath.Join(directory, "none", "*.yml"))

	reloads := 0
	for reason, replace := range map[string]func(path string) error{
		"is a named pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"is a directory":  func(path string) error { return os.Mkdir(path, 0o700) },
		"is a device":     func(path string) error { return os.Symlink("/dev/zero", path) },
		"has 2147483648 bytes": func(path string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 2<<30)
		},
	} {
		for _, path := range []string{rules, prices} {
			require.NoError(t, os.Remove(path))
			require.NoError(t, replace(path))
			require.Eventually(t, func() bool { return len(process.Lines(path+": "+reason)) > 0 }, 60*time.Second, 50*time.Millisecond, "%s, %s", path, reason)
		}
		sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
		restore()
		reloads++
		require.Eventually(t, func() bool { return len(process.Lines("Reloaded rule files")) >= reloads }, 60*time.Second, 50*time.Millisecond)
	}
	for _, path := range []string{rules, prices} {
		require.NoError(t, os.Remove(path))
		require.NoError(t, syscall.Mkfifo(path, 0o600))
	}
	time.Sleep(time.Second) // rules are checked five times a second
	process.Terminate(t, 20*time.Second)

	output, err := collector.Command(t.Context(), t, validate(options.Set)...).CombinedOutput()
	require.Error(t, err)
	for _, path := range []string{rules, prices} {
		assert.Contains(t, string(output), path+": is a named pipe, not a regular file")
	}
}
