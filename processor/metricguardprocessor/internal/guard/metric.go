// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"math"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/datapoint"
)

// Metric drops and repairs the points of a metric, and reports whether any is
// left.
func Metric(m pmetric.Metric, from Source, limits Limits, found *Findings) bool {
	name, ok := pageName(m)
	switch {
	case !ok:
		found.drop(InvalidName, strings.ToValidUTF8(m.Name(), "\uFFFD"), datapoint.Count(m))
		return false
	case isReserved(name, from):
		found.drop(ReservedName, m.Name(), datapoint.Count(m))
		return false
	case wrongType(name, m):
		found.drop(WrongType, m.Name(), datapoint.Count(m))
		return false
	}
	if !utf8.ValidString(m.Description()) {
		m.SetDescription(strings.ToValidUTF8(m.Description(), "\uFFFD"))
	}
	each := pass{meaning{from, m.Type()}, m.Name(), limits, found}
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return each.numbers(m.Gauge().DataPoints())
	case pmetric.MetricTypeSum:
		return each.numbers(m.Sum().DataPoints())
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().RemoveIf(func(p pmetric.HistogramDataPoint) bool {
			return !each.keep(checkHistogram(p, limits), p.Attributes(), p.Exemplars())
		})
		return m.Histogram().DataPoints().Len() > 0
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().RemoveIf(func(p pmetric.ExponentialHistogramDataPoint) bool {
			return !each.keep(checkExponential(p, limits), p.Attributes(), p.Exemplars())
		})
		return m.ExponentialHistogram().DataPoints().Len() > 0
	case pmetric.MetricTypeSummary:
		m.Summary().DataPoints().RemoveIf(func(p pmetric.SummaryDataPoint) bool {
			return !each.keep(checkSummary(p, limits), p.Attributes(), pmetric.NewExemplarSlice())
		})
		return m.Summary().DataPoints().Len() > 0
	default:
		return false // a metric without points
	}
}

// pass is what the points of one metric have in common.
type pass struct {
	meaning
	metric string
	limits Limits
	found  *Findings
}

func (e pass) numbers(points pmetric.NumberDataPointSlice) bool {
	points.RemoveIf(func(p pmetric.NumberDataPoint) bool {
		return !e.keep("", p.Attributes(), p.Exemplars())
	})
	return points.Len() > 0
}

// keep repairs a point that has no reason to be dropped, and reports whether it has none.
func (e pass) keep(reason Reason, attributes pcommon.Map, exemplars pmetric.ExemplarSlice) bool {
	if reason == "" && attributes.Len() > e.limits.Attributes {
		reason = TooManyAttributes
	}
	if reason != "" {
		e.found.drop(reason, e.metric, 1)
		return false
	}
	e.repairLabels(attributes, e.found)
	repairExemplars(exemplars, e.found)
	return true
}

// repairExemplars removes exemplars whose value is not a number.
func repairExemplars(exemplars pmetric.ExemplarSlice, found *Findings) {
	before := exemplars.Len()
	exemplars.RemoveIf(func(e pmetric.Exemplar) bool {
		return e.ValueType() == pmetric.ExemplarValueTypeDouble && math.IsNaN(e.DoubleValue())
	})
	if exemplars.Len() < before {
		found.repair(RemovedExemplars)
	}
}
