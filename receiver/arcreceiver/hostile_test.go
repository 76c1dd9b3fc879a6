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
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/metadata"
)

// repeat reads text over and over, up to n bytes.
func repeat(text string, n int64) io.Reader {
	return io.LimitReader(&repeater{text: []byte(strings.Repeat(text, 1+(64<<10)/len(text)))}, n)
}

type repeater struct {
	text []byte
	at   int
}

func (r *repeater) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], r.text[r.at:])
		n, r.at = n+m, (r.at+m)%len(r.text)
	}
	return n, nil
}

// watchHeap returns by how much the live heap has grown at most, in MiB, since it
// was called.
func watchHeap() func() float64 {
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		highest := before.HeapAlloc
		for {
			runtime.ReadMemStats(&now)
			highest = max(highest, now.HeapAlloc)
			select {
			case <-stop:
				peak <- highest - before.HeapAlloc
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(stop)
		return float64(<-peak) / (1 << 20)
	}
}

// TestHostileInput sends what is meant to do harm to a real server. Each is
// responded to, none takes much memory, and the next request is served.
func TestHostileInput(t *testing.T) {
	address := collector.FreeAddress(t)
	cfg := configAt(address)
	three := newTrio(t, NewFactory(), cfg)
	three.start(t)
	defer three.shutdown(t)
	bomb := func(body io.Reader) io.Reader {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, err := io.Copy(w, body)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		return &b
	}
	const giga = 1 << 30
	for _, tt := range []struct {
		name     string
		body     io.Reader
		encoding string
		status   int
		contains string
	}{
		{"bomb of lines", bomb(repeat(logLine+"\n", 64<<20)), "gzip", 413, "more than 100000 events"},
		{"bomb of one line", bomb(repeat("x", 64<<20)), "gzip", 413, "max_request_body_size"},
		{"bomb in an array", bomb(io.MultiReader(strings.NewReader("[\""), repeat("x", 64<<20))), "gzip", 413, "max_request_body_size"},
		{"line of a gigabyte", repeat("x", giga), "", 413, "max_request_body_size"},
		{"10,000 deep", strings.NewReader(`{"message":"m","a":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_001)), "", 400, "exceeded max depth"},
		{"9,000 deep", strings.NewReader(`{"message":"m","a":` + strings.Repeat(`[`, 9_000) + strings.Repeat("]", 9_000) + "}"), "", 200, `"accepted":1`},
		{"10,000 deep that never closes", strings.NewReader(strings.Repeat(`[`, 100_000)), "", 400, "exceeded max depth"},
		{"invalid UTF-8", strings.NewReader("{\"message\":\"\xff\xfe\"}"), "", 200, `"accepted":1`},
		{"duplicate keys", strings.NewReader(`{"message":"a","message":"b","level":1,"level":"INFO"}`), "", 200, `"accepted":1`},
		{"NaN", strings.NewReader(`{"model":"m","prompt_tokens":NaN}`), "", 400, "invalid character 'N'"},
		{"Infinity", strings.NewReader(`{"model":"m","prompt_tokens":-Infinity}`), "", 400, "not JSON"},
		{"number of a million digits", strings.NewReader(`{"model":"m","prompt_tokens":1` + strings.Repeat("0", 1_000_000) + "}"), "", 400, "must be at most"},
		{"eighty thousand keys", strings.NewReader(`{"message":"m"` + manyKeys(80_000) + "}"), "", 200, `"accepted":1`},
		{"zeros", strings.NewReader(strings.Repeat("\x00", 1000)), "", 400, "not JSON"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			grown := watchHeap()
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+eventsPath, tt.body)
			require.NoError(t, err)
			request.Close = true
			request.Header.Set("Content-Encoding", tt.encoding)
			response, err := http.DefaultClient.Do(request)
			if tt.status == http.StatusRequestEntityTooLarge && err != nil {
				// The server closes the connection while the rest is still sent;
				// whether the response arrives before is the sender's luck.
				assert.ErrorContains(t, err, "connection")
			} else {
				require.NoError(t, err)
				defer response.Body.Close()
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				assert.Equal(t, tt.status, response.StatusCode)
				assert.Contains(t, string(text), tt.contains)
			}
			assert.Less(t, grown(), 160., "MiB")
			assert.Equal(t, http.StatusOK, send(t.Context(), address, logLine, ""), "the next is served")
		})
	}
	for _, ld := range three.logs.AllLogs() {
		for _, rl := range ld.ResourceLogs().All() {
			for _, record := range rl.ScopeLogs().At(0).LogRecords().All() {
				assert.NotContains(t, record.Body().Str(), "\xff")
			}
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"k%d":1`, i)
	}
	return b.String()
}

// TestSlowSender sends a header and then no body.
func TestSlowSender(t *testing.T) {
	address := collector.FreeAddress(t)
	cfg := configAt(address)
	cfg.HTTP.ReadTimeout, cfg.HTTP.ReadHeaderTimeout = 100*time.Millisecond, 100*time.Millisecond
	three := newTrio(t, NewFactory(), cfg)
	three.start(t)
	defer three.shutdown(t)
	for _, text := range []string{
		"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
		"POST /v1/events HTTP/1.1\r\nHo",
	} {
		connection, err := net.Dial("tcp", address)
		require.NoError(t, err)
		_, err = io.WriteString(connection, text)
		require.NoError(t, err)
		require.NoError(t, connection.SetReadDeadline(time.Now().Add(20*time.Second)))
		reply, err := io.ReadAll(connection)
		require.NoError(t, err, "the server closes the connection")
		if len(reply) > 0 {
			assert.Contains(t, string(reply), " 400 ")
		}
		require.NoError(t, connection.Close())
	}
	assert.Zero(t, three.logs.LogRecordCount())
	assert.Equal(t, http.StatusOK, send(t.Context(), address, logLine, ""))
}

// TestStreamInFlatMemory streams requests, one after the other over one
// connection: 256 MB, or as many bytes as ARC_STREAM_BYTES specifies.
func TestStreamInFlatMemory(t *testing.T) {
	total := int64(256 << 20)
	if testing.Short() {
		total = 32 << 20
	}
	if text := os.Getenv("ARC_STREAM_BYTES"); text != "" {
		var err error
		total, err = strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
	}
	address := collector.FreeAddress(t)
	records := 0
	next, err := consumer.NewLogs(func(_ context.Context, ld plog.Logs) error {
		records += ld.LogRecordCount()
		return nil
	})
	require.NoError(t, err)
	logs, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), configAt(address), next)
	require.NoError(t, err)
	require.NoError(t, logs.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, logs.Shutdown(context.WithoutCancel(t.Context()))) }()

	line := `{"message":"` + strings.Repeat("x", 1000) + `"}` + "\n"
	const lines = 8192 // 8 MiB a request
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	grown := watchHeap()
	sent := 0
	for done := int64(0); done < total; done += int64(lines * len(line)) {
		response, err := client.Post("http://"+address+eventsPath, "application/x-ndjson", repeat(line, int64(lines*len(line))))
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, response.Body)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode)
		sent += lines
	}
	assert.Equal(t, sent, records)
	assert.Less(t, grown(), 128., "MiB, however much is sent")
}
