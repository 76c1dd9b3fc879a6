// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
)

func configAt(address string) *Config {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = address
	return cfg
}

// send posts to a server and returns the status, 0 if there is no server. It
// leaves no connection behind.
func send(ctx context.Context, address, body, encoding string) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+eventsPath, strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Close = true
	request.Header.Set("Content-Encoding", encoding)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// trio are the instances of one ID in pipelines of all signals.
type trio struct {
	logs    *consumertest.LogsSink
	members []component.Component
}

func newTrio(t *testing.T, f receiver.Factory, cfg *Config) trio {
	t.Helper()
	set := receivertest.NewNopSettings(metadata.Type)
	three := trio{logs: new(consumertest.LogsSink)}
	traces, err := f.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	metrics, err := f.CreateMetrics(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	logs, err := f.CreateLogs(t.Context(), set, cfg, three.logs)
	require.NoError(t, err)
	three.members = []component.Component{traces, metrics, logs}
	return three
}

func (three trio) start(t *testing.T) {
	t.Helper()
	for _, member := range three.members {
		require.NoError(t, member.Start(t.Context(), componenttest.NewNopHost()))
	}
}

func (three trio) shutdown(t *testing.T) {
	t.Helper()
	for _, member := range three.members {
		require.NoError(t, member.Shutdown(context.WithoutCancel(t.Context())))
	}
}

func TestSignalsShareOneServer(t *testing.T) {
	orders := [][3]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}}
	for _, start := range orders {
		for _, stop := range orders {
			t.Run(fmt.Sprint(start, stop), func(t *testing.T) {
				address := collector.FreeAddress(t)
				three := newTrio(t, NewFactory(), configAt(address))
				for i, member := range start {
					if i > 0 {
						assert.Equal(t, http.StatusServiceUnavailable, send(t.Context(), address, logLine, ""), "not every pipeline is ready")
					}
					require.NoError(t, three.members[member].Start(t.Context(), componenttest.NewNopHost()))
				}
				assert.Equal(t, http.StatusOK, send(t.Context(), address, logLine, ""))
				for _, member := range stop {
					require.NoError(t, three.members[member].Shutdown(t.Context()))
					assert.Zero(t, send(t.Context(), address, logLine, ""), "the first to stop ends the server")
					require.NoError(t, three.members[member].Shutdown(t.Context()), "twice does nothing")
				}
				assert.Equal(t, 1, three.logs.LogRecordCount())
			})
		}
	}
}

func TestTwoIDsShareNothing(t *testing.T) {
	f := NewFactory()
	one, two := configAt(collector.FreeAddress(t)), configAt(collector.FreeAddress(t))
	a, b := newTrio(t, f, one), newTrio(t, f, two)
	a.start(t)
	b.start(t)
	assert.Equal(t, http.StatusOK, send(t.Context(), one.HTTP.NetAddr.Endpoint, logLine, ""))
	a.shutdown(t)
	assert.Equal(t, http.StatusOK, send(t.Context(), two.HTTP.NetAddr.Endpoint, logLine, ""))
	assert.Equal(t, http.StatusOK, send(t.Context(), two.HTTP.NetAddr.Endpoint, logLine, ""))
	b.shutdown(t)
	assert.Equal(t, 1, a.logs.LogRecordCount())
	assert.Equal(t, 2, b.logs.LogRecordCount())
}

func TestStartAgainAfterShutdown(t *testing.T) {
	f := NewFactory()
	cfg := configAt(collector.FreeAddress(t))
	for range 2 {
		three := newTrio(t, f, cfg)
		three.start(t)
		assert.Equal(t, http.StatusOK, send(t.Context(), cfg.HTTP.NetAddr.Endpoint, logLine, ""))
		three.shutdown(t)
		assert.Equal(t, 1, three.logs.LogRecordCount())
	}
}

func TestStartFails(t *testing.T) {
	taken, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, taken.Close()) })
	three := newTrio(t, NewFactory(), configAt(taken.Addr().String()))
	for _, member := range three.members {
		require.ErrorContains(t, member.Start(t.Context(), componenttest.NewNopHost()), "address already in use")
	}
	three.shutdown(t)
}

func TestShutdownWithoutStart(t *testing.T) {
	newTrio(t, NewFactory(), configAt("localhost:0")).shutdown(t)
}

// blockingLogs is a logs pipeline that accepts data only when it is released.
func blockingLogs(t *testing.T) (next consumer.Logs, entered, release chan struct{}) {
	t.Helper()
	entered, release = make(chan struct{}), make(chan struct{})
	next, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		close(entered)
		<-release
		return nil
	})
	require.NoError(t, err)
	return next, entered, release
}

