// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	upstream "go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/otelcol-arc/otelcol-arc/receiver/otlpreceiver/internal/elements"
	"github.com/otelcol-arc/otelcol-arc/receiver/otlpreceiver/internal/metadatatest"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// start starts a receiver of all signals.
func start(t *testing.T, sink *consumertest.TracesSink) (grpcAddress, httpAddress string) {
	t.Helper()
	factory := NewFactory()
	config := factory.CreateDefaultConfig().(*upstream.Config)
	grpcAddress, httpAddress = freeAddress(t), freeAddress(t)
	config.Protocols.GRPC.GetOrInsertDefault().NetAddr.Endpoint = grpcAddress
	config.Protocols.HTTP.GetOrInsertDefault().ServerConfig.NetAddr.Endpoint = httpAddress
	set := receivertest.NewNopSettings(factory.Type())
	traces, err := factory.CreateTraces(t.Context(), set, config, sink)
	require.NoError(t, err)
	metrics, err := factory.CreateMetrics(t.Context(), set, config, new(consumertest.MetricsSink))
	require.NoError(t, err)
	logs, err := factory.CreateLogs(t.Context(), set, config, new(consumertest.LogsSink))
	require.NoError(t, err)
	assert.Len(t, config.Protocols.GRPC.Get().Middlewares, 1)
	for _, r := range []component.Component{traces, metrics, logs} {
		require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
		t.Cleanup(func() { require.NoError(t, r.Shutdown(context.Background())) })
	}
	return grpcAddress, httpAddress
}

func post(t *testing.T, address, contentType string, body []byte) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Post("http://"+address+"/v1/traces", contentType, bytes.NewReader(body))
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func spans(n int) ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	all := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range n {
		all.AppendEmpty().SetName("a span")
	}
	return ptraceotlp.NewExportRequestFromTraces(td)
}

// emptySpans encode as little as possible: 4 MiB have half a million.
func emptySpans(n int) ptraceotlp.ExportRequest {
	td := ptrace.NewTraces()
	all := td.ResourceSpans()
	all.EnsureCapacity(n)
	for range n {
		all.AppendEmpty()
	}
	return ptraceotlp.NewExportRequestFromTraces(td)
}

// Requests of more messages than any real one has are rejected before they are decoded,
// and those that follow are served.
func TestTooManyElements(t *testing.T) {
	sink := new(consumertest.TracesSink)
	grpcAddress, httpAddress := start(t, sink)
	bomb := bytes.Repeat([]byte{0x0a, 0}, 2_000_000)
	text := []byte(`{"resourceSpans":[` + strings.Repeat("{},", 1_000_000) + `{}]}`)
	connection, err := grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	client := ptraceotlp.NewGRPCClient(connection)
	for range 3 {
		assert.Equal(t, http.StatusBadRequest, post(t, httpAddress, "application/x-protobuf", bomb))
		assert.Equal(t, http.StatusBadRequest, post(t, httpAddress, "application/json", text))
		assert.Equal(t, http.StatusBadRequest, post(t, httpAddress, "Application/JSON; charset=utf-8", text))
		_, err = client.Export(t.Context(), emptySpans(500_000))
		assert.Equal(t, codes.InvalidArgument, status.Code(err))
		require.ErrorContains(t, err, "400000 are the most")
	}
	assert.Empty(t, sink.AllTraces())

	encoded, err := spans(10).MarshalProto()
	require.NoError(t, err)
	asText, err := spans(10).MarshalJSON()
	require.NoError(t, err)
	for range 3 { // what was acquired was released
		assert.Equal(t, http.StatusOK, post(t, httpAddress, "application/x-protobuf", encoded))
		assert.Equal(t, http.StatusOK, post(t, httpAddress, "application/json", asText))
		_, err = client.Export(t.Context(), spans(50_000))
		require.NoError(t, err)
	}
	assert.Equal(t, 3*(10+10+50_000), sink.SpanCount())
	assert.Equal(t, http.StatusBadRequest, post(t, httpAddress, "application/x-protobuf", []byte("no message")))
}

