// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package arcreceiver

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/otelcol-arc/otelcol-arc/receiver/arcreceiver/internal/event"
)

// TestEventsPage sends the examples of docs/events.md.
func TestEventsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/events.md")
	require.NoError(t, err)
	examples := regexp.MustCompile("(?s)\n## ([a-z_]+)\n.*?```json\n(.*?)```\n\n```text\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	seen := map[string]bool{}
	for _, example := range examples {
		kind, body, want := example[1], example[2], example[3]
		seen[kind] = true
		t.Run(kind, func(t *testing.T) {
			e, err := event.NewDecoder().Decode([]byte(body))
			require.NoError(t, err)
			assert.Equal(t, kind, e.Kind().String())
			r := newRig(t)
			require.Equal(t, http.StatusOK, r.post(eventsPath, body).Code)
			assert.Equal(t, want, became(r))
		})
	}
	assert.Len(t, seen, 7, "every kind")
}

// became describes what came of one event, a line each.
func became(r *rig) string {
	var b strings.Builder
	for _, ld := range r.logs.got {
		describeRecord(&b, ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0))
	}
	for _, td := range r.traces.got {
		span := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
		fmt.Fprintf(&b, "span %s, %v, %v", span.Name(), span.Kind(), span.EndTimestamp().AsTime().Sub(span.StartTimestamp().AsTime()))
		if span.Status().Code() == ptrace.StatusCodeError {
			b.WriteString(", error")
		}
		b.WriteString("\n")
	}
	for _, md := range r.metrics.got {
		for _, metric := range md.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().All() {
			fmt.Fprintln(&b, "metric", metric.Name())
		}
	}
	return b.String()
}

func describeRecord(b *strings.Builder, record plog.LogRecord) {
	b.WriteString("log record ")
	if record.EventName() != "" {
		b.WriteString(record.EventName() + " ")
	}
	fmt.Fprintf(b, "%s %q", record.SeverityText(), record.Body().AsString())
	attributes := maps.Collect(record.Attributes().All())
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		fmt.Fprintf(b, " %s=%s", key, attributes[key].AsString())
	}
	b.WriteString("\n")
}
