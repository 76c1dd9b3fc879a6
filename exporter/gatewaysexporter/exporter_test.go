// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package gatewaysexporter

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otelcol-arc/otelcol-arc/exporter/gatewaysexporter/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/exporter/gatewaysexporter/internal/metadatatest"
	"github.com/otelcol-arc/otelcol-arc/internal/health"
)

// server is a gateway that remembers the names of the spans that it accepted.
type server struct {
	ptraceotlp.UnimplementedGRPCServer
	mu       sync.Mutex
	accepted map[string]int
	requests int
	reject   func(ptrace.Traces) error
}

// Export accepts spans, unless they are rejected.
func (s *server) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if s.reject != nil {
		if err := s.reject(request.Traces()); err != nil {
			return ptraceotlp.NewExportResponse(), err
		}
	}
	for _, span := range spansOf(request.Traces()) {
		s.accepted[span.Name()]++
	}
	return ptraceotlp.NewExportResponse(), nil
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accepted)
}

func (s *server) times(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted[name]
}

func (s *server) setReject(reject func(ptrace.Traces) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reject = reject
}

func listen(t *testing.T, s *server) string {
	t.Helper()
	s.accepted = map[string]int{}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(g, s)
	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, g.Serve(listener)) })
	t.Cleanup(func() { g.Stop(); wg.Wait() })
	return listener.Addr().String()
}

func spansOf(td ptrace.Traces) (all []ptrace.Span) {
	for _, rs := range td.ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				all = append(all, span)
			}
		}
	}
	return all
}

// calls are n traces with a span each, and a name of its own.
func calls(from, n int) ptrace.Traces {
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for i := from; i < from+n; i++ {
		span := spans.AppendEmpty()
		span.SetName("call " + time.Duration(i).String())
		var id pcommon.TraceID
		binary.BigEndian.PutUint64(id[8:], uint64(i)+1)
		span.SetTraceID(id)
	}
	return td
}

func newConfig(endpoints ...string) *Config {
	c := createDefaultConfig().(*Config)
	c.Endpoints = endpoints
	c.Client.TLS.Insecure = true
	c.Retry.InitialInterval = 10 * time.Millisecond
	return c
}

type rig struct {
	tracesRouter
	telemetry *componenttest.Telemetry
}

func start(t *testing.T, c *Config) rig {
	t.Helper()
	require.NoError(t, c.Validate())
	telemetry := componenttest.NewTelemetry()
	set := exportertest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	e, err := createTraces(t.Context(), set, c)
	require.NoError(t, err)
	require.ErrorIs(t, e.ConsumeTraces(t.Context(), calls(0, 1)), errNotStarted)
	require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() {
		require.NoError(t, e.Shutdown(context.Background()))
		require.NoError(t, telemetry.Shutdown(context.Background()))
	})
	return rig{e.(tracesRouter), telemetry}
}

// Each span arrives once, and while a gateway is away the others go on.
func TestOneGatewayAway(t *testing.T) {
	var servers [3]server
	var endpoints []string
	for i := range servers {
		endpoints = append(endpoints, listen(t, &servers[i]))
	}
	servers[1].setReject(func(ptrace.Traces) error { return status.Error(codes.Unavailable, "away") })
	r := start(t, newConfig(endpoints...))
	parts := traces.route(r.table, calls(0, 600))
	for batch := range 6 {
		require.NoError(t, r.ConsumeTraces(t.Context(), calls(batch*100, 100)))
	}
	for _, i := range []int{0, 2} {
		require.Eventually(t, func() bool { return servers[i].count() == parts[i].SpanCount() }, 60*time.Second, time.Millisecond)
	}
	assert.Zero(t, servers[1].count())
	servers[1].setReject(nil)
	require.Eventually(t, func() bool { return servers[1].count() == parts[1].SpanCount() }, 60*time.Second, time.Millisecond)
	for i := range servers {
		assert.Greater(t, parts[i].SpanCount(), 150, "shares are about equal")
		for name, times := range servers[i].accepted {
			assert.Equal(t, 1, times, name)
		}
	}
}

