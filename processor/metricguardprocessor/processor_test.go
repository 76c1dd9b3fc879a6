// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package metricguardprocessor

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/otelcol-arc/otelcol-arc/processor/metricguardprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/metricguardprocessor/internal/metadatatest"
)

func forged(service string) pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", service)
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("arc_llm_cost_dollars")
	m.SetEmptySum().DataPoints().AppendEmpty().SetIntValue(1_000_000)
	return md
}

// What is dropped is counted by reason, and its sender is in the log, once.
func TestDroppedPointsAreReported(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	telemetry := componenttest.NewTelemetry()
	defer func() { assert.NoError(t, telemetry.Shutdown(context.WithoutCancel(t.Context()))) }()
	set := processortest.NewNopSettings(metadata.Type)
	set.TelemetrySettings = telemetry.NewTelemetrySettings()
	set.Logger = zap.New(core)
	sink := new(consumertest.MetricsSink)
	p, err := NewFactory().CreateMetrics(t.Context(), set, createDefaultConfig(), sink)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, p.ConsumeMetrics(pushed(), forged("shop")))
	}
	assert.Empty(t, sink.AllMetrics(), "nothing is left to pass on")
	metadatatest.AssertEqualProcessorMetricGuardDroppedPoints(t, telemetry, []metricdata.DataPoint[int64]{{
		Attributes: attribute.NewSet(attribute.String("reason", "reserved_name")), Value: 3,
	}}, metricdatatest.IgnoreTimestamp())
	require.Equal(t, 1, logs.Len())
	assert.Equal(t, map[string]any{
		"reason": "reserved_name", "metric": "arc_llm_cost_dollars", "service": "shop", "address": "192.0.2.1",
	}, logs.All()[0].ContextMap())
	require.NoError(t, p.Shutdown(t.Context()))
}

// Made-up senders do not grow the memory without end.
func TestReportedSendersAreBounded(t *testing.T) {
	var r reported
	for i := range 2 * maxReported {
		r.first(sender{service: strconv.Itoa(i)}, "any")
	}
	assert.Len(t, r.seen, maxReported)
	assert.False(t, r.first(sender{service: "another"}, "any"))
}

// A scrape of a Collector may bring its metrics; a client may not send them, nor may
// an application that is scraped, or whose metrics come by way of a queue.
func TestOwnMetricsComeFromScrapes(t *testing.T) {
	for name, test := range map[string]struct {
		ctx  context.Context
		job  string
		want int
	}{
		"scrape of the Collector":    {t.Context(), "otelcol-arc", 1},
		"scrape of an application":   {t.Context(), "arc", 0},
		"without a job":              {t.Context(), "", 0},
		"pushed":                     {pushed(), "arc", 0},
		"pushed, under the job name": {pushed(), "otelcol-arc", 0},
	} {
		t.Run(name, func(t *testing.T) {
			sink := new(consumertest.MetricsSink)
			p, err := NewFactory().CreateMetrics(test.ctx, processortest.NewNopSettings(metadata.Type), createDefaultConfig(), sink)
			require.NoError(t, err)
			md := pmetric.NewMetrics()
			rm := md.ResourceMetrics().AppendEmpty()
			if test.job != "" {
				rm.Resource().Attributes().PutStr("service.name", test.job)
			}
			m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
			m.SetName("otelcol_exporter_sent_spans")
			m.SetEmptyGauge().DataPoints().AppendEmpty()
			require.NoError(t, p.ConsumeMetrics(test.ctx, md))
			assert.Equal(t, test.want, sink.DataPointCount())
		})
	}
}
