// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/internal/notify/internal/metadatatest"
)

// The names that dashboards of users have still count alerts.
func TestFormerMetrics(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		telemetry := componenttest.NewTelemetry()
		set := exportertest.NewNopSettings(component.MustNewType("notify"))
		set.TelemetrySettings = telemetry.NewTelemetrySettings()
		v := vendor{respond: func(m Message) error {
			switch m.Alerts[0].Name() {
			case "rejected":
				return consumererror.NewPermanent(context.Canceled)
			case "waits":
				return ErrChannel
			}
			return nil
		}}
		delivery := NewDeliveryConfig()
		e, err := NewExporter(set, Settings{
			Delivery: &delivery, Channels: []Channel{{Individually: true, Deliver: v.deliver}}, Outcomes: NewOutcomes(newCounter(t)),
		})
		require.NoError(t, err)
		require.NoError(t, e.Start(t.Context(), componenttest.NewNopHost()))
		for _, name := range []string{"rejected", "a", "b", "waits"} {
			require.NoError(t, e.ConsumeLogs(t.Context(), logs(alert(name, "critical", alertevent.Firing))))
			synctest.Wait()
		}
		of := func(value int64, more ...attribute.KeyValue) []metricdata.DataPoint[int64] {
			return []metricdata.DataPoint[int64]{{Value: value, Attributes: attribute.NewSet(append(more, attribute.String("exporter", set.ID.String()))...)}}
		}
		same := metricdatatest.IgnoreTimestamp()
		logs := attribute.String("data_type", "logs")
		metadatatest.AssertEqualExporterSentLogRecords(t, telemetry, of(2), same)
		metadatatest.AssertEqualExporterSendFailedLogRecords(t, telemetry, of(2), same)
		metadatatest.AssertEqualExporterQueueSize(t, telemetry, of(1, logs), same)
		metadatatest.AssertEqualExporterQueueCapacity(t, telemetry, of(maxWaiting, logs), same)
		require.NoError(t, e.Shutdown(t.Context()))
		require.NoError(t, telemetry.Shutdown(context.Background()))
	})
}
