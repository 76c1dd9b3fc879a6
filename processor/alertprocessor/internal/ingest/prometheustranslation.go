// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package ingest

import (
	"context"
	"slices"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/storage/remote/otlptranslator/prometheusremotewrite"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// translationSettings name series as the metrics are named: no suffix is added.
// That is what the prometheus exporter shows when its suffixes are off, so that
// a rule means the same on both sides.
func translationSettings(resourceAttributes []string) prometheusremotewrite.Settings {
	return prometheusremotewrite.Settings{
		PromoteResourceAttributes: prometheusremotewrite.NewPromoteResourceAttributes(config.OTLPConfig{
			PromoteResourceAttributes: resourceAttributes,
		}),
	}
}

// prometheusTranslation is Prometheus' translation, of one data point at a time.
type prometheusTranslation struct {
	settings  prometheusremotewrite.Settings
	converter *prometheusremotewrite.PrometheusConverter // made when first needed
	resource  pcommon.Resource

	md     pmetric.Metrics // a copy of the point, or of one with the same labels
	copied bool            // whether the resource is in md
	found  []sample
}

// begin sets the resource of the next data points.
func (o *prometheusTranslation) begin(resource pcommon.Resource) {
	o.resource, o.copied = resource, false
}

// number makes a sample that has the series of p.
func (o *prometheusTranslation) number(m pmetric.Metric, p pmetric.NumberDataPoint) []sample {
	own := o.metric(m)
	if m.Type() == pmetric.MetricTypeSum {
		sum := own.SetEmptySum()
		sum.SetIsMonotonic(m.Sum().IsMonotonic())
		sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
		p.Attributes().CopyTo(sum.DataPoints().AppendEmpty().Attributes())
	} else {
		p.Attributes().CopyTo(own.SetEmptyGauge().DataPoints().AppendEmpty().Attributes())
	}
	return o.translate(false)
}

// histogram makes samples that have the series of p.
func (o *prometheusTranslation) histogram(m pmetric.Metric, p pmetric.HistogramDataPoint) []sample {
	h := o.metric(m).SetEmptyHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	own := h.DataPoints().AppendEmpty()
	p.Attributes().CopyTo(own.Attributes())
	p.ExplicitBounds().CopyTo(own.ExplicitBounds())
	p.BucketCounts().CopyTo(own.BucketCounts())
	if p.HasSum() {
		own.SetSum(p.Sum())
	}
	return o.translate(false)
}

// exponentialHistogram makes the samples of p.
func (o *prometheusTranslation) exponentialHistogram(m pmetric.Metric, p pmetric.ExponentialHistogramDataPoint) []sample {
	h := o.metric(m).SetEmptyExponentialHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	p.CopyTo(h.DataPoints().AppendEmpty())
	return o.translate(false)
}

// summary makes the samples of p.
func (o *prometheusTranslation) summary(m pmetric.Metric, p pmetric.SummaryDataPoint) []sample {
	p.CopyTo(o.metric(m).SetEmptySummary().DataPoints().AppendEmpty())
	return o.translate(false)
}

// targetInfo makes a sample of target_info, or none if the resource has none.
func (o *prometheusTranslation) targetInfo() []sample {
	m := o.metric(pmetric.NewMetric())
	m.SetName("up")
	m.SetEmptyGauge().DataPoints().AppendEmpty()
	all := o.translate(true)
	return all[min(1, len(all)):]
}

// metric makes place for another metric of the name.
func (o *prometheusTranslation) metric(like pmetric.Metric) pmetric.Metric {
	if o.converter == nil {
		o.converter = prometheusremotewrite.NewPrometheusConverter(o)
		o.md = pmetric.NewMetrics()
		o.md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty()
	}
	rm := o.md.ResourceMetrics().At(0)
	if !o.copied {
		o.resource.CopyTo(rm.Resource())
		o.copied = true
	}
	metrics := rm.ScopeMetrics().At(0).Metrics()
	metrics.RemoveIf(func(pmetric.Metric) bool { return true })
	own := metrics.AppendEmpty()
	own.SetName(like.Name())
	return own
}

func (o *prometheusTranslation) translate(targetInfo bool) []sample {
	o.found = o.found[:0]
	settings := o.settings
	settings.DisableTargetInfo = !targetInfo
	// What cannot be translated is seen by what is missing.
	_, _ = o.converter.FromMetrics(context.Background(), o.md, settings)
	return o.found
}

// Append implements storage.AppenderV2.
func (o *prometheusTranslation) Append(_ storage.SeriesRef, series labels.Labels, start, at int64, v float64, h *histogram.Histogram, _ *histogram.FloatHistogram, options storage.AppendV2Options) (storage.SeriesRef, error) {
	s := sample{series: &cachedSeries{labels: series}, start: start, at: at, value: v}
	if h != nil || len(options.Exemplars) > 0 {
		s.extra = &sampleExtra{histogram: h, exemplars: slices.Clone(options.Exemplars)} // the slice is the converter's
	}
	o.found = append(o.found, s)
	return 0, nil
}

// Commit implements storage.AppenderV2. What was found is taken from found.
func (*prometheusTranslation) Commit() error { return nil }

// Rollback implements storage.AppenderV2.
func (*prometheusTranslation) Rollback() error { return nil }

var _ storage.AppenderV2 = (*prometheusTranslation)(nil)
