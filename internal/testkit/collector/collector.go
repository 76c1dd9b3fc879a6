// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package collector runs the built otelcol-arc binary as a user would, for end-to-end
// tests.
package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startTimeout bounds how long the binary may take until it is healthy. It
// starts in well under a second; a busy machine may need longer.
const startTimeout = 60 * time.Second

// settle is the time between a process being healthy and its first signal. The
// Collector installs its signal handlers only after it has reported to be ready. A
// signal before that kills the process, and nothing reports that they are installed.
const settle = time.Second

// Process is a running collector.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
	out  Output

	health  string    // address of the health check
	healthy time.Time // since when
}

// Options set how to run the binary.
type Options struct {
	// Configs are paths, from the repository's root, or YAML texts prefixed with "yaml:".
	Configs []string
	// Merge lets later configs add to the lists of earlier ones, as config/README.md shows.
	Merge bool
	// Gates are further feature gates to open.
	Gates []string
	// Set is a list of KEY=VALUE for --set.
	Set []string
	// Env is a list of NAME=VALUE; of the test's environment only PATH and HOME are passed.
	Env []string
	// Descriptors is how many file descriptors the process may have; 0 is as many as the test.
	Descriptors int
}

// Root is the repository's root.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// Command returns the binary with the given arguments, to be run in the repository's root.
func Command(ctx context.Context, tb testing.TB, args ...string) *exec.Cmd {
	tb.Helper()
	binary := filepath.Join(Root(), "bin", "otelcol-arc")
	if _, err := os.Stat(binary); err != nil {
		tb.Fatalf("no binary to test, run 'make build': %v", err)
	}
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = Root()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	return cmd
}

// Start runs the binary until the test ends, and returns when its health check succeeds.
func Start(tb testing.TB, o Options) *Process {
	tb.Helper()
	p := Launch(tb, o)
	p.WaitHealthy(tb)
	return p
}

// Launch runs the binary until the test ends, and returns at once.
func Launch(tb testing.TB, o Options) *Process {
	tb.Helper()
	health := FreeAddress(tb)
	var args []string
	gates := o.Gates
	if o.Merge {
		gates = append([]string{"confmap.enableMergeAppendOption"}, gates...)
	}
	if len(gates) > 0 {
		args = append(args, "--feature-gates="+strings.Join(gates, ","))
	}
	for _, config := range o.Configs {
		args = append(args, "--config", config)
	}
	for _, set := range append(o.Set, "extensions::health_check::endpoint="+health) {
		args = append(args, "--set", set)
	}
	p := &Process{cmd: Command(context.Background(), tb, args...), done: make(chan struct{}), health: health}
	if o.Descriptors > 0 {
		limit := fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, o.Descriptors)
		p.cmd.Args = append([]string{"sh", "-c", limit, p.cmd.Path}, p.cmd.Args[1:]...)
		p.cmd.Path = "/bin/sh"
	}
	p.cmd.Env = append(p.cmd.Env, o.Env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	require.NoError(tb, p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			tb.Logf("collector output:\n%s", p.Output())
		}
	})
	return p
}

// WaitHealthy returns when the health check answers.
func (p *Process) WaitHealthy(tb testing.TB) {
	tb.Helper()
	client := http.Client{Timeout: time.Second}
	defer client.CloseIdleConnections()
	require.Eventually(tb, func() bool {
		select {
		case <-p.done:
			tb.Errorf("collector ended: %v", p.err)
			return true
		default:
		}
		request, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, "http://"+p.health, http.NoBody)
		if err != nil {
			return false
		}
		resp, err := client.Do(request)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, startTimeout, 20*time.Millisecond, "collector is not healthy")
	p.healthy = time.Now()
}

// Terminate sends SIGTERM and waits for a clean end.
func (p *Process) Terminate(tb testing.TB, within time.Duration) {
	tb.Helper()
	p.signal(tb, syscall.SIGTERM)
	select {
	case <-p.done:
		require.NoError(tb, p.err, "exit after SIGTERM")
	case <-time.After(within):
		require.FailNow(tb, "collector did not stop", "within %s of SIGTERM", within)
	}
}

// TerminateOrKill does what an init system does: it sends SIGTERM, and kills what
// has not ended within the time. It returns whether that was needed.
func (p *Process) TerminateOrKill(tb testing.TB, within time.Duration) (killed bool) {
	tb.Helper()
	p.signal(tb, syscall.SIGTERM)
	select {
	case <-p.done:
		return false
	case <-time.After(within):
		p.Kill()
		return true
	}
}

// Reload sends SIGHUP: the process reads its configuration again and builds its
// pipelines again. It returns when they are ready.
func (p *Process) Reload(tb testing.TB) {
	tb.Helper()
	const ready = "Everything is ready."
	before := len(p.Lines(ready))
	p.signal(tb, syscall.SIGHUP)
	require.Eventually(tb, func() bool { return len(p.Lines(ready)) > before }, startTimeout, 20*time.Millisecond, "not ready again")
}

// RequestReload sends SIGHUP, once the process has its signals.
func (p *Process) RequestReload(tb testing.TB) {
	tb.Helper()
	p.signal(tb, syscall.SIGHUP)
}

func (p *Process) signal(tb testing.TB, s os.Signal) {
	tb.Helper()
	time.Sleep(time.Until(p.healthy.Add(settle)))
	require.NoError(tb, p.cmd.Process.Signal(s))
}

// Kill ends the process at once, if it still runs.
func (p *Process) Kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(err)
	}
	<-p.done
}

// ExitCode waits until the process has ended by itself.
func (p *Process) ExitCode(tb testing.TB, within time.Duration) int {
	tb.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		require.FailNow(tb, "collector did not end", "within %s", within)
	}
	return p.cmd.ProcessState.ExitCode()
}

// Health is the address of the health check.
func (p *Process) Health() string { return p.health }

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output is all that the process has written to its terminal.
func (p *Process) Output() string { return p.out.String() }

// Lines are those of the output that contain text.
func (p *Process) Lines(text string) []string {
	var lines []string
	for line := range strings.Lines(p.Output()) {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// ports counts through addresses below those that systems give to outgoing
// connections, so that nobody takes one between here and its use. Where tests
// run side by side, processes begin at different ones.
var ports atomic.Int32

const (
	firstPort = 15_000
	lastPort  = 30_000
)

// FreeAddress is a loopback address on which nothing listens now. No two calls
// give the same.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	for range lastPort - firstPort {
		port := firstPort + (os.Getpid()*37+int(ports.Add(1)))%(lastPort-firstPort)
		l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		require.NoError(tb, l.Close())
		return l.Addr().String()
	}
	require.FailNow(tb, "no address is free")
	return ""
}

// Output keeps what a program writes, for tests that read it meanwhile. Its zero value is empty.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write keeps what is written.
func (o *Output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

// String is all that was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
