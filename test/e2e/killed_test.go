// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/collector"
)

// The collector is killed again and again in the middle of load, by senders that
// send again what was not acknowledged: every call counts, and counts once.
func TestKilledInTheMiddleOfLoad(t *testing.T) {
	p, set := quick(t)
	options := collector.Options{
		Configs: []string{"config/default.yaml", fmt.Sprintf(`yaml:
extensions:
  file_storage: {directory: %q, create_directory: true}
processors:
  llm_cost: {storage: file_storage}
service:
  extensions: [health_check, file_storage, dashboard]
`, t.TempDir())},
		Set: append(set,
			"exporters::prometheus::endpoint="+p.page,
			"processors::llm_cost::metrics_interval=300ms", // so that kills fall between saves, and into them
			"exporters::debug::verbosity=basic",
		),
	}
	process := collector.Start(t, options)
	const senders, batches, calls = 4, 60, 5
	var acknowledged atomic.Int64
	var sending sync.WaitGroup
	for sender := range senders {
		sending.Go(func() {
			for batch := range batches {
				body := callBatch(t, uint32(sender*batches+batch), calls)
				for !postTraces(t.Context(), "http://"+p.http+"/v1/traces", body) {
					if t.Context().Err() != nil {
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
				acknowledged.Add(calls)
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	kills := 0
	for ; kills < 4; kills++ {
		target := acknowledged.Load() + senders*batches*calls/6
		require.Eventually(t, func() bool { return acknowledged.Load() >= target }, 60*time.Second, time.Millisecond)
		process.Kill()
		process = collector.Start(t, options)
	}
	sending.Wait()
	require.EqualValues(t, senders*batches*calls, acknowledged.Load())
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		found := scrape(c, "http://"+p.page+"/metrics")
		assert.Equal(c, float64(senders*batches*calls), found.sum("arc_llm_calls_total"))
		assert.InDelta(c, senders*batches*calls*0.0075, found.sum("arc_llm_cost_dollars"), 1e-9)
	}, 30*time.Second, 100*time.Millisecond)
	found := listCalls(t, "http://"+p.dashboard)
	assert.Len(t, found, senders*batches*calls, "each call is kept by itself, once")
	sum := 0.0
	for _, call := range found {
		sum += call.Cost
	}
	assert.InDelta(t, senders*batches*calls*0.0075, sum, 1e-9)
	time.Sleep(time.Second) // until a signal is heard
	process.Terminate(t, 20*time.Second)
	process = collector.Start(t, options)
	assert.Equal(t, found, listCalls(t, "http://"+p.dashboard), "after a restart they are the same")
	time.Sleep(time.Second) // until a signal is heard
	process.Terminate(t, 20*time.Second)
}

type listedCall struct {
	ID    string
	Trace string  `json:"trace_id"`
	Cost  float64 `json:"cost_dollars"`
}

// listCalls returns the single calls, by their IDs.
func listCalls(t *testing.T, url string) []listedCall {
	t.Helper()
	var body struct{ Data []listedCall }
	_, content := fetch(t, url+"/api/calls/export")
	require.NoError(t, json.Unmarshal([]byte(content), &body))
	slices.SortFunc(body.Data, func(a, b listedCall) int { return strings.Compare(a.ID, b.ID) })
	return body.Data
}

// callBatch is a request of calls of gpt-4o, $0.0075 each, with IDs that depend
// on the number alone.
func callBatch(tb testing.TB, number uint32, calls int) []byte {
	tb.Helper()
	return callBatchAt(tb, number, calls, time.Now())
}

func callBatchAt(tb testing.TB, number uint32, calls int, now time.Time) []byte {
	tb.Helper()
	td := ptrace.NewTraces()
	spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
	for n := range calls {
		span := spans.AppendEmpty()
		var trace pcommon.TraceID
		binary.BigEndian.PutUint32(trace[:], number+1)
		span.SetTraceID(trace)
		span.SetSpanID(pcommon.SpanID{6: byte((n + 1) >> 8), 7: byte(n + 1)})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(now.Add(-time.Second)))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(now))
		span.Attributes().PutStr("gen_ai.operation.name", "chat")
		span.Attributes().PutStr("gen_ai.provider.name", "openai")
		span.Attributes().PutStr("gen_ai.request.model", "gpt-4o")
		span.Attributes().PutInt("gen_ai.usage.input_tokens", 1000)
		span.Attributes().PutInt("gen_ai.usage.output_tokens", 500)
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	assert.NoError(tb, err)
	return body
}

// postTraces reports whether the collector acknowledged them.
func postTraces(ctx context.Context, url string, body []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}
