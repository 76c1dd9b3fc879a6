// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package double

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Jaeger is an OTLP gRPC server that accepts traces, as Jaeger's collector does.
type Jaeger struct {
	ptraceotlp.UnimplementedGRPCServer
	Endpoint string

	mu    sync.Mutex
	delay time.Duration
	spans []ptrace.Span
}

// NewJaeger serves until the test ends, with TLS.
func NewJaeger(tb testing.TB, cert Certificate) *Jaeger {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	j := &Jaeger{Endpoint: listener.Addr().String()}
	server := grpc.NewServer(grpc.Creds(credentials.NewServerTLSFromCert(&cert.TLS)))
	ptraceotlp.RegisterGRPCServer(server, j)
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := server.Serve(listener); err != nil {
			tb.Errorf("jaeger: %v", err)
		}
	})
	tb.Cleanup(func() {
		server.Stop()
		wg.Wait()
	})
	return j
}

// Export accepts spans.
func (j *Jaeger) Export(_ context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	j.mu.Lock()
	delay := j.delay
	j.mu.Unlock()
	time.Sleep(delay)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, rs := range request.Traces().ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				j.spans = append(j.spans, span)
			}
		}
	}
	return ptraceotlp.NewExportResponse(), nil
}

// SetDelay makes every later export take at least delay, as a busy backend does.
func (j *Jaeger) SetDelay(delay time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.delay = delay
}

// Spans are all that were accepted so far.
func (j *Jaeger) Spans() []ptrace.Span {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.spans)
}

// Prometheus accepts OTLP metrics over HTTP where a Prometheus server started
// with --web.enable-otlp-receiver does, behind TLS and basic authentication.
type Prometheus struct {
	URL string

	mu      sync.Mutex
	metrics []pmetric.Metrics
}

// NewPrometheus serves until the test ends.
func NewPrometheus(tb testing.TB, cert Certificate, user, password string) *Prometheus {
	tb.Helper()
	p := &Prometheus{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/otlp/v1/metrics", func(w http.ResponseWriter, r *http.Request) {
		if u, pw, _ := r.BasicAuth(); u != user || pw != password {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, err := readBody(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		request := pmetricotlp.NewExportRequest()
		if err := request.UnmarshalProto(body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.metrics = append(p.metrics, request.Metrics())
	})
	p.URL = serveTLS(tb, mux, cert)
	return p
}

// Metrics are all that were accepted so far.
func (p *Prometheus) Metrics() []pmetric.Metrics {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.metrics)
}

func serveTLS(tb testing.TB, handler http.Handler, cert Certificate) string {
	tb.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert.TLS}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	tb.Cleanup(server.Close)
	return server.URL
}

func readBody(r *http.Request) ([]byte, error) {
	reader := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		reader = unzipped
	}
	return io.ReadAll(reader)
}
