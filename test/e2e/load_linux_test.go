// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/internal/testkit/double"
)

const (
	// inRequest is how many spans, or events, a request has: nearly what an SDK
	// sends at a time, 512.
	inRequest = 500
	perSecond = 10_000
	// callEvery is how many events there are to one that is an LLM call.
	callEvery = 10
)

// marker stands for the trace ID in a request that is made once and numbered often.
const marker = "\xfe\xed\xfa\xce\xca\xfe\xbe\xef"

// spanRequest is a request, with the places of its trace IDs.
type spanRequest struct {
	body   []byte
	places []int
}

func newSpanRequest(t *testing.T, n int, change func(span ptrace.Span, i int)) *spanRequest {
	t.Helper()
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "load")
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	now := time.Now()
	for i := range n {
		span := spans.AppendEmpty()
		span.SetName("chat gpt-4o")
		var trace pcommon.TraceID
		copy(trace[:], marker)
		binary.BigEndian.PutUint64(trace[8:], uint64(i)+1)
		span.SetTraceID(trace)
		span.SetSpanID(pcommon.SpanID{7: 1})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.provider.name", "openai")
		span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		span.Attributes().PutInt("gen_ai.usage.input_tokens", 1000)
		span.Attributes().PutInt("gen_ai.usage.output_tokens", 500)
		if change != nil {
			change(span, i)
		}
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	require.NoError(t, err)
	r := &spanRequest{body: body}
	for at := 0; ; {
		next := bytes.Index(body[at:], []byte(marker))
		if next < 0 {
			break
		}
		at += next
		r.places = append(r.places, at)
		at += len(marker)
	}
	require.Len(t, r.places, n)
	return r
}

func (r *spanRequest) numbered(number uint64) []byte {
	for _, place := range r.places {
		binary.BigEndian.PutUint64(r.body[place:], number)
	}
	return r.body
}

func eventRequest() []byte {
	var b strings.Builder
	for i := range inRequest {
		if i%callEvery == 0 {
			b.WriteString(`{"model":"gpt-4o","prompt_tokens":1000,"completion_tokens":500,"duration_seconds":0.7,"status":"success"}` + "\n")
		} else {
			b.WriteString(`{"level":"INFO","logger":"arc.agents","message":"Agent invoked","module":"agents","function":"run","line":12,"user_id":"u1","agent_name":"researcher"}` + "\n")
		}
	}
	return []byte(b.String())
}

// pace calls once for each request that is due, until it is over. It returns how
// many calls were late because the one before took too long.
func pace(seconds int, call func(number uint64)) {
	interval := time.Second * inRequest / perSecond
	began := time.Now()
	for number := uint64(1); number <= uint64(seconds)*perSecond/inRequest; number++ {
		time.Sleep(time.Until(began.Add(time.Duration(number) * interval)))
		call(number)
	}
}

// resident is what a process has in memory, now and at its most, in MiB.
func resident(t *testing.T, pid int) (now, most int) {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "VmRSS:"):
			now, err = strconv.Atoi(fields[1])
		case strings.HasPrefix(line, "VmHWM:"):
			most, err = strconv.Atoi(fields[1])
		}
		require.NoError(t, err)
	}
	return now >> 10, most >> 10
}

// counting are backends that count what they are sent, and keep nothing.
type counting struct {
	ptraceotlp.UnimplementedGRPCServer
	spans, documents atomic.Int64
	jaeger, elastic  string
}

// Export is called by the server of spans.
func (c *counting) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	c.spans.Add(int64(request.Traces().SpanCount()))
	return ptraceotlp.NewExportResponse(), nil
}

func (c *counting) bulk(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	w.Header().Set("Content-Type", "application/json")
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body = unzipped
	}
	content, err := io.ReadAll(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	n := bytes.Count(content, []byte("\n")) / 2 // an action and a document
	c.documents.Add(int64(n))
	if bytes.Contains(content, []byte("arc.alert.")) { // that the load is expensive is an alert, and a document too
		for line := range bytes.Lines(content) {
			if bytes.Contains(line, []byte("arc.alert.")) {
				c.documents.Add(-1)
			}
		}
	}
	fmt.Fprintf(w, `{"errors":false,"items":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"create":{"status":201}},`, n), ","))
}

func newCounting(t *testing.T, cert double.Certificate) *counting {
	t.Helper()
	c := &counting{}
	creds, err := credentials.NewServerTLSFromFile(cert.CertFile, cert.KeyFile)
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.Creds(creds), grpc.MaxRecvMsgSize(64<<20))
	ptraceotlp.RegisterGRPCServer(server, c)
	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, server.Serve(listener)) })
	t.Cleanup(func() { server.Stop(); wg.Wait() })
	c.jaeger = listener.Addr().String()
	elastic := httptest.NewServer(http.HandlerFunc(c.bulk))
	t.Cleanup(elastic.Close)
	c.elastic = elastic.URL
	return c
}