// The queue of a gateway that is away is full: what has no part for it is accepted, and
// what has is refused as a whole, before any other gateway gets a part.
// A gateway that accepts a request and never responds does not hold the exporter for as long as
// a try may take.
func TestShutdownWhileAGatewayHangs(t *testing.T) {
	s := &server{}
	hangs, release := make(chan struct{}, 100), make(chan struct{})
	s.reject = func(ptrace.Traces) error {
		hangs <- struct{}{}
		<-release
		return nil
	}
	c := newConfig(listen(t, s))
	t.Cleanup(func() { close(release) }) // before the server is stopped
	c.Timeout = time.Hour
	e := start(t, c)
	require.NoError(t, e.ConsumeTraces(t.Context(), calls(0, 1)))
	<-hangs
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- e.Shutdown(ctx) }()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		require.FailNow(t, "the exporter does not stop")
	}
}

func TestFullQueue(t *testing.T) {
	var servers [2]server
	endpoints := []string{listen(t, &servers[0]), listen(t, &servers[1])}
	c := newConfig(endpoints...)
	c.Queue.Get().QueueSize = 1
	c.Queue.Get().NumConsumers = 1
	away := status.Error(codes.Unavailable, "away")
	servers[1].setReject(func(ptrace.Traces) error { return away })
	r := start(t, c)
	require.Eventually(t, func() bool {
		_ = r.ConsumeTraces(t.Context(), calls(0, 100))
		return r.gateways[1].refused.Load()
	}, 60*time.Second, time.Millisecond)
	first := traces.route(r.table, calls(0, 100))[0]
	require.Eventually(t, func() bool { return r.ConsumeTraces(t.Context(), first) == nil }, 60*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return servers[0].count() == first.SpanCount() }, 60*time.Second, time.Millisecond)

	err := r.ConsumeTraces(t.Context(), calls(1000, 100))
	require.Error(t, err)
	assert.False(t, consumererror.IsPermanent(err))
	own := traces.route(r.table, calls(2000, 100))[0]
	require.Eventually(t, func() bool { return r.ConsumeTraces(t.Context(), own) == nil }, 60*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return servers[0].times(spansOf(own)[0].Name()) > 0 }, 60*time.Second, time.Millisecond)
	assert.Equal(t, first.SpanCount()+own.SpanCount(), servers[0].count())
}

// A gateway rejects one item of a request, permanently: the others arrive.
func TestOneItemIsRejected(t *testing.T) {
	for name, code := range map[string]codes.Code{"too large": codes.ResourceExhausted, "invalid": codes.InvalidArgument} {
		t.Run(name, func(t *testing.T) {
			var s server
			endpoint := listen(t, &s)
			s.setReject(func(td ptrace.Traces) error {
				for _, span := range spansOf(td) {
					if span.Name() == "call 77ns" {
						return status.Error(code, "no")
					}
				}
				return nil
			})
			r := start(t, newConfig(endpoint))
			require.NoError(t, r.ConsumeTraces(t.Context(), calls(0, 100)))
			require.Eventually(t, func() bool { return s.count() == 99 }, 60*time.Second, time.Millisecond)
			assert.NotContains(t, s.accepted, "call 77ns")
			require.Eventually(t, func() bool {
				_, err := r.telemetry.GetMetric("otelcol_exporter_gateways_rejected_items")
				return err == nil
			}, 60*time.Second, time.Millisecond)
			metadatatest.AssertEqualExporterGatewaysRejectedItems(t, r.telemetry, []metricdata.DataPoint[int64]{{
				Value: 1, Attributes: attribute.NewSet(attribute.String("gateway", endpoint)),
			}}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
		})
	}
}

// With a wrong token, or a gateway without the pipeline, nothing is dropped: it is sent
// when the configuration is right.
func TestRefusedForTheConfiguration(t *testing.T) {
	for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented} {
		t.Run(code.String(), func(t *testing.T) {
			var s server
			endpoint := listen(t, &s)
			s.setReject(func(ptrace.Traces) error { return status.Error(code, "no") })
			r := start(t, newConfig(endpoint))
			require.NoError(t, r.ConsumeTraces(t.Context(), calls(0, 100)))
			problem := refusal + health.Problem(" by "+endpoint)
			require.Eventually(t, func() bool { return r.health.Has(problem) }, 60*time.Second, time.Millisecond)
			s.setReject(nil)
			require.Eventually(t, func() bool { return s.count() == 100 }, 60*time.Second, time.Millisecond)
			require.Eventually(t, func() bool { return !r.health.Has(problem) }, 60*time.Second, time.Millisecond)
		})
	}
}

