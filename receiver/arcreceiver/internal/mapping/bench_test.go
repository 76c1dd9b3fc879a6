// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package mapping

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/otelcol-arc/otelcol-arc/internal/testkit/turns"
	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// BenchmarkLines makes log records of lines of Arc's structured logger. Beside it the
// same records are unmarshalled from OTLP, and made of texts that are there already,
// which is the least that any receiver has to do.
func BenchmarkLines(b *testing.B) {
	const n = 10_000
	var body bytes.Buffer
	for i := range n {
		fmt.Fprintf(&body, `{"timestamp": "2024-05-31T12:00:%02d.%06d", "level": "INFO", "logger": "arc.agents", "message": "Agent invoked", `+
			`"module": "agents", "function": "invoke", "line": 42, "task_id": "%d", "user_id": "user_456", "request_id": "6f1d2c3b-%04d"}`+"\n",
			i%60, i, i, i)
	}
	decoder := event.NewDecoder()
	read := func() *Batch {
		batch := NewBatch(Options{Received: time.Now(), Random: func(p []byte) { _, _ = rand.Read(p) }, Logs: true})
		for item, err := range event.Items(bytes.NewReader(body.Bytes()), 1<<20) {
			if err != nil {
				b.Fatal(err)
			}
			e, err := decoder.Decode(item.Raw)
			if err != nil {
				b.Fatal(err)
			}
			batch.Add(e)
		}
		return batch
	}
	otlp, err := (&plog.ProtoMarshaler{}).MarshalLogs(read().Logs)
	if err != nil {
		b.Fatal(err)
	}
	made := read().Logs
	turns.Run(b, n,
		turns.Way{Name: "arc", Do: func() { read() }},
		turns.Way{Name: "otlp", Do: func() { _, _ = (&plog.ProtoUnmarshaler{}).UnmarshalLogs(otlp) }},
		turns.Way{Name: "copy", Do: func() { made.CopyTo(plog.NewLogs()) }},
	)
}
