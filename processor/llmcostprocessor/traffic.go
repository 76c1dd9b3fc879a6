// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"sync/atomic"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// traffic counts the telemetry that passes through.
type traffic struct{ spans, logRecords, dataPoints atomic.Int64 }

var _ dashboard.TrafficSource = usageSource{}

// Traffic is what has passed since the start.
func (b usageSource) Traffic() dashboard.Traffic {
	return dashboard.Traffic{
		Spans:      b.traffic.spans.Load(),
		LogRecords: b.traffic.logRecords.Load(),
		DataPoints: b.traffic.dataPoints.Load(),
		Outcomes:   b.outcomes.sums(),
	}
}
