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

	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// A configuration that is wrong at SIGHUP changes nothing: what runs is not stopped,
// and goes on counting. One that is right again is applied.
func TestReloadWithAWrongConfiguration(t *testing.T) {
	p, set := quick(t)
	shipped, err := os.ReadFile(filepath.Join(collector.Root(), "config", "default.yaml"))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	write(string(shipped))
	process := collector.Start(t, collector.Options{Configs: []string{file}, Set: append(set, "exporters::prometheus::endpoint="+p.page)})
	time.Sleep(time.Second) // the process takes its signals from then on
	const wrong = "The configuration is wrong; the previous one stays active"
	for i, text := range []string{
		"service: [",
		strings.ReplaceAll(string(shipped), "memory_limiter", "memory_limitter"),
		strings.Replace(string(shipped), "limit: 1000 # dollars", "limit: -1", 1),
		strings.Replace(string(shipped), "rules/*.yml", "rules/missing.yml", 1),
		"",
	} {
		write(text)
		require.NoError(t, syscall.Kill(process.PID(), syscall.SIGHUP))
		require.Eventually(t, func() bool { return len(process.Lines(wrong)) == i+1 }, 60*time.Second, 20*time.Millisecond, text)
		sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
	}
	require.Empty(t, process.Lines("Config updated, restart service"))
	write(strings.Replace(string(shipped), "limit: 1000 # dollars", "limit: 2000", 1))
	process.Reload(t)
	sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
	process.Reload(t)
	process.Terminate(t, 20*time.Second)
}
