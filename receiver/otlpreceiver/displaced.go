// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package otlpreceiver

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/otel/metric"

	"github.com/otelcol-arc/otelcol-arc/receiver/otlpreceiver/internal/metadata"
)

// reporting is whether some receiver reports the displaced connections, which are those
// of the process: callbacks of several receivers would be added up.
var reporting atomic.Bool

// reportDisplaced reports the connections that were displaced, unless another receiver
// does. The function that it returns ends the reports.
func reportDisplaced(settings component.TelemetrySettings) (stop func(), err error) {
	if !reporting.CompareAndSwap(false, true) {
		return func() {}, nil
	}
	telemetry, err := metadata.NewTelemetryBuilder(settings)
	if err == nil {
		err = telemetry.RegisterReceiverOtlpDisplacedConnectionsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(confignet.Displacements())
			return nil
		})
	}
	if err != nil {
		reporting.Store(false)
		return nil, err
	}
	return func() {
		telemetry.Shutdown()
		reporting.Store(false)
	}, nil
}
