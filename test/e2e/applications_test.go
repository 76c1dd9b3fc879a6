// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// agentProcess is a collector beside applications that sends to gateways.
type agentProcess struct {
	ports   ports
	options collector.Options
	process *collector.Process
}

func newAgent(tb testing.TB, config string, env []string, set ...string) *agentProcess {
	tb.Helper()
	p, _ := quick(tb)
	a := &agentProcess{ports: p, options: collector.Options{
		Configs: []string{config},
		Set: append([]string{
			"receivers::otlp::protocols::grpc::endpoint=" + p.grpc,
			"receivers::otlp::protocols::http::endpoint=" + p.http,
			"receivers::arc::endpoint=" + p.arc,
			"service::telemetry::metrics::level=none",
		}, set...),
		Env: append([]string{"OTELCOL_ARC_STATE=" + tb.TempDir(), "OTELCOL_ARC_INSTANCE=agent-" + p.arc}, env...),
	}}
	a.process = collector.Start(tb, a.options)
	return a
}

// sendsTo are the variables of an agent that sends to gateways without TLS.
func sendsTo(addresses ...string) []string {
	return []string{"OTELCOL_ARC_GATEWAYS=[" + strings.Join(addresses, ",") + "]", "OTELCOL_ARC_INSECURE=true"}
}

func addressesOf(gateways []*gateway) (all []string) {
	for _, g := range gateways {
		all = append(all, g.ports.grpc)
	}
	return all
}

// maxGroups is how many groups the API of the dashboard distinguishes.
const maxGroups = 200

// applications send calls, in groups by user.id that are counted separately, so that a
// call that is missing and one that is doubled do not hide each other.
type applications struct {
	mu       sync.Mutex
	truth    map[string]int
	next     int
	resent   atomic.Int64
	overtime time.Duration // for how long a batch is tried
}

func newApplications() *applications {
	return &applications{truth: map[string]int{}, overtime: 60 * time.Second}
}

// group begins a group of so many calls.
func (a *applications) group(calls int) (number int, user string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next++
	user = fmt.Sprintf("user-%d", a.next%(maxGroups-10))
	a.truth[user] += calls
	return a.next, user
}

// sent is how many calls there are.
func (a *applications) sent() (sum int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, n := range a.truth {
		sum += n
	}
	return sum
}

// send sends a batch of calls, each of a trace of its own, to the agents in turn until one
// acknowledges it.
func (a *applications) send(t *testing.T, calls int, change func(ptraceotlp.ExportRequest), to ...*agentProcess) {
	t.Helper()
	number, user := a.group(calls)
	request := ptraceotlp.NewExportRequest()
	require.NoError(t, request.UnmarshalProto(callBatch(t, uint32(number), calls)))
	i := 0
	for _, span := range request.Traces().ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
		id := span.TraceID()
		id[15] = byte(i)
		id[14] = byte(i >> 8)
		span.SetTraceID(id)
		span.Attributes().PutStr("user.id", user)
		i++
	}
	if change != nil {
		change(request)
	}
	body, err := request.MarshalProto()
	require.NoError(t, err)
	a.post(t, "/v1/traces", body, to...)
}

// post posts until an agent acknowledges.
func (a *applications) post(t *testing.T, path string, body []byte, to ...*agentProcess) {
	t.Helper()
	tries := 0
	require.Eventually(t, func() bool {
		tries++
		return postTraces(t.Context(), "http://"+to[tries%len(to)].ports.http+path, body)
	}, a.overtime, 20*time.Millisecond)
	a.resent.Add(int64(tries - 1))
}

// sendFor sends batches for a while.
func (a *applications) sendFor(t *testing.T, d time.Duration, to ...*agentProcess) {
	t.Helper()
	for began := time.Now(); time.Since(began) < d; {
		a.send(t, 20, nil, to...)
	}
}

func (a *applications) postLogs(t *testing.T, request plogotlp.ExportRequest, to ...*agentProcess) {
	t.Helper()
	body, err := request.MarshalProto()
	require.NoError(t, err)
	a.post(t, "/v1/logs", body, to...)
}

