// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// TestScale has agents and gateways with the shipped files in all that can happen to
// them. It prints the table of docs/scaling.md: calls that were sent, counted, missing and
// doubled. `make scale-check` runs it; times are shorter than in real outages, and the
// deduplication window is with them.
func TestScale(t *testing.T) {
	scaleOnly(t)
	fmt.Println("| scenario | sent | counted | missing | counted twice |\n| --- | ---: | ---: | ---: | ---: |")
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"no fault", scaleNothing},
		{"a gateway is killed and comes back", scaleKill},
		{"a gateway is down for longer than the window", scaleAway},
		{"a gateway hangs for longer than the window", scaleHang},
		{"one agent cannot reach one gateway", scalePartition},
		{"responses of a gateway are lost", scaleLostResponses},
		{"an agent is killed", scaleAgentKilled},
		{"gateways and agents are restarted in turn", scaleRolling},
		{"a gateway is added", scaleAdded},
		{"a gateway is removed", scaleRemoved},
		{"framework and SDK send by different agents", scaleFramework},
		{"large requests", scaleLarge},
		{"Arc events, by two agents of a service, which are restarted and killed while gateways hang", scaleEvents},
		{"log records without a trace", scaleLogs},
		{"Kafka: spans and records of a call on two topics", scaleKafkaEvents},
		{"Kafka: gateways are killed and restarted", scaleKafkaKill},
		{"Kafka: a large trace", scaleKafkaLarge},
		{"Kafka: a gateway joins", scaleKafkaJoin},
		{"Kafka: gateways are stopped while the group rebalances", scaleKafkaStop},
		{"engine: any collector gets any batch, some two", engineNothing},
		{"engine: each record of a call reaches another collector", engineScattered},
		{"engine: collectors are killed", engineKilled},
		{"engine: the engine is down", engineAway},
	} {
		t.Run(scenario.name, scenario.run)
	}
}

// scaleOnly skips what takes minutes, unless `make scale-check` runs it.
func scaleOnly(t *testing.T) {
	t.Helper()
	if os.Getenv("ARC_SCALE") == "" {
		t.Skip("takes minutes; make scale-check runs it")
	}
}

// window makes the deduplication window shorter than the outages of the scenarios. It is longer
// than the 10 seconds after which an agent sends a request again at the latest, as it has to be.
const (
	window = 12 * time.Second
	outage = 15 * time.Second
)

func startAll(t *testing.T, gateways, agents int) ([]*gateway, []*agentProcess) {
	t.Helper()
	all := startGateways(t, gateways, nil)
	for _, g := range all {
		g.restart(t, "processors::llm_cost::dedup::window="+window.String())
	}
	senders := make([]*agentProcess, agents)
	for i := range senders {
		senders[i] = newAgent(t, "config/scale/agent.yaml", sendsTo(addressesOf(all)...), "exporters::gateways::timeout=1s")
	}
	return all, senders
}

// restart stops a gateway, if it runs, and starts it with what is added to its settings.
func (g *gateway) restart(t *testing.T, set ...string) {
	t.Helper()
	g.process.Terminate(t, 20*time.Second)
	g.options.Set = append(g.options.Set, set...)
	g.process = collector.Start(t, g.options)
}

func (a *agentProcess) restart(t *testing.T, env ...string) {
	t.Helper()
	a.process.Terminate(t, 20*time.Second)
	a.options.Env = append(a.options.Env, env...)
	a.process = collector.Start(t, a.options)
}

func scaleNothing(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	apps.sendFor(t, 2*time.Second, agents...)
	apps.requireExact(t, gateways)
}

func scaleKill(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	for _, g := range gateways {
		apps.sendFor(t, time.Second, agents...)
		g.process.Kill()
		apps.sendFor(t, time.Second, agents...)
		g.process = collector.Start(t, g.options)
	}
	apps.sendFor(t, time.Second, agents...)
	apps.requireExact(t, gateways)
}

// Meanwhile the others get and count their shares at once.
func scaleAway(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	apps.sendFor(t, time.Second, agents...)
	gateways[1].process.Kill()
	apps.sendFor(t, outage, agents...)
	others := []*gateway{gateways[0], gateways[2]}
	require.Eventually(t, func() bool {
		counted := 0
		for _, n := range countCalls(t, others) {
			counted += n
		}
		return counted > apps.sent()/2
	}, 60*time.Second, 100*time.Millisecond, "nobody else is delayed")
	gateways[1].process = collector.Start(t, gateways[1].options)
	apps.sendFor(t, time.Second, agents...)
	assert.Zero(t, apps.resent.Load(), "applications notice nothing")
	apps.requireExact(t, gateways)
}

func scaleHang(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	apps.sendFor(t, time.Second, agents...)
	require.NoError(t, syscall.Kill(gateways[1].process.PID(), syscall.SIGSTOP))
	apps.sendFor(t, outage, agents...)
	require.NoError(t, syscall.Kill(gateways[1].process.PID(), syscall.SIGCONT))
	apps.sendFor(t, time.Second, agents...)
	apps.requireExact(t, gateways)
}

