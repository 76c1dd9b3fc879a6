// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// collector is the process that the demo sends to.
type collector struct {
	cmd     *exec.Cmd
	scanned chan struct{}

	mu  sync.Mutex
	log []string
}

// startCollector returns when the collector's health check succeeds.
func startCollector(ctx context.Context, binary, config string) (*collector, error) {
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary,
		"--config", config, "--set", "processors::llm_cost::metrics_interval=1s")
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	c := &collector{cmd: cmd, scanned: make(chan struct{})}
	go func() {
		defer close(c.scanned)
		lines := bufio.NewScanner(output)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			c.mu.Lock()
			c.log = append(c.log, lines.Text())
			c.mu.Unlock()
		}
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if c.healthy(ctx) {
			return c, nil
		}
		select {
		case <-c.scanned:
			return nil, fmt.Errorf("the collector ended: %w\n%s", cmd.Wait(), c.tail())
		default:
		}
		if time.Now().After(deadline) {
			_ = c.stop()
			return nil, fmt.Errorf("the collector is not healthy:\n%s", c.tail())
		}
	}
}

func (c *collector) healthy(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost:13133", http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// alerts are the output lines with an alert.
func (c *collector) alerts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var alerts []string
	for _, line := range c.log {
		if strings.Contains(line, "arc.alert.name") {
			alerts = append(alerts, line)
		}
	}
	return alerts
}

func (c *collector) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.log[max(0, len(c.log)-20):], "\n")
}

// stop stops the collector as a user would.
func (c *collector) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-c.scanned
	return c.cmd.Wait()
}
