// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

func TestSpans(t *testing.T) {
	td := Spans(200, 10, 3)
	Renumber(td, 7)
	spans, calls, users := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans(), 0, map[string]bool{}
	require.Equal(t, 200, spans.Len())
	for i := range spans.Len() {
		assert.Equal(t, 15, spans.At(i).Attributes().Len())
		assert.Equal(t, pcommon.TraceID{7: 7}, spans.At(i).TraceID())
		if _, ok := spans.At(i).Attributes().Get("gen_ai.usage.input_tokens"); ok {
			user, _ := spans.At(i).Attributes().Get("user.id")
			users[user.Str()] = true
			calls++
		}
	}
	assert.Equal(t, 20, calls)
	assert.Len(t, users, 3)
}

func TestEvents(t *testing.T) {
	kinds := map[string]int{}
	for line := range bytes.Lines(Events(200, 10, 1)) {
		var event map[string]any
		require.NoError(t, json.Unmarshal(line, &event))
		for _, key := range []string{"model", "method", "agent_name", "logger"} {
			if event[key] != nil {
				kinds[key]++
				break
			}
		}
	}
	assert.Equal(t, map[string]int{"model": 20, "method": 10, "agent_name": 10, "logger": 160}, kinds)
}
