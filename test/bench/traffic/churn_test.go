// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChurnIsEverNew(t *testing.T) {
	var c Churn
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	users, models, services, spans := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for n := range uint64(200) {
		td := c.SpansOf(n, now)
		for _, rs := range td.ResourceSpans().All() {
			service, _ := rs.Resource().Attributes().Get("service.name")
			services[service.Str()] = true
			for _, span := range rs.ScopeSpans().At(0).Spans().All() {
				spans[span.SpanID().String()] = true
				if user, ok := span.Attributes().Get("user.id"); ok {
					users[user.Str()] = true
				}
				if model, ok := span.Attributes().Get("gen_ai.request.model"); ok {
					models[model.Str()] = true
				}
			}
		}
	}
	assert.EqualValues(t, 200*50, c.Spans.Load())
	assert.Len(t, spans, 200*50)
	assert.EqualValues(t, 200*tracesInBatch, c.Traces.Load())
	assert.EqualValues(t, 200*15, c.Calls.Load())
	assert.Greater(t, len(users), 200*2)
	assert.Greater(t, len(models), 200)
	assert.Greater(t, len(services), 50)

	var again Churn
	assert.Equal(t, c.SpansOf(7, now), again.SpansOf(7, now), "the same each time")

	ids := map[any]bool{}
	for n := range uint64(20) {
		for line := range bytes.Lines(c.EventsOf(n, now)) {
			var event map[string]any
			require.NoError(t, json.Unmarshal(line, &event), string(line))
			ids[event["id"]] = true
		}
	}
	assert.Len(t, ids, 200)
	assert.Equal(t, 20, c.LogsOf(1, now).LogRecordCount())
	assert.Equal(t, 51, c.MetricsOf(1, now, now).DataPointCount())
}
