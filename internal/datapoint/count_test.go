// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package datapoint

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestCount(t *testing.T) {
	for kind, fill := range map[pmetric.MetricType]func(pmetric.Metric){
		pmetric.MetricTypeEmpty:                func(pmetric.Metric) {},
		pmetric.MetricTypeGauge:                func(m pmetric.Metric) { m.SetEmptyGauge().DataPoints().AppendEmpty() },
		pmetric.MetricTypeSum:                  func(m pmetric.Metric) { m.SetEmptySum().DataPoints().AppendEmpty() },
		pmetric.MetricTypeHistogram:            func(m pmetric.Metric) { m.SetEmptyHistogram().DataPoints().AppendEmpty() },
		pmetric.MetricTypeExponentialHistogram: func(m pmetric.Metric) { m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty() },
		pmetric.MetricTypeSummary:              func(m pmetric.Metric) { m.SetEmptySummary().DataPoints().AppendEmpty() },
	} {
		md := pmetric.NewMetrics()
		m := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
		fill(m)
		assert.Equal(t, md.DataPointCount(), Count(m), kind)
		assert.Equal(t, kind != pmetric.MetricTypeEmpty, Count(m) == 1, kind)
	}
}