// Requests are divided by their size, and one item that is larger goes alone.
func TestSize(t *testing.T) {
	var s server
	largest := 0
	endpoint := listen(t, &s)
	s.setReject(func(td ptrace.Traces) error {
		if size := traces.size(td); td.SpanCount() > 1 {
			largest = max(largest, size)
		}
		return nil
	})
	c := newConfig(endpoint)
	c.MaxRequestBytes = 2000
	r := start(t, c)
	td := calls(0, 300)
	spansOf(td)[10].Attributes().PutStr("large", strings.Repeat("x", 5000))
	require.NoError(t, r.ConsumeTraces(t.Context(), td))
	require.Eventually(t, func() bool { return s.count() == 300 }, 60*time.Second, time.Millisecond)
	assert.LessOrEqual(t, largest, 2000)
	assert.Greater(t, largest, 500)
}

func TestSlots(t *testing.T) {
	three, four := []string{"a:1", "b:1", "c:1"}, []string{"d:1", "c:1", "a:1", "b:1"}
	before, after := newSlots(four, three), newSlots(four, four)
	moved := 0
	shares := map[uint16]int{}
	for slot := range before {
		if before[slot] != after[slot] {
			moved++
			assert.Zero(t, after[slot], "only to the one that was added")
		}
		shares[after[slot]]++
	}
	assert.InDelta(t, numSlots/4, moved, numSlots/40)
	for _, share := range shares {
		assert.InDelta(t, numSlots/4, share, numSlots/40)
	}
	assert.Equal(t, before, newSlots(four, []string{"c:1", "a:1", "b:1"}), "the order does not matter")
}

// While the list changes, the time of a record decides.
func TestChange(t *testing.T) {
	c := newConfig("a:1", "b:1")
	c.PreviousEndpoints, c.ChangedAt = []string{"c:1"}, "2026-12-01T12:00:00Z"
	require.NoError(t, c.Validate())
	change := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	now := change.Add(-time.Minute)
	table, err := newTable(c, func() time.Time { return now })
	require.NoError(t, err)
	assert.Equal(t, []string{"a:1", "b:1", "c:1"}, table.endpoints)
	for key := range uint64(100) {
		assert.Equal(t, 2, table.gateway(key, uint64(change.Add(-1).UnixNano())))
		assert.NotEqual(t, 2, table.gateway(key, uint64(change.UnixNano())))
		now = change.Add(-time.Minute)
		assert.Equal(t, 2, table.gateway(key, 0))
		now = change
		assert.NotEqual(t, 2, table.gateway(key, 0))
	}
}

