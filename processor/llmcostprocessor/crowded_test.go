// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadatatest"
)

// A bound that was reached is seen in a metric and in the status, until what reached it is
// forgotten.
func TestCrowdedRecordsAreReported(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(nil))
		made := func(n int) ptrace.Traces {
			td := ptrace.NewTraces()
			spans := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans()
			for i := range n {
				addCall(spans, put("gen_ai.response.id", "made-up"))
				spans.At(i).SetTraceID(pcommon.TraceID{1, byte(i), byte(i >> 8)})
			}
			return td
		}
		crowded := func(t *testing.T, r *rig, n int64) {
			t.Helper()
			metadatatest.AssertEqualProcessorLlmCostCrowdedRecords(t, r.telemetry, []metricdata.DataPoint[int64]{{Value: n}}, metricdatatest.IgnoreTimestamp())
		}
		lastStatus := func() error {
			events := r.host.reported()
			if len(events) == 0 {
				return nil
			}
			return events[len(events)-1].Err()
		}
		r.price(made(1000))
		crowded(t, r, 0)
		r.price(made(1))
		crowded(t, r, 1001)
		assert.ErrorContains(t, lastStatus(), "1001 records of calls are related to more than 1,000 others")
		for range 12 { // a pause counts as a tenth of the window at most
			time.Sleep(defaultDedupWindow / 10)
			r.price(callSpan())
		}
		assert.NoError(t, lastStatus(), "they are forgotten")
		crowded(t, r, 1001)
	})
}
