// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadata"
	"github.com/otelcol-arc/otelcol-arc/processor/alertprocessor/internal/metadatatest"
)

func TestSlowEvaluationLeavesOut(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		telemetry := componenttest.NewTelemetry()
		defer func() { assert.NoError(t, telemetry.Shutdown(context.Background())) }()
		builder, err := metadata.NewTelemetryBuilder(telemetry.NewTelemetrySettings())
		require.NoError(t, err)
		db := teststorage.New(t)
		defer func() { assert.NoError(t, db.Close()) }()
		var times []time.Duration
		start := time.Now()
		e, err := New(t.Context(), Options{
			Store:        db,
			OnEvaluation: func(at time.Time, _ Result) { times = append(times, at.Sub(start)) },
			Telemetry:    builder,
		})
		require.NoError(t, err)
		group := rules.NewGroup(rules.GroupOptions{Name: "g", Interval: time.Minute})
		for _, at := range []time.Duration{0, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute} {
			e.Evaluate(t.Context(), group, start.Add(at))
		}
		assert.Len(t, times, 5)
		metadatatest.AssertEqualProcessorAlertEvaluationsMissed(t, telemetry, []metricdata.DataPoint[int64]{
			{Value: 1, Attributes: attribute.NewSet(attribute.String("rule_group", "g"))},
		}, metricdatatest.IgnoreTimestamp())
	})
}