// TestLoad sends 10,000 LLM spans and 10,000 events a second, a tenth of which are
// LLM calls. All that was accepted arrives, nothing is refused, and the process
// stays below the bound that docs/reliability.md states.
//
// ARC_LOAD_SECONDS is for how long, 5; docs/reliability.md has longer runs.
func TestLoad(t *testing.T) {
	const bound = 300 // MiB
	seconds := numberFrom(t, "ARC_LOAD_SECONDS", 5)
	run := func(t *testing.T, o collector.Options, s security, spansURL, eventsURL string, arrived func(c *assert.CollectT, spans, events int64)) {
		t.Helper()
		process := collector.Start(t, o)
		spans := newSpanRequest(t, inRequest, nil)
		events := eventRequest()
		var acceptedSpans, acceptedEvents, refused atomic.Int64
		transport := &http.Transport{TLSClientConfig: s.tls(), MaxIdleConnsPerHost: 2}
		defer transport.CloseIdleConnections()
		l := &load{s: &site{security: s}, client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
		began := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			pace(seconds, func(number uint64) {
				if l.post(t.Context(), spansURL, "application/x-protobuf", spans.numbered(number)) {
					acceptedSpans.Add(inRequest)
				} else {
					refused.Add(1)
				}
			})
		})
		wg.Go(func() {
			pace(seconds, func(uint64) {
				if l.post(t.Context(), eventsURL, "application/x-ndjson", events) {
					acceptedEvents.Add(inRequest)
				} else {
					refused.Add(1)
				}
			})
		})
		wg.Wait()
		took := time.Since(began)
		require.EventuallyWithT(t, func(c *assert.CollectT) { arrived(c, acceptedSpans.Load(), acceptedEvents.Load()) }, 60*time.Second, 200*time.Millisecond)
		now, most := resident(t, process.PID())
		t.Logf("%d spans and %d events accepted in %s, %d requests refused, %.0f of both a second; resident %d MiB, at most %d MiB",
			acceptedSpans.Load(), acceptedEvents.Load(), took.Round(time.Millisecond), refused.Load(),
			float64(acceptedSpans.Load()+acceptedEvents.Load())/took.Seconds(), now, most)
		assert.Less(t, most, bound)
		assert.Zero(t, refused.Load(), "memory_limiter and queues refuse nothing")
		process.Terminate(t, 30*time.Second)
	}
	t.Run("default", func(t *testing.T) {
		p, set := quick(t)
		o := collector.Options{Configs: []string{"config/default.yaml"}, Set: append(set, "exporters::prometheus::endpoint="+p.page, "exporters::debug::verbosity=basic")}
		run(t, o, security{}, "http://"+p.http+"/v1/traces", "http://"+p.arc+"/v1/events", func(c *assert.CollectT, spans, events int64) {
			assert.InDelta(c, float64(spans+events/callEvery), scrape(c, "http://"+p.page+"/metrics").sum("arc_llm_calls_total"), 0.5)
		})
	})
	t.Run("production", func(t *testing.T) {
		s := newSite(t)
		cert := double.NewCertificate(t)
		b := newCounting(t, cert)
		s.options.Configs = append(s.options.Configs, "yaml:\nexporters:\n  otlp_grpc/jaeger: {tls: {ca_file: "+cert.CertFile+"}}\n")
		s.options.Env = append(s.options.Env, "JAEGER_ENDPOINT="+b.jaeger, "ELASTICSEARCH_URL="+b.elastic)
		s.options.Set = append(s.options.Set, "processors::llm_cost::metrics_interval=15s", "processors::alert::evaluation_interval=15s") // as they are shipped
		run(t, s.options, s.security, "https://"+s.http+"/v1/traces", s.arcURL()+"/v1/events", func(c *assert.CollectT, spans, events int64) {
			assert.Equal(c, spans+events/callEvery, b.spans.Load(), "spans")
			assert.Equal(c, events, b.documents.Load(), "documents")
		})
	})
}

