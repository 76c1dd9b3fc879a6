// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/ratio"
)

const (
	sizingSpans  = 100_000 // that are measured, each a call
	sizingWarmUp = 10_000
	callsInTrace = 10
)

// What a measurement of agents and gateways returns: microseconds of CPU for a span.
const (
	cpuOfAgent = iota
	cpuOfGateways
	cpuOfBoth
)

// layout is an agent, and gateways, by themselves or with a broker in between.
type layout struct {
	name      string
	gateways  int
	inRequest int // spans
	kafka     bool
	unbatched bool // the agent sends each request's share by itself
}

// withoutBatches makes the agent send each share of a request at once.
const withoutBatches = "exporters::gateways::sending_queue::batch::min_size=0"

// BenchmarkSizing is what a call costs an agent, which has a queue on disk, and what it costs all gateways
// together, which persist what they count. On one machine gateways cannot show how much they
// take together; what they show is how CPU grows with their number, for the same calls. It prints
// a table; docs/scaling.md calculates with it.
func BenchmarkSizing(b *testing.B) {
	layouts := []layout{
		{name: "1 gateway", gateways: 1, inRequest: 1000},
		{name: "2 gateways", gateways: 2, inRequest: 1000},
		{name: "4 gateways", gateways: 4, inRequest: 1000},
		{name: "4 gateways, without batches in the agent's queues", gateways: 4, inRequest: 1000, unbatched: true},
		{name: "2 gateways behind Kafka", gateways: 2, inRequest: 1000, kafka: true},
		{name: "4 gateways behind Kafka", gateways: 4, inRequest: 1000, kafka: true},
		{name: "1 gateway, requests of 100 spans", gateways: 1, inRequest: 100},
		{name: "4 gateways, requests of 100 spans", gateways: 4, inRequest: 100},
		{name: "4 gateways, requests of 100 spans, without batches in the agent's queues", gateways: 4, inRequest: 100, unbatched: true},
	}
	var turns []func() ([]float64, error)
	for _, l := range layouts {
		turns = append(turns, func() (quantities []float64, err error) {
			b.Run(l.name, func(b *testing.B) { quantities = l.measure(b) }) // which ends the processes
			if quantities == nil {
				err = fmt.Errorf("%s: failed", l.name)
			}
			return quantities, err
		})
	}
	all, err := ratio.Turns(ratio.Runs, turns...)
	require.NoError(b, err)
	ratio.Head(os.Stdout, "Agents and gateways: requests of 1,000 spans, every one a call",
		"", "CPU of a span, agent", "CPU of a span, all gateways", "both, a CPU-second takes", "both, beside one gateway")
	micros := func(v float64) string { return fmt.Sprintf("%.1f µs", v) }
	times := func(v float64) string { return fmt.Sprintf("%.2f", v) }
	for i, l := range layouts {
		ratio.Row(os.Stdout, l.name, ratio.Cell(micros, all[i][cpuOfAgent].Sample()), ratio.Cell(micros, all[i][cpuOfGateways].Sample()),
			fmt.Sprintf("%.0f spans", 1e6/all[i][cpuOfBoth].Sample().Median()), ratio.Cell(times, all[i][cpuOfBoth].Over(all[0][cpuOfBoth])))
	}
}

func (l layout) measure(b *testing.B) []float64 {
	b.Helper()
	var gateways []*gateway
	var agent *agentProcess
	if l.kafka {
		var agents []*agentProcess
		_, gateways, agents = startBehindKafka(b, l.gateways, 1)
		agent = agents[0]
	} else {
		gateways = startGateways(b, l.gateways, nil)
		var set []string
		if l.unbatched {
			set = append(set, withoutBatches)
		}
		agent = newAgent(b, "config/scale/agent.yaml", sendsTo(addressesOf(gateways)...), set...)
	}
	sent := 0
	send := func(spans int) {
		for range spans / l.inRequest {
			body := tracesBatch(b, sent, l.inRequest)
			require.Eventually(b, func() bool { return postTraces(b.Context(), "http://"+agent.ports.http+"/v1/traces", body) }, 60*time.Second, 20*time.Millisecond)
			sent++
		}
		require.EventuallyWithT(b, func(c *assert.CollectT) {
			counted := 0.0
			for _, g := range gateways {
				counted += scrape(c, "http://"+g.ports.page+"/metrics").sum("arc_llm_calls_total")
			}
			assert.EqualValues(c, sent*l.inRequest, counted)
		}, 120*time.Second, 200*time.Millisecond)
	}
	used := func() (ofAgent, ofGateways time.Duration) {
		for _, g := range gateways {
			ofGateways += cpuOf(b, g.process.PID())
		}
		return cpuOf(b, agent.process.PID()), ofGateways
	}
	send(sizingWarmUp)
	agentBefore, gatewaysBefore := used()
	send(sizingSpans)
	agentAfter, gatewaysAfter := used()
	perSpan := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) / sizingSpans }
	quantities := []float64{cpuOfAgent: perSpan(agentAfter - agentBefore), cpuOfGateways: perSpan(gatewaysAfter - gatewaysBefore)}
	b.ReportMetric(quantities[cpuOfAgent], "agent-µs/span")
	b.ReportMetric(quantities[cpuOfGateways], "gateways-µs/span")
	return append(quantities, quantities[cpuOfAgent]+quantities[cpuOfGateways])
}

// tracesBatch is a request of calls in traces of ten, which go to different gateways.
func tracesBatch(b *testing.B, number, spans int) []byte {
	b.Helper()
	request := ptraceotlp.NewExportRequest()
	require.NoError(b, request.UnmarshalProto(callBatch(b, uint32(number), spans)))
	for i, span := range request.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		var id pcommon.TraceID
		binary.BigEndian.PutUint32(id[4:], uint32(number+1))
		binary.BigEndian.PutUint32(id[12:], uint32(i/callsInTrace+1))
		span.SetTraceID(id)
		span.Attributes().PutStr("user.id", fmt.Sprintf("user-%d", i%50))
	}
	body, err := request.MarshalProto()
	require.NoError(b, err)
	return body
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