func TestShutdownFinishesWhatIsInFlight(t *testing.T) {
	address := collector.FreeAddress(t)
	next, entered, release := blockingLogs(t)
	logs, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), configAt(address), next)
	require.NoError(t, err)
	require.NoError(t, logs.Start(t.Context(), componenttest.NewNopHost()))

	status := make(chan int)
	go func() { status <- send(t.Context(), address, logLine, "") }()
	<-entered
	stopped := make(chan error)
	go func() { stopped <- logs.Shutdown(context.WithoutCancel(t.Context())) }()
	require.Eventually(t, func() bool { return send(t.Context(), address, logLine, "") == 0 }, 10*time.Second, time.Millisecond)
	select {
	case err := <-stopped:
		t.Fatal("a request was still in flight", err)
	default:
	}
	close(release)
	assert.Equal(t, http.StatusOK, <-status)
	assert.NoError(t, <-stopped)
}

func TestShutdownIsBoundedByItsContext(t *testing.T) {
	address := collector.FreeAddress(t)
	next, entered, release := blockingLogs(t)
	logs, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), configAt(address), next)
	require.NoError(t, err)
	require.NoError(t, logs.Start(t.Context(), componenttest.NewNopHost()))
	status := make(chan int)
	go func() { status <- send(t.Context(), address, logLine, "") }()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, logs.Shutdown(ctx), context.Canceled)
	close(release)
	assert.Zero(t, <-status, "no response, so the sender will retry")
}

func TestBodiesAreDecompressedAndBounded(t *testing.T) {
	address := collector.FreeAddress(t)
	cfg := configAt(address)
	cfg.HTTP.MaxRequestBodySize = 1 << 20
	three := newTrio(t, NewFactory(), cfg)
	three.start(t)
	defer three.shutdown(t)
	compressed := func(body string) string {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(body))
		require.NoError(t, w.Close())
		return b.String()
	}
	assert.Equal(t, http.StatusOK, send(t.Context(), address, compressed(logLine), "gzip"))
	bomb := compressed(strings.Repeat(logLine+"\n", 1<<20))
	require.Less(t, len(bomb), 1<<20)
	assert.Equal(t, http.StatusRequestEntityTooLarge, send(t.Context(), address, bomb, "gzip"))
	assert.Equal(t, http.StatusBadRequest, send(t.Context(), address, compressed(logLine)[:20], "gzip"))
	assert.Equal(t, http.StatusBadRequest, send(t.Context(), address, "nonsense", "gzip"))
	assert.Equal(t, http.StatusBadRequest, send(t.Context(), address, logLine, "rot13"))
	assert.Equal(t, 1, three.logs.LogRecordCount())
}

// generator sends events of one form, and again until they are taken or refused
// permanently, as [receivertest.CheckConsumeContract] asks.
type generator struct {
	t       *testing.T
	address string
	form    string
	last    atomic.Int64
}

func (*generator) Start() {}
func (*generator) Stop()  {}

func (g *generator) Generate() []receivertest.UniqueIDAttrVal {
	first, second := g.last.Add(1), g.last.Add(1)
	ids := []receivertest.UniqueIDAttrVal{
		receivertest.UniqueIDAttrVal(fmt.Sprintf("%s-%d", g.t.Name(), first)),
		receivertest.UniqueIDAttrVal(fmt.Sprintf("%s-%d", g.t.Name(), second)),
	}
	body := fmt.Sprintf(g.form, ids[0]) + "\n" + fmt.Sprintf(g.form, ids[1])
	for {
		switch status := send(g.t.Context(), g.address, body, ""); status {
		case http.StatusServiceUnavailable:
		case http.StatusOK, http.StatusInternalServerError:
			return ids
		default:
			assert.Fail(g.t, "unexpected status", status)
			return ids
		}
	}
}

func TestConsumeContract(t *testing.T) {
	for signal, form := range map[pipeline.Signal]string{
		pipeline.SignalLogs:   `{"message":"m","test_id":%q}`,
		pipeline.SignalTraces: `{"model":"m","prompt_tokens":1,"test_id":%q}`,
	} {
		t.Run(signal.String(), func(t *testing.T) {
			address := collector.FreeAddress(t)
			receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
				T:             t,
				Factory:       NewFactory(),
				Signal:        signal,
				Config:        configAt(address),
				Generator:     &generator{t: t, address: address, form: form},
				GenerateCount: 200,
			})
		})
	}
}
