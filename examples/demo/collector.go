// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
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

// ports are the collector's addresses.
type ports struct {
	otlp, otlpHTTP, arc, dashboard, metrics, health, self string
}

// freePorts returns unused addresses: a collector that is already running must not get
// the demo's invented data.
func freePorts(ctx context.Context) (p ports, err error) {
	for _, address := range []*string{&p.otlp, &p.otlpHTTP, &p.arc, &p.dashboard, &p.metrics, &p.health, &p.self} {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "localhost:0")
		if err != nil {
			return ports{}, err
		}
		defer func() { _ = listener.Close() }() // not before all are found, so all differ
		*address = fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	}
	return p, nil
}

// settings are the --set values that make a configuration use the ports.
func (p *ports) settings() []string {
	_, self, _ := strings.Cut(p.self, ":")
	return []string{
		"receivers::otlp::protocols::grpc::endpoint=" + p.otlp,
		"receivers::otlp::protocols::http::endpoint=" + p.otlpHTTP,
		"receivers::arc::endpoint=" + p.arc,
		"extensions::dashboard::endpoint=" + p.dashboard,
		"extensions::health_check::endpoint=" + p.health,
		"exporters::prometheus::endpoint=" + p.metrics,
		"exporters::slack::page_url=http://" + p.dashboard,
		"service::telemetry::metrics::readers=[{pull: {exporter: {prometheus: {host: localhost, port: " + self +
			", without_type_suffix: false, without_units: false, without_scope_info: false}}}}]",
		"processors::llm_cost::metrics_interval=1s",
	}
}

// startCollector returns when the collector's health check succeeds.
func startCollector(ctx context.Context, binary, config string, at *ports) (*collector, error) {
	args := []string{"--config", config}
	for _, setting := range at.settings() {
		args = append(args, "--set", setting)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, args...)
	cmd.Env = append(os.Environ(), "ARC_SELF_METRICS="+at.self)
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
		if healthy(ctx, at.health) {
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

func healthy(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, http.NoBody)
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

// alerts are the output lines with an alert, without its attributes.
func (c *collector) alerts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var alerts []string
	for _, line := range c.log {
		if summary, _, found := strings.Cut(line, " arc.alert.name="); found {
			alerts = append(alerts, summary)
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
