// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running collector.
type process struct {
	cmd     *exec.Cmd
	output  bytes.Buffer
	ended   chan struct{}
	status  error         // when it has ended
	started time.Duration // from its start until its health check reported that it is ready
}

// launch starts a collector with the arguments, in the folder, and waits until
// it is healthy.
func launch(ctx context.Context, folder, binary string, args ...string) (*process, error) {
	return launchWith(ctx, nil, folder, binary, args...)
}

// launchWith is launch with variables of the environment, as NAME=VALUE.
func launchWith(ctx context.Context, variables []string, folder, binary string, args ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, binary, args...), ended: make(chan struct{})}
	p.cmd.Dir = folder
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, variables...)
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.status = p.cmd.Wait()
		close(p.ended)
	}()
	for !ready(ctx) {
		select {
		case <-p.ended:
			return nil, fmt.Errorf("%s ended: %w: %s", binary, p.status, p.output.String())
		case <-time.After(time.Millisecond):
		}
		if time.Since(begun) > time.Minute {
			return nil, errors.Join(fmt.Errorf("%s is not healthy after a minute", binary), p.stop())
		}
	}
	p.started = time.Since(begun)
	return p, nil
}

func ready(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at(portHealth), http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// stop ends the process. The error of a process that failed has its output.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("%w: %s", err, p.output.String())
	}
	kill := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	<-p.ended
	if p.status != nil {
		return fmt.Errorf("%w: %s", p.status, p.output.String())
	}
	return nil
}

// cpu is the CPU time that the process has used, in steps of 10 ms.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	return cpuOf(string(text))
}

// cpuOf reads the fields utime and stime of proc_pid_stat(5), in ticks of 10 ms.
func cpuOf(stat string) (time.Duration, error) {
	// The second field is a name, in parentheses, which may contain anything.
	_, rest, _ := strings.Cut(stat[strings.LastIndexByte(stat, ')')+1:], " ")
	fields := strings.Fields(rest) // from the third on
	if len(fields) < 13 {
		return 0, fmt.Errorf("not a line of /proc/PID/stat: %q", stat)
	}
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// memory is the resident memory in MiB: VmRSS, now, RssAnon without pages of files, or VmHWM, the most so far.
func (p *process) memory(which string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, which+":"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/PID/status", which)
}
