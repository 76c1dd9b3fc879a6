// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/lifecycle"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// attackOnly skips what takes minutes, unless `make attack` runs it.
func attackOnly(t *testing.T) {
	t.Helper()
	if os.Getenv("ARC_ATTACK") == "" {
		t.Skip("takes minutes; make attack runs it")
	}
}

func descriptors(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	require.NoError(t, err)
	return len(entries)
}

// listeners are the shipped listeners of a process that quick started.
func listeners(p ports) map[string]string {
	return map[string]string{"4317": p.grpc, "4318": p.http, "8123": p.arc, "8124": p.dashboard, "9464": p.page}
}

// strangers are what strangers send when they connect, to any listener.
var strangers = map[string]string{
	"idle":             "",
	"slow header":      "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
	"slow body":        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n",
	"slow events":      "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000000\r\n\r\n",
	"HTTP/2 preface":   "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
	"TLS client hello": "\x16\x03\x01\x02\x00\x01\x00",
}

// 1,000 strangers connect and send nothing, or a byte now and then,
// and connect again when they are disconnected. With 256 file descriptors, a sender with
// something to send is served all the time.
func TestStrangersKeepNobodyOut(t *testing.T) {
	for name, bytes := range strangers {
		t.Run(name, func(t *testing.T) {
			p, set := quick(t)
			process := collector.Start(t, collector.Options{
				Configs:     []string{"config/default.yaml"},
				Set:         append(set, "exporters::prometheus::endpoint="+p.page),
				Descriptors: 256,
			})
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			var connected atomic.Int64
			for _, address := range listeners(p) {
				for range 200 {
					wg.Go(func() { strange(ctx, address, bytes, &connected) })
				}
			}
			require.Eventually(t, func() bool { return connected.Load() > 1000 }, 60*time.Second, 10*time.Millisecond)
			for round := range 5 {
				began := time.Now()
				sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
				sendSpans(t, httpExporter(t, p.http, security{}), mainJobCalls...)
				require.Equal(t, http.StatusOK, postStatus(t, "http://"+p.arc, security{}, `{"level":"INFO","logger":"arc","message":"hello"}`))
				status, _ := sendAs(t, http.MethodGet, "http://"+p.dashboard+"/api/alerts", p.dashboard, "")
				require.Equal(t, http.StatusOK, status)
				t.Logf("round %d took %s with %d descriptors", round, time.Since(began), descriptors(t, process.PID()))
				assert.Less(t, descriptors(t, process.PID()), 250)
			}
			cancel()
			wg.Wait()
			found := scrape(t, "http://"+p.page+"/metrics")
			assert.Equal(t, 10*dollars(mainJobCalls...), found.sum("arc_llm_cost_dollars"))
			if name == "idle" {
				require.Eventually(t, func() bool { return len(process.Lines("Too many connections")) > 0 }, 30*time.Second, 50*time.Millisecond)
			}
			process.Terminate(t, 20*time.Second)
		})
	}
}

// strange connects, sends some bytes and then one each second until it is
// disconnected, and does so again until ctx is done.
func strange(ctx context.Context, address, bytes string, connected *atomic.Int64) {
	for ctx.Err() == nil {
		c, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, "tcp", address)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		connected.Add(1)
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		if bytes == "" {
			_, _ = io.Copy(io.Discard, c)
		} else if _, err = io.WriteString(c, bytes); err == nil {
			go func() { _, _ = io.Copy(io.Discard, c); _ = c.Close() }()
			for ; err == nil; _, err = io.WriteString(c, "a") {
				time.Sleep(time.Second)
			}
		}
		stop()
		_ = c.Close()
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// Every shipped listener disconnects who connects and sends nothing, and who never
// ends a header, without anybody else in need of the place.
func TestListenersDisconnectStrangers(t *testing.T) {
	attackOnly(t)
	p, set := quick(t)
	options, self := measured(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	process := collector.Start(t, options)
	addresses := listeners(p)
	addresses["8888"] = strings.TrimSuffix(strings.TrimPrefix(self, "http://"), "/metrics")
	addresses["13133"] = process.Health()
	var wg sync.WaitGroup
	for listener, address := range addresses {
		for name, bytes := range map[string]string{"idle": "", "slow header": "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "} {
			wg.Go(func() {
				const limit = 60 * time.Second
				c, err := net.Dial("tcp", address)
				if !assert.NoError(t, err) {
					return
				}
				defer func() { _ = c.Close() }()
				_, err = io.WriteString(c, bytes)
				assert.NoError(t, err)
				began := time.Now()
				assert.NoError(t, c.SetReadDeadline(began.Add(limit)))
				_, err = io.Copy(io.Discard, c)
				if assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "%s, %s", listener, name) {
					t.Logf("%s, %s: disconnected after %s", listener, name, time.Since(began).Round(time.Second))
				}
			})
		}
	}
	wg.Wait()
	process.Terminate(t, 20*time.Second)
}

// Requests that never end, at each listener, hold up neither a change of the configuration nor a stop.
func TestStrangersHoldNothingUp(t *testing.T) {
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var connected atomic.Int64
	for _, address := range listeners(p) {
		for _, bytes := range strangers {
			wg.Go(func() { strange(ctx, address, bytes, &connected) })
		}
	}
	all := int64(len(listeners(p)) * len(strangers))
	require.Eventually(t, func() bool { return connected.Load() >= all }, 60*time.Second, 10*time.Millisecond)
	began := time.Now()
	process.Reload(t)
	t.Logf("the configuration was applied within %s", time.Since(began))
	sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
	require.Eventually(t, func() bool { return connected.Load() >= 2*all }, 60*time.Second, 10*time.Millisecond)
	began = time.Now()
	process.Terminate(t, lifecycle.StopTimeout)
	t.Logf("stopped within %s", time.Since(began))
	assert.Empty(t, process.Lines("Stopping took too long"))
	cancel()
	wg.Wait()
}