func scalePartition(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	addresses := addressesOf(gateways)
	network := newLink(t, addresses[1])
	agents[0].restart(t, sendsTo(addresses[0], network.address, addresses[2])...)
	apps := newApplications()
	for _, cut := range []bool{false, true, false} {
		network.setCut(cut)
		for _, a := range agents { // each call by one of them: their lists differ in a name
			apps.sendFor(t, outage/2, a)
		}
	}
	apps.requireExact(t, gateways)
}

// The gateway accepts and counts, and the agent does not get to know: it sends again. As
// long as that is within the window it counts once.
func scaleLostResponses(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 1)
	addresses := addressesOf(gateways)
	gateways[1].restart(t, "processors::llm_cost::dedup::window=1m")
	lossy := newLink(t, addresses[1])
	agents[0].restart(t, sendsTo(addresses[0], lossy.address, addresses[2])...)
	apps := newApplications()
	apps.sendFor(t, time.Second, agents...)
	lossy.mute.Store(true)
	apps.sendFor(t, outage, agents...)
	lossy.mute.Store(false)
	lossy.disconnect()
	apps.sendFor(t, time.Second, agents...)
	apps.requireExact(t, gateways)
}

func scaleAgentKilled(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	var wg sync.WaitGroup
	for i := range agents {
		wg.Go(func() { apps.sendFor(t, outage, agents[i]) })
	}
	for range 3 {
		time.Sleep(time.Second)
		agents[0].process.Kill()
		agents[0].process = collector.Start(t, agents[0].options)
	}
	wg.Wait()
	apps.requireExact(t, gateways)
}

func scaleRolling(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				apps.sendFor(t, 100*time.Millisecond, agents...)
			}
		}
	})
	for _, g := range gateways {
		g.restart(t)
	}
	for _, a := range agents {
		a.restart(t)
	}
	close(done)
	wg.Wait()
	apps.requireExact(t, gateways)
}

// The agents get the new list at different moments, before it is in force.
func scaleAdded(t *testing.T) {
	t.Helper()
	changeList(t, 3, 4)
}

func scaleRemoved(t *testing.T) {
	t.Helper()
	changeList(t, 4, 3)
}

func changeList(t *testing.T, before, after int) {
	t.Helper()
	gateways, agents := startAll(t, max(before, after), 1)
	addresses := addressesOf(gateways)
	agents[0].restart(t, sendsTo(addresses[:before]...)...)
	agents = append(agents, newAgent(t, "config/scale/agent.yaml", sendsTo(addresses[:before]...), "exporters::gateways::timeout=1s"))
	apps := newApplications()
	apps.sendFor(t, time.Second, agents...)
	change := time.Now().Add(8 * time.Second).UTC()
	for _, a := range agents {
		a.restart(t, append(sendsTo(addresses[:after]...),
			"OTELCOL_ARC_GATEWAYS_BEFORE=["+strings.Join(addresses[:before], ",")+"]",
			"OTELCOL_ARC_GATEWAYS_CHANGED="+change.Format(time.RFC3339))...)
		apps.frameworks(t, 50, agents)
	}
	for time.Now().Before(change.Add(time.Second)) {
		apps.sendFor(t, 200*time.Millisecond, agents...)
		if until := time.Until(change); until > time.Second || until < -100*time.Millisecond {
			apps.frameworks(t, 20, agents) // but for those that would be on both sides of the moment
		}
	}
	apps.frameworks(t, 50, agents)
	apps.requireExact(t, gateways)
}

func scaleFramework(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	apps.frameworks(t, 300, agents)
	apps.requireExact(t, gateways)
}

// frameworks sends calls that a framework and an SDK report, each by another agent.
func (a *applications) frameworks(t *testing.T, calls int, agents []*agentProcess) {
	t.Helper()
	for range calls / 10 {
		number, user := a.group(10)
		sdk := ptraceotlp.NewExportRequest()
		require.NoError(t, sdk.UnmarshalProto(callBatch(t, uint32(number), 10)))
		outer := ptrace.NewTraces()
		spans := outer.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty()
		spans.Scope().SetName("framework")
		for i, span := range sdk.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			span.SetTraceID(pcommon.TraceID{0: byte(number >> 8), 1: byte(number), 8: 7, 15: byte(i)})
			span.Attributes().PutStr("user.id", user)
			around := spans.Spans().AppendEmpty()
			span.CopyTo(around)
			around.SetSpanID(pcommon.SpanID{0: 9, 7: byte(i + 1)})
			around.SetStartTimestamp(span.StartTimestamp() - 1000)
			around.SetEndTimestamp(span.EndTimestamp() + 1000)
			span.SetParentSpanID(around.SpanID())
		}
		inner, err := sdk.MarshalProto()
		require.NoError(t, err)
		framework, err := ptraceotlp.NewExportRequestFromTraces(outer).MarshalProto()
		require.NoError(t, err)
		a.post(t, "/v1/traces", inner, agents[0])
		a.post(t, "/v1/traces", framework, agents[1])
	}
}

