// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkAgentAndGateways is what a call costs the machine that sends it on, and
// the one that counts it: over OTLP HTTP to the agent, which keeps them in a queue
// on disk, and over gRPC to three gateways, which persist what they count.
// Most of it is for the batch.
func BenchmarkAgentAndGateways(b *testing.B) {
	for _, calls := range []int{100, 1000} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) { benchmarkGateways(b, calls) })
	}
}

func benchmarkGateways(b *testing.B, calls int) {
	b.Helper()
	gateways := startGateways(b, 3, nil)
	started := newAgent(b, "config/scale/agent.yaml", sendsTo(addressesOf(gateways)...))
	agent, process := started.ports, started.process
	counted := func() (sum float64) {
		for _, g := range gateways {
			sum += scrape(b, "http://"+g.ports.page+"/metrics").sum("arc_llm_calls_total")
		}
		return sum
	}
	var before, after [2]time.Duration
	used := func() (cpu [2]time.Duration) {
		cpu[0] = cpuOf(b, process.PID())
		for _, g := range gateways {
			cpu[1] += cpuOf(b, g.process.PID())
		}
		return cpu
	}
	before = used()
	sent := 0
	for b.Loop() {
		require.True(b, postTraces(b.Context(), "http://"+agent.http+"/v1/traces", callBatch(b, uint32(sent), calls)))
		sent++
	}
	require.Eventually(b, func() bool { return counted() >= float64(sent*calls) }, 60*time.Second, 100*time.Millisecond)
	after = used()
	b.ReportMetric(float64((after[0]-before[0]).Nanoseconds())/float64(sent*calls), "agent-ns/span")
	b.ReportMetric(float64((after[1]-before[1]).Nanoseconds())/float64(sent*calls), "gateways-ns/span")
}

// cpuOf is what a process has used, of which Linux counts hundredths of a second.
func cpuOf(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(tb, err)
	_, rest, found := strings.Cut(string(content), ") ") // the name may have blanks
	require.True(tb, found)
	var user, system int64
	fields := strings.Fields(rest)
	_, err = fmt.Sscan(fields[11]+" "+fields[12], &user, &system)
	require.NoError(tb, err)
	return time.Duration(user+system) * 10 * time.Millisecond
}
