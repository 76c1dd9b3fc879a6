// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	grpcgzip "google.golang.org/grpc/encoding/gzip"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// peakMemory is the most memory that a process had resident, in MiB.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	require.NoError(t, err)
	kib, err := strconv.Atoi(regexp.MustCompile(`VmHWM:\s+(\d+)`).FindStringSubmatch(string(status))[1])
	require.NoError(t, err)
	return kib >> 10
}

func pack(t *testing.T, content []byte, writer func(io.Writer) (io.WriteCloser, error)) []byte {
	t.Helper()
	var packed bytes.Buffer
	w, err := writer(&packed)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

// packed is content in each encoding that a receiver knows.
func packed(t *testing.T, content []byte) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"":        content,
		"gzip":    pack(t, content, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }),
		"deflate": pack(t, content, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }),
		"zlib":    pack(t, content, func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }),
		"zstd":    pack(t, content, func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }),
		"snappy":  pack(t, content, func(w io.Writer) (io.WriteCloser, error) { return snappy.NewBufferedWriter(w), nil }),
	}
}

// Requests that unpack to a hundred times their size or more, in every encoding, eight at
// once, over OTLP/HTTP, gRPC and as Arc events, and values that are nested as deep as
// a request can hold: each is refused or accepted, memory stays below the shipped limit
// plus a quarter, and the next request is served.
func TestBombs(t *testing.T) {
	attackOnly(t)
	const limit = 1024 + 1024/4 // limit_mib of config/default.yaml
	p, set := quick(t)
	process := collector.Start(t, collector.Options{
		Configs: []string{"config/default.yaml"},
		Set:     append(set, "exporters::prometheus::endpoint="+p.page),
	})
	client := &http.Client{Timeout: 60 * time.Second}
	post := func(url, contentType, encoding string, body []byte) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
		if !assert.NoError(t, err) {
			return
		}
		request.Header.Set("Content-Type", contentType)
		if encoding != "" {
			request.Header.Set("Content-Encoding", encoding)
		}
		response, err := client.Do(request)
		if err != nil {
			return // who sends too much may be disconnected
		}
		_ = response.Body.Close()
		assert.NotEqual(t, http.StatusInternalServerError, response.StatusCode, "%s %s", url, encoding)
	}
	blank := bytes.Repeat([]byte{' '}, 64<<20)
	nested := func(levels int) []byte {
		return []byte(fmt.Sprintf(`{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","attributes":[{"key":"a","value":%s},%s]}]}]}]}`,
			strings.Repeat(`{"arrayValue":{"values":[`, levels)+`{}`+strings.Repeat(`]}}`, levels), stringAttribute("gen_ai.request.model", "gpt-4o")))
	}
	bodies := map[string]map[string][]byte{
		"4 MB of empty messages": packed(t, bytes.Repeat([]byte{0x0a, 0}, 2_000_000)),
		"64 MiB of blanks":       packed(t, blank),
		"3 MB of small values":   packed(t, []byte(`{"resourceSpans":[`+strings.Repeat("{},", 1_000_000)+`{}]}`)),
		"3 MB of empty spans":    packed(t, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+strings.Repeat("{},", 1_000_000)+`{}]}]}]}`)),
		"100,000 levels":         packed(t, nested(100_000)),
		"140,000 levels":         packed(t, nested(140_000)),
		"a million open braces":  packed(t, bytes.Repeat([]byte("["), 4_000_000)),
	}
	for name, encodings := range bodies {
		for encoding, body := range encodings {
			if encoding == "" && len(body) > 8<<20 {
				continue
			}
			contentType := "application/json"
			if strings.HasPrefix(name, "4 MB") {
				contentType = "application/x-protobuf"
			}
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() { post("http://"+p.http+"/v1/traces", contentType, encoding, body) })
			}
			for _, path := range []string{"/v1/events", "/v1/export"} {
				wg.Go(func() { post("http://"+p.arc+path, "application/json", encoding, body) })
			}
			wg.Wait()
			require.Less(t, peakMemory(t, process.PID()), limit, "%s, %q", name, encoding)
		}
	}
	bombGRPC(t, p.grpc)
	t.Logf("peak: %d MiB", peakMemory(t, process.PID()))
	assert.Less(t, peakMemory(t, process.PID()), limit)
	sendSpans(t, grpcExporter(t, p.grpc, security{}), mainJobCalls...)
	sendSpans(t, httpExporter(t, p.http, security{}), mainJobCalls...)
	require.Equal(t, http.StatusOK, postStatus(t, "http://"+p.arc, security{}, `{"level":"INFO","logger":"arc","message":"hello"}`))
	process.Terminate(t, 20*time.Second)
}

// bombGRPC sends requests of 64 MiB that are small on the way, and ones of as many
// empty spans as fit.
func bombGRPC(t *testing.T, endpoint string) {
	t.Helper()
	connection, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.UseCompressor(grpcgzip.Name), grpc.MaxCallSendMsgSize(128<<20)))
	require.NoError(t, err)
	defer func() { require.NoError(t, connection.Close()) }()
	large := ptrace.NewTraces()
	large.ResourceSpans().AppendEmpty().Resource().Attributes().PutStr("a", strings.Repeat(" ", 64<<20))
	many := ptrace.NewTraces()
	spans := many.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for range 80_000 {
		spans.AppendEmpty()
	}
	empty := ptrace.NewTraces()
	for range 500_000 {
		empty.ResourceSpans().AppendEmpty()
	}
	var wg sync.WaitGroup
	for range 8 {
		for _, td := range []ptrace.Traces{large, many, empty} {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
				defer cancel()
				_, _ = ptraceotlp.NewGRPCClient(connection).Export(ctx, ptraceotlp.NewExportRequestFromTraces(td))
			})
		}
	}
	wg.Wait()
}