// Requests as large as an agent accepts arrive, divided; larger ones are refused by the
// agent, and take nothing else with them.
func scaleLarge(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 1)
	apps := newApplications()
	apps.send(t, 100, prompts(35_000), agents...)  // 3.5 MB
	apps.send(t, 1, prompts(4_000_000), agents...) // one span
	apps.send(t, 1900, nil, agents...)
	refused := bytes.Repeat([]byte{' '}, 19<<20)
	response, err := http.Post("http://"+agents[0].ports.http+"/v1/traces", "application/json", bytes.NewReader(refused))
	if err == nil {
		require.GreaterOrEqual(t, response.StatusCode, 400)
		require.Less(t, response.StatusCode, 500)
		require.NoError(t, response.Body.Close())
	}
	apps.sendFor(t, time.Second, agents...)
	apps.requireExact(t, gateways)
	assert.Empty(t, agents[0].process.Lines("Dropping data"))
}

// prompts puts prompts of so many bytes on each span.
func prompts(bytes int) func(ptraceotlp.ExportRequest) {
	return func(r ptraceotlp.ExportRequest) {
		for _, span := range r.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			span.Attributes().PutStr("gen_ai.input.messages", strings.Repeat("a prompt ", bytes/9))
		}
	}
}

// Two agents get the events of one service. Its metrics are added up, whether the agents send
// them to one gateway or to two, and a restart of an agent lowers nothing.
func scaleEvents(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 2, 2)
	apps := newApplications()
	requests := 0
	post := func() {
		for i, a := range agents {
			_, user := apps.group(10)
			var lines strings.Builder
			for n := range 10 {
				fmt.Fprintf(&lines, `{"id":"%s-%d-%d","user_id":%q,"model":"gpt-4o","prompt_tokens":1000,"completion_tokens":500,"duration_seconds":0.5,"status":"success"}`+"\n", user, i, n, user)
				lines.WriteString(`{"method":"GET","endpoint":"/","status":200,"duration_seconds":0.1}` + "\n")
				requests++
			}
			require.Equal(t, arcResponse{Status: 200, Accepted: 20}, postEvents(t, "http://"+a.ports.arc, security{}, lines.String()))
		}
	}
	highest := 0.0
	requireRequests := func() {
		require.EventuallyWithT(t, func(c *assert.CollectT) {
			sum := 0.0
			for _, g := range gateways {
				sum += scrape(c, "http://"+g.ports.page+"/metrics").sum("arc_requests_total")
			}
			require.GreaterOrEqual(c, sum, highest, "never lower")
			highest = max(highest, sum)
			assert.EqualValues(c, requests, sum)
		}, 60*time.Second, 100*time.Millisecond)
	}
	for range 5 {
		post()
	}
	requireRequests()
	for _, a := range agents {
		a.restart(t)
		requireRequests()
		post()
		requireRequests()
	}
	// What agents have queued arrives in its order, also what was being sent when they ended:
	// gateways add no delta up that is older than the last.
	for _, end := range []func(*agentProcess){
		func(a *agentProcess) { a.process.Terminate(t, 20*time.Second) },
		func(a *agentProcess) { a.process.Kill() },
	} {
		signalAll(t, gateways, syscall.SIGSTOP)
		for range 5 {
			post()
		}
		for _, a := range agents {
			end(a)
			a.process = collector.Start(t, a.options)
		}
		post()
		signalAll(t, gateways, syscall.SIGCONT)
		requireRequests()
	}
	apps.requireExact(t, gateways)
}

func signalAll(t *testing.T, gateways []*gateway, signal syscall.Signal) {
	t.Helper()
	for _, g := range gateways {
		require.NoError(t, syscall.Kill(g.process.PID(), signal))
	}
}

// Claude Code's events have no trace. The application sends each batch again, by another agent.
func scaleLogs(t *testing.T) {
	t.Helper()
	gateways, agents := startAll(t, 3, 2)
	apps := newApplications()
	for batch := range 30 {
		_, user := apps.group(10)
		ld := plog.NewLogs()
		rl := ld.ResourceLogs().AppendEmpty()
		rl.Resource().Attributes().PutStr("service.name", "claude-code")
		records := rl.ScopeLogs().AppendEmpty()
		records.Scope().SetName("com.anthropic.claude_code.events")
		for i := range 10 {
			r := records.LogRecords().AppendEmpty()
			r.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
			r.Body().SetStr("claude_code.api_request")
			r.Attributes().PutStr("event.name", "api_request")
			r.Attributes().PutStr("user.id", user)
			if batch%2 == 0 {
				r.Attributes().PutStr("session.id", fmt.Sprintf("session-%d", batch))
			}
			r.Attributes().PutStr("model", "claude-sonnet-4-5")
			r.Attributes().PutStr("request_id", fmt.Sprintf("req_%d_%d", batch, i))
			r.Attributes().PutInt("input_tokens", 1000)
			r.Attributes().PutInt("output_tokens", 500)
			r.Attributes().PutDouble("cost_usd", 0.0105)
			r.Attributes().PutInt("duration_ms", 1500)
		}
		for _, a := range agents {
			apps.postLogs(t, plogotlp.NewExportRequestFromLogs(ld), a)
		}
	}
	apps.requireExact(t, gateways)
}
