// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
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
	const wrong = "The configuration is wrong; the previous one stays active"
	for i, text := range []string{
		"service: [",
		strings.ReplaceAll(string(shipped), "memory_limiter", "memory_limitter"),
		strings.Replace(string(shipped), "limit: 1000 # dollars", "limit: -1", 1),
		strings.Replace(string(shipped), "rules/*.yml", "rules/missing.yml", 1),
		strings.Replace(string(shipped), "silences_from_dashboard: true", "route: {receiver: nobody}", 1),
		strings.Replace(string(shipped), "  llm_cost:\n", "  llm_cost:\n    storage: file_storage\n", 1),
		strings.NewReplacer("  dashboard:\n", "  dashboard/b: {endpoint: localhost:1}\n  dashboard/c: {endpoint: localhost:1}\n  dashboard:\n", "extensions: [health_check,", "extensions: [health_check, dashboard/b, dashboard/c,").Replace(string(shipped)),
		"",
	} {
		write(text)
		process.RequestReload(t)
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

// SIGHUP from the first moment on does not end the process, and one that comes while it
// starts is not lost.
func TestReloadWhileStarting(t *testing.T) {
	p, set := quick(t)
	process := collector.Launch(t, collector.Options{Configs: []string{"config/default.yaml"}, Set: append(set, "exporters::prometheus::endpoint="+p.page)})
	require.Eventually(t, func() bool { return process.Output() != "" }, 60*time.Second, time.Millisecond)
	hangups := make(chan struct{})
	go func() {
		defer close(hangups)
		for range 50 {
			_ = syscall.Kill(process.PID(), syscall.SIGHUP)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	<-hangups
	require.Eventually(t, func() bool { return len(process.Lines("The configuration is valid and is applied")) > 0 }, 60*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { return len(process.Lines("Everything is ready")) > 1 }, 60*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { return postTraces(t.Context(), "http://"+p.http+"/v1/traces", callBatch(t, 1, 1)) }, 60*time.Second, 100*time.Millisecond)
	process.Terminate(t, 20*time.Second)
}

// A configuration that is valid and cannot start, since another process has its port,
// ends the process: it exits with an error that names the receiver and the address.
func TestReloadThatCannotStart(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	p, set := quick(t)
	shipped, err := os.ReadFile(filepath.Join(collector.Root(), "config", "default.yaml"))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(file, shipped, 0o600))
	process := collector.Start(t, collector.Options{Configs: []string{file}, Set: append(set, "exporters::prometheus::endpoint="+p.page)})
	more := strings.Replace(string(shipped), "  nop:\n", "  nop:\n  arc/more: {endpoint: "+taken.Addr().String()+"}\n", 1)
	more = strings.Replace(more, "receivers: [nop]", "receivers: [nop, arc/more]", 1)
	require.NoError(t, os.WriteFile(file, []byte(more), 0o600))
	process.RequestReload(t)
	require.NotZero(t, process.ExitCode(t, 60*time.Second))
	last := process.Lines("address already in use")
	require.NotEmpty(t, last)
	require.Contains(t, last[len(last)-1], "arc/more")
	require.Contains(t, last[len(last)-1], taken.Addr().String())
}
