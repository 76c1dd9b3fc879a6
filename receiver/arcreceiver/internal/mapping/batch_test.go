// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// FuzzBatch adds whatever event can be decoded.
func FuzzBatch(f *testing.F) {
	for _, seed := range []string{
		`{"message":"m","level":"INFO","a":[1,{"b":null}],"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`,
		`{"timestamp":0,"model":"m","tokens":{"prompt":1},"duration_seconds":31622400,"status":"timeout"}`,
		`{"timestamp":"2024-05-31T12:00:00","agent_name":"a","status":"error","duration":1,"id":1}`,
		`{"method":"GET","endpoint":"/","status":500,"duration":0.0000000001,"active_requests":1}`,
		`{"cache_type":"c","hit":false,"size_bytes":1}`,
		`{"active_agents":1,"memory_usage_bytes":2}`,
		`{"app_info":{"version":"1"},"service":"s"}`,
	} {
		f.Add([]byte(seed))
	}
	received := time.Date(2024, 5, 31, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := event.NewDecoder().Decode(raw)
		if err != nil {
			return
		}
		b := NewBatch(Options{Received: received, Random: func(b []byte) { b[0] = 1 }, Logs: true, Traces: true, Metrics: true})
		b.Add(e)
		require.Equal(t, 1, b.Logs.LogRecordCount())
		record := b.Logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
		assert.Equal(t, received, record.ObservedTimestamp().AsTime())
		if b.Traces.SpanCount() > 0 {
			span := b.Traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
			assert.False(t, span.TraceID().IsEmpty() || span.SpanID().IsEmpty())
			assert.Equal(t, record.TraceID(), span.TraceID())
			assert.Equal(t, record.SpanID(), span.SpanID())
			assert.Equal(t, record.Timestamp(), span.EndTimestamp())
			assert.LessOrEqual(t, span.StartTimestamp(), span.EndTimestamp())
		}
		_, err = (&plog.ProtoMarshaler{}).MarshalLogs(b.Logs)
		require.NoError(t, err)
		_, err = (&ptrace.ProtoMarshaler{}).MarshalTraces(b.Traces)
		require.NoError(t, err)
	})
}