// Overload: a backend accepts nothing, and what is queued for it comes near the memory
// limit. Senders get retryable responses, and are accepted again without a restart when
// the backend is back; all that was accepted arrives.
func TestOverload(t *testing.T) {
	o := double.NewOTLP(t, "", "", "")
	f := newInjector()
	p, options := adding(t, []string{"destinations/newrelic.yaml"}, "NEW_RELIC_LICENSE_KEY=a-key", "NEW_RELIC_OTLP_ENDPOINT="+f.proxyHTTP(t, "http://"+o.HTTP))
	options.Set = append(options.Set,
		"processors::memory_limiter::limit_mib=160", "processors::memory_limiter::spike_limit_mib=40", "processors::memory_limiter::check_interval=100ms",
		"exporters::otlp_http/newrelic::sending_queue::queue_size=100000",
		"exporters::otlp_http/newrelic::retry_on_failure::initial_interval=100ms",
		"exporters::otlp_http/newrelic::retry_on_failure::max_interval=500ms",
		"exporters::debug::verbosity=basic",
	)
	options, metrics := measured(t, options)
	process := collector.Start(t, options)
	f.set(unavailable)
	padding := strings.Repeat("x", 4000)
	spans := newSpanRequest(t, inRequest, func(span ptrace.Span, _ int) { span.Attributes().PutStr("padding", padding) })
	post := func(url, contentType string, body []byte) int {
		response, err := http.Post(url, contentType, bytes.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response.StatusCode
	}
	var number uint64
	accepted := 0
	send := func() int {
		number++
		status := post("http://"+p.http+"/v1/traces", "application/x-protobuf", spans.numbered(number))
		if status == http.StatusOK {
			accepted += inRequest
		}
		return status
	}
	for status := http.StatusOK; status == http.StatusOK; status = send() {
		require.Less(t, number, uint64(500), "a gigabyte, and nothing refused")
	}
	refusals := map[int]int{}
	for range 20 {
		refusals[send()]++
	}
	t.Logf("after %d spans: %v", accepted, refusals)
	delete(refusals, http.StatusOK)
	require.NotEmpty(t, refusals)
	for status := range refusals {
		assert.Contains(t, []int{http.StatusTooManyRequests, http.StatusServiceUnavailable}, status, "retryable statuses")
	}
	require.Eventually(t, func() bool {
		return post("http://"+p.arc+"/v1/events", "application/x-ndjson", eventRequest()) == http.StatusTooManyRequests
	}, 20*time.Second, 50*time.Millisecond, "the same for events")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.Positive(c, scrape(c, metrics).sum("otelcol_processor_memory_limiter_refused_spans_total"), "counted")
	}, 20*time.Second, 100*time.Millisecond)

	f.set(healthy)
	require.Eventually(t, func() bool { return send() == http.StatusOK }, 60*time.Second, 100*time.Millisecond, "recovers by itself")
	require.Eventually(t, func() bool {
		n := 0
		for _, span := range o.Spans() {
			if _, own := span.Attributes().Get("padding"); own {
				n++
			}
		}
		return n == accepted
	}, 60*time.Second, 200*time.Millisecond, "all that was accepted has arrived")
	process.Terminate(t, 20*time.Second)
}

// TestCardinalityFlood sends calls of ever new models and users, and events of
// ever new labels: memory does not follow, and the sums stay right.
//
// ARC_FLOOD is how many of each, 60,000; docs/reliability.md has a million.
func TestCardinalityFlood(t *testing.T) {
	const atOnce = 2000
	total := numberFrom(t, "ARC_FLOOD", 60_000)
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page, "exporters::debug::verbosity=basic"),
	})
	digits := func(n int) string { return fmt.Sprintf("%09d", n) }
	var half int
	for sent := 0; sent < total; sent += atOnce {
		spans := newSpanRequest(t, atOnce, func(span ptrace.Span, i int) {
			span.Attributes().PutStr("gen_ai.request.model", "model-"+digits(sent+i))
			span.Attributes().PutStr("user.id", "user-"+digits(sent+i))
		})
		require.True(t, postTraces(t.Context(), "http://"+p.http+"/v1/traces", spans.numbered(uint64(sent+1))))
		var events strings.Builder
		for i := range atOnce {
			fmt.Fprintf(&events, `{"method":"GET","endpoint":"/%s","status":200,"duration":0.1}`+"\n", digits(sent+i))
		}
		require.Equal(t, http.StatusOK, postStatus(t, "http://"+p.arc, security{}, events.String()))
		if sent+atOnce >= total/2 && half == 0 {
			half, _ = resident(t, process.PID())
		}
	}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		assert.InDelta(c, float64(total), found.sum("arc_llm_calls_total"), 0.5)
		assert.InDelta(c, float64(total), found.sum("arc_requests_total"), 0.5)
		assert.Less(c, len(found), 100_000, "series")
	}, 60*time.Second, 500*time.Millisecond)
	now, most := resident(t, process.PID())
	t.Logf("%d models, users and endpoints: resident %d MiB half way, %d MiB in the end, at most %d MiB", total, half, now, most)
	assert.Less(t, most, 1300)
	process.Terminate(t, 20*time.Second)
}