// However many receivers there are, the displaced connections of the process are reported once.
func TestDisplacedConnections(t *testing.T) {
	telemetry := componenttest.NewTelemetry()
	defer func() { require.NoError(t, telemetry.Shutdown(context.Background())) }()
	var stops []func()
	for range 3 {
		stop, err := reportDisplaced(telemetry.NewTelemetrySettings())
		require.NoError(t, err)
		stops = append(stops, stop)
	}
	metadatatest.AssertEqualReceiverOtlpDisplacedConnections(t, telemetry,
		[]metricdata.DataPoint[int64]{{Value: confignet.Displacements()}}, metricdatatest.IgnoreTimestamp())
	for _, stop := range stops {
		stop()
	}
	require.False(t, reporting.Load())
}

func TestBudgets(t *testing.T) {
	b := newBudgets()
	_, err := b.acquire(t.Context(), maxElements+1)
	require.ErrorIs(t, err, errTooLarge)
	first, err := b.acquire(t.Context(), maxElements)
	require.NoError(t, err)
	second, err := b.acquire(t.Context(), maxElements)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = b.acquire(ctx, 1)
	require.ErrorIs(t, err, errBusy)
	first()
	third, err := b.acquire(t.Context(), maxElements)
	require.NoError(t, err)
	second()
	third()
	assert.True(t, b.elements.TryAcquire(budget), "what was acquired was released")
}

// What is not counted takes at most half of the budget, and is counted where that is used up.
func TestUncounted(t *testing.T) {
	b := newBudgets()
	encoded, err := spans(1000).MarshalProto()
	require.NoError(t, err)
	most, exact := len(encoded)/bytesOfElement, elements.InProtobuf(encoded)
	require.Less(t, exact, most)
	var releases []func()
	taken := func() int {
		free := sort.Search(budget+1, func(n int) bool {
			if !b.elements.TryAcquire(int64(n)) {
				return true
			}
			b.elements.Release(int64(n))
			return false
		}) - 1
		return budget - free
	}
	for n := range budget/2/most + 3 {
		before := taken()
		release, err := b.admit(t.Context(), encoded, false)
		require.NoError(t, err)
		releases = append(releases, release)
		want := most
		if n >= budget/2/most {
			want = exact
		}
		require.Equal(t, want, taken()-before, "%d", n)
	}
	for _, release := range releases {
		release()
	}
	assert.Zero(t, taken())
	assert.True(t, b.uncounted.TryAcquire(budget/2))
}

// While the budget is used up, senders are asked to send again, as OTLP specifies.
func TestBusyIsRetryable(t *testing.T) {
	b := newBudgets()
	b.wait = 10 * time.Millisecond
	address := freeAddress(t)
	server := grpc.NewServer(b.grpcOptions()...)
	sink := &countingServer{}
	ptraceotlp.RegisterGRPCServer(server, sink)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { assert.NoError(t, server.Serve(listener)) })
	defer serving.Wait()
	defer server.Stop()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	client := ptraceotlp.NewGRPCClient(connection)

	require.True(t, b.elements.TryAcquire(budget))
	_, err = client.Export(t.Context(), spans(10))
	rejected := status.Convert(err)
	assert.Equal(t, codes.Unavailable, rejected.Code())
	require.Len(t, rejected.Details(), 1)
	assert.Equal(t, time.Second, rejected.Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())
	assert.Zero(t, sink.spans.Load())
	b.elements.Release(budget)
	_, err = client.Export(t.Context(), spans(10))
	require.NoError(t, err)
	assert.EqualValues(t, 10, sink.spans.Load())
	assert.True(t, b.elements.TryAcquire(budget), "what was acquired was released")
}

// countingServer counts the spans that it is given.
type countingServer struct {
	ptraceotlp.UnimplementedGRPCServer
	spans atomic.Int64
}

// Export counts.
func (s *countingServer) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	s.spans.Add(int64(request.Traces().SpanCount()))
	return ptraceotlp.NewExportResponse(), nil
}
