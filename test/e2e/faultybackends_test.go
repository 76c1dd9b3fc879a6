// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// fault is how a backend fails.
type fault string

const (
	healthy     fault = "healthy"
	down        fault = "closes the connection at once"
	hanging     fault = "accepts and never responds"
	slow        fault = "slow"
	throttling  fault = "429 with Retry-After"
	unavailable fault = "503"
	broken      fault = "500"
	garbage     fault = "garbage in place of a response"
	cutting     fault = "accepts it and closes the connection within the response body"
)

// injector injects faults into the requests to a backend.
type injector struct {
	mu     sync.Mutex
	now    fault
	healed chan struct{} // closed when now ends
	met    int           // requests since the fault was set
}

func newInjector() *injector { return &injector{now: healthy, healed: make(chan struct{})} }

func (f *injector) set(now fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.healed)
	f.now, f.met, f.healed = now, 0, make(chan struct{})
}

// countRequest counts a request, and returns the fault that it gets. healed is closed
// when the fault ends.
func (f *injector) countRequest() (now fault, healed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.met++
	return f.now, f.healed
}

func (f *injector) requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.met
}

const slowness = 300 * time.Millisecond

// proxyHTTP starts a proxy of an HTTP server, and returns its URL.
func (f *injector) proxyHTTP(t *testing.T, backend string) string {
	t.Helper()
	u, err := url.Parse(backend)
	require.NoError(t, err)
	path := u.Path
	u.Path = ""
	behind := httputil.NewSingleHostReverseProxy(u)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now, healed := f.countRequest()
		switch now {
		case down:
			hijacked(w, "")
		case hanging:
			<-healed
			hijacked(w, "")
		case throttling:
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case unavailable:
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusServiceUnavailable)
		case broken:
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusInternalServerError)
		case garbage:
			_, _ = io.Copy(io.Discard, r.Body)
			hijacked(w, "\x16\x03\x01 this is not HTTP\r\n\r\n")
		case cutting:
			response := httptest.NewRecorder()
			behind.ServeHTTP(response, r)
			product := response.Header().Get("X-Elastic-Product")
			hijacked(w, fmt.Sprintf("HTTP/1.1 %d OK\r\nX-Elastic-Product: %s\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n{",
				response.Code, product, response.Header().Get("Content-Type")))
		case slow:
			time.Sleep(slowness)
			behind.ServeHTTP(w, r)
		case healthy:
			behind.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		f.set(healthy)
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL + path
}

// hijacked writes bytes in place of a response, and closes the connection.
func hijacked(w http.ResponseWriter, text string) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(connection, text)
	_ = connection.Close()
}

// proxySMTP starts a proxy of a mail server, and returns its port.
func (f *injector) proxySMTP(t *testing.T, backend string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = connection.Close() }()
				now, healed := f.countRequest()
				switch now {
				case down:
					return
				case hanging:
					<-healed
					return
				case throttling, unavailable, broken:
					_, _ = io.WriteString(connection, "421 4.7.0 too busy, try again later\r\n")
					return
				case garbage:
					_, _ = io.WriteString(connection, "\x16\x03\x01 this is not SMTP\r\n")
					return
				case slow:
					time.Sleep(slowness)
				case healthy, cutting:
				}
				upstream, err := net.Dial("tcp", backend)
				if err != nil {
					return
				}
				defer func() { _ = upstream.Close() }()
				go func() {
					_, _ = io.Copy(upstream, connection)
					_ = upstream.Close()
				}()
				if now == cutting {
					_, _ = io.CopyN(connection, upstream, 40) // within the reply to EHLO
					return
				}
				_, _ = io.Copy(connection, upstream)
			})
		}
	})
	t.Cleanup(func() {
		f.set(healthy)
		_ = listener.Close()
		wg.Wait()
	})
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

// faultyJaeger accepts spans over OTLP gRPC. Its faults are the status codes that
// correspond to those of HTTP.
type faultyJaeger struct {
	ptraceotlp.UnimplementedGRPCServer
	*injector
	endpoint string

	spans struct {
		sync.Mutex
		all []ptrace.Span
	}
}

func newFaultyJaeger(t *testing.T) *faultyJaeger {
	t.Helper()
	j := &faultyJaeger{injector: newInjector()}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	j.endpoint = listener.Addr().String()
	server := grpc.NewServer()
	ptraceotlp.RegisterGRPCServer(server, j)
	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, server.Serve(listener)) })
	t.Cleanup(func() {
		j.set(healthy)
		server.Stop()
		wg.Wait()
	})
	return j
}

// Export is called by the server.
func (j *faultyJaeger) Export(ctx context.Context, request ptraceotlp.ExportRequest) (ptraceotlp.ExportResponse, error) {
	refusal := func(code codes.Code) (ptraceotlp.ExportResponse, error) {
		return ptraceotlp.NewExportResponse(), status.Error(code, "fault")
	}
	now, healed := j.countRequest()
	switch now {
	case down, unavailable, broken:
		return refusal(codes.Unavailable)
	case garbage:
		return refusal(codes.DataLoss) // gRPC's status for a broken response
	case hanging:
		select {
		case <-healed:
		case <-ctx.Done():
		}
		return refusal(codes.Unavailable)
	case throttling:
		s, err := status.New(codes.ResourceExhausted, "slower").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)})
		if err != nil {
			return ptraceotlp.NewExportResponse(), err
		}
		return ptraceotlp.NewExportResponse(), s.Err()
	case slow:
		time.Sleep(slowness)
	case healthy, cutting:
	}
	j.spans.Lock()
	defer j.spans.Unlock()
	for _, rs := range request.Traces().ResourceSpans().All() {
		for _, ss := range rs.ScopeSpans().All() {
			for _, span := range ss.Spans().All() {
				j.spans.all = append(j.spans.all, span)
			}
		}
	}
	if now == cutting {
		return refusal(codes.Unavailable)
	}
	return ptraceotlp.NewExportResponse(), nil
}