// countCalls are the calls that gateways have counted, by user.
func countCalls(t require.TestingT, gateways []*gateway) map[string]int {
	counted := map[string]int{}
	for _, g := range gateways {
		var groups struct {
			Data struct {
				Rows []struct {
					Group map[string]string `json:"group"`
					Calls int               `json:"calls"`
				} `json:"rows"`
			} `json:"data"`
		}
		body := get(t, fmt.Sprintf("http://%s/api/usage/groups?by=user.id&hours=24&limit=%d", g.ports.dashboard, maxGroups))
		require.NoError(t, json.Unmarshal([]byte(body), &groups))
		for _, row := range groups.Data.Rows {
			counted[row.Group["user.id"]] += row.Calls
		}
	}
	return counted
}

// result is a row of the table in docs/scaling.md.
type result struct{ sent, counted, missing, doubled int }

func (a *applications) compare(counted map[string]int) (r result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for user, n := range a.truth {
		r.sent += n
		r.missing += max(0, n-counted[user])
		r.doubled += max(0, counted[user]-n)
	}
	for user, n := range counted {
		r.counted += n
		if a.truth[user] == 0 {
			r.doubled += n
		}
	}
	return r
}

// requireExact waits until nothing is missing, and a moment longer, and requires that
// nothing is doubled.
func (a *applications) requireExact(t *testing.T, gateways []*gateway) {
	t.Helper()
	var r result
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		r = a.compare(countCalls(c, gateways))
		assert.Zero(c, r.missing)
	}, 90*time.Second, 200*time.Millisecond)
	for range 5 { // what would be doubled may come later
		time.Sleep(200 * time.Millisecond)
		r = a.compare(countCalls(t, gateways))
	}
	report(t, r)
	assert.Zero(t, r.missing)
	assert.Zero(t, r.doubled)
}

// report prints a row of the table in docs/scaling.md.
func report(t *testing.T, r result) {
	t.Helper()
	fmt.Printf("| %s | %d | %d | %d | %d |\n", scenarioOf(t), r.sent, r.counted, r.missing, r.doubled)
}

// reportSkipped prints a row of the table that is not there, and why.
func reportSkipped(tb testing.TB, why string) {
	tb.Helper()
	if name := scenarioOf(tb); name != "" {
		fmt.Printf("| %s | skipped: %s | | | |\n", name, why)
	}
}

func scenarioOf(tb testing.TB) string {
	tb.Helper()
	_, name, _ := strings.Cut(tb.Name(), "/")
	return strings.ReplaceAll(name, "_", " ")
}

// link is a network between an agent and a gateway.
type link struct {
	address string
	server  atomic.Value // string
	cut     atomic.Bool  // nothing passes, and connections are closed
	mute    atomic.Bool  // responses are lost

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newLink(t *testing.T, server string) *link {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &link{address: listener.Addr().String(), conns: map[net.Conn]bool{}}
	l.server.Store(server)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { l.pass(connection) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.disconnect()
		wg.Wait()
	})
	return l
}

func (l *link) pass(connection net.Conn) {
	defer func() { _ = connection.Close() }()
	if l.cut.Load() {
		return
	}
	upstream, err := net.Dial("tcp", l.server.Load().(string))
	if err != nil {
		return
	}
	defer func() { _ = upstream.Close() }()
	l.mu.Lock()
	l.conns[connection], l.conns[upstream] = true, true
	l.mu.Unlock()
	go func() {
		_, _ = io.Copy(upstream, connection)
		_ = upstream.Close()
	}()
	_, _ = io.Copy(responses{connection, l}, upstream)
	l.mu.Lock()
	delete(l.conns, connection)
	delete(l.conns, upstream)
	l.mu.Unlock()
}

// responses are those of a gateway to an agent.
type responses struct {
	net.Conn
	link *link
}

// Write loses what it is given while the link is mute.
func (r responses) Write(b []byte) (int, error) {
	if r.link.mute.Load() {
		return len(b), nil
	}
	return r.Conn.Write(b)
}

// disconnect closes all connections.
func (l *link) disconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close()
	}
}

func (l *link) setCut(cut bool) {
	l.cut.Store(cut)
	if cut {
		l.disconnect()
	}
}
