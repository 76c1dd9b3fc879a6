// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package datapoint

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

func TestLatest(t *testing.T) {
	for kind, add := range map[pmetric.MetricType]func(pmetric.Metric, pcommon.Timestamp){
		pmetric.MetricTypeGauge: func(m pmetric.Metric, at pcommon.Timestamp) {
			m.SetEmptyGauge().DataPoints().AppendEmpty().SetTimestamp(at)
		},
		pmetric.MetricTypeSum: func(m pmetric.Metric, at pcommon.Timestamp) {
			m.SetEmptySum().DataPoints().AppendEmpty().SetTimestamp(at)
		},
		pmetric.MetricTypeHistogram: func(m pmetric.Metric, at pcommon.Timestamp) {
			m.SetEmptyHistogram().DataPoints().AppendEmpty().SetTimestamp(at)
		},
		pmetric.MetricTypeExponentialHistogram: func(m pmetric.Metric, at pcommon.Timestamp) {
			m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty().SetTimestamp(at)
		},
		pmetric.MetricTypeSummary: func(m pmetric.Metric, at pcommon.Timestamp) {
			m.SetEmptySummary().DataPoints().AppendEmpty().SetTimestamp(at)
		},
	} {
		m := pmetric.NewMetric()
		assert.Zero(t, Latest(m), kind)
		add(m, 7)
		assert.Equal(t, pcommon.Timestamp(7), Latest(m), kind)
	}
}