func TestRecordKey(t *testing.T) {
	record := func(change func(plog.LogRecord, pcommon.Resource)) uint64 {
		rl := plog.NewLogs().ResourceLogs().AppendEmpty()
		r := rl.ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
		r.Body().SetStr("claude_code.api_request")
		r.SetTimestamp(5)
		change(r, rl.Resource())
		return recordKey(r, rl.Resource())
	}
	session := func(r plog.LogRecord, _ pcommon.Resource) { r.Attributes().PutStr("session.id", "s") }
	assert.Equal(t, record(session), record(func(r plog.LogRecord, resource pcommon.Resource) {
		resource.Attributes().PutStr("session.id", "s")
		resource.Attributes().PutStr("host.name", "h")
		r.SetTimestamp(6)
		r.Attributes().PutStr("user.id", "u")
	}), "all of a session")
	same := func(r plog.LogRecord, _ pcommon.Resource) {
		r.SetObservedTimestamp(pcommon.Timestamp(time.Now().UnixNano()))
	}
	once := record(same)
	assert.Equal(t, once, record(same), "the same record again")
	assert.NotEqual(t, record(same), record(func(r plog.LogRecord, _ pcommon.Resource) { r.SetTimestamp(6) }))
	trace := func(r plog.LogRecord, _ pcommon.Resource) { r.SetTraceID([16]byte{7}) }
	assert.Equal(t, traceKey([16]byte{7}), record(trace), "as the spans of the trace")
	span := ptrace.NewSpan()
	span.SetTraceID([16]byte{7})
	assert.Equal(t, traceKey([16]byte{7}), spanKey(span))
}

// Splitting and halving lose nothing, whatever is in there.
func TestSplit(t *testing.T) {
	ld, md := plog.NewLogs(), pmetric.NewMetrics()
	for resource := range 5 {
		rl, rm := ld.ResourceLogs().AppendEmpty(), md.ResourceMetrics().AppendEmpty()
		rl.Resource().Attributes().PutInt("resource", int64(resource))
		rm.Resource().Attributes().PutInt("resource", int64(resource))
		for range 3 {
			sl, sm := rl.ScopeLogs().AppendEmpty(), rm.ScopeMetrics().AppendEmpty()
			for i := range 10 {
				sl.LogRecords().AppendEmpty().Attributes().PutInt("record", int64(i))
				sm.Metrics().AppendEmpty().SetEmptyGauge().DataPoints().AppendEmpty().SetIntValue(int64(i))
			}
		}
	}
	table, err := newTable(newConfig("a:1", "b:1", "c:1"), time.Now)
	require.NoError(t, err)
	records, points := 0, 0
	for _, part := range logs.route(table, ld) {
		records += part.LogRecordCount()
	}
	assert.Equal(t, 150, records)
	resources := map[int64]int{}
	for _, part := range metrics.route(table, md) {
		points += part.DataPointCount()
		for _, rm := range part.ResourceMetrics().All() {
			id, _ := rm.Resource().Attributes().Get("resource")
			resources[id.Int()]++
		}
	}
	assert.Equal(t, 150, points)
	assert.Equal(t, map[int64]int{0: 1, 1: 1, 2: 1, 3: 1, 4: 1}, resources, "a resource is not divided")
	firstLogs, secondLogs := logs.halve(ld)
	assert.Equal(t, []int{75, 75}, []int{firstLogs.LogRecordCount(), secondLogs.LogRecordCount()})
	firstMetrics, secondMetrics := metrics.halve(md)
	assert.Equal(t, []int{75, 75}, []int{firstMetrics.MetricCount(), secondMetrics.MetricCount()})
}

func TestValidate(t *testing.T) {
	c := createDefaultConfig().(*Config)
	require.ErrorContains(t, c.Validate(), "endpoints: must name at least one gateway")
	c.Endpoints = []string{"a:1", "b", "a:1"}
	c.PreviousEndpoints = []string{"c:1"}
	c.ChangedAt = "yesterday"
	c.MaxRequestBytes = 0
	c.Client.Endpoint = "x:1"
	err := c.Validate()
	for _, text := range []string{"endpoints[1]: must be host:port", "endpoints[2]: a:1 is in the list twice", "changed_at: must be a time", "max_request_bytes: must be at least 1", "endpoint: is of no use here"} {
		require.ErrorContains(t, err, text)
	}
	c = newConfig("a:1")
	c.ChangedAt = "2026-12-01T12:00:00Z"
	require.ErrorContains(t, c.Validate(), "set both or neither")
}
