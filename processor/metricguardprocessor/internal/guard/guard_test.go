// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package guard

import (
	"maps"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

var limits = Limits{Buckets: 4, Attributes: 3}

func metricOf(name string) pmetric.Metric {
	m := pmetric.NewMetric()
	m.SetName(name)
	return m
}

func gauge(name string, attributes map[string]any) pmetric.Metric {
	m := metricOf(name)
	_ = m.SetEmptyGauge().DataPoints().AppendEmpty().Attributes().FromRaw(attributes)
	return m
}

func sum(name string, monotonic bool) pmetric.Metric {
	m := metricOf(name)
	m.SetEmptySum().SetIsMonotonic(monotonic)
	m.Sum().DataPoints().AppendEmpty().SetIntValue(1)
	return m
}

func histogram(count uint64, bounds []float64, counts ...uint64) pmetric.Metric {
	m := metricOf("latency")
	p := m.SetEmptyHistogram().DataPoints().AppendEmpty()
	p.SetCount(count)
	p.ExplicitBounds().FromRaw(bounds)
	p.BucketCounts().FromRaw(counts)
	return m
}

func exponential(scale int32, count uint64, offset int32, counts ...uint64) pmetric.Metric {
	m := metricOf("latency")
	p := m.SetEmptyExponentialHistogram().DataPoints().AppendEmpty()
	p.SetScale(scale)
	p.SetCount(count)
	p.Positive().SetOffset(offset)
	p.Positive().BucketCounts().FromRaw(counts)
	return m
}

func summary(quantiles ...float64) pmetric.Metric {
	m := metricOf("latency")
	p := m.SetEmptySummary().DataPoints().AppendEmpty()
	for _, q := range quantiles {
		p.QuantileValues().AppendEmpty().SetQuantile(q)
	}
	return m
}

func TestDropped(t *testing.T) {
	scraped := Source{Collector: true}
	pushed := Source{}
	for name, test := range map[string]struct {
		metric pmetric.Metric
		from   Source
		want   Reason
	}{
		"a gauge":                             {gauge("requests", nil), pushed, ""},
		"the name of the ledger's counter":    {sum("arc_llm_cost_dollars", true), pushed, ReservedName},
		"which becomes one in the exposition": {gauge("arc.llm.cost.dollars", nil), pushed, ReservedName},
		"of the ledger, scraped":              {sum("arc_llm_calls_total", true), scraped, ReservedName},
		"of the rule engine":                  {gauge("ALERTS", nil), scraped, ReservedName},
		"its state":                           {gauge("ALERTS_FOR_STATE", nil), pushed, ReservedName},
		"of the Collector, pushed":            {sum("otelcol_processor_incoming_items", true), pushed, ReservedName},
		"of the Collector, scraped":           {sum("otelcol_processor_incoming_items", true), scraped, ""},
		"billed, pushed":                      {sum("arc_llm_billed_cost_dollars", true), pushed, ReservedName},
		"billed, scraped":                     {sum("arc_llm_billed_cost_dollars", true), scraped, ReservedName},
		"billed, of the receiver":             {sum("arc_llm_billed_cost_dollars", true), Source{Billing: true}, ""},
		"of llm_cost, by the receiver":        {sum("arc_llm_cost_dollars", true), Source{Billing: true}, ReservedName},
		"a name that only begins so":          {gauge("ALERTS_TOTAL", nil), pushed, ""},
		"of the Arc guide, as it is":          {sum("arc_requests_total", true), pushed, ""},
		"of the Arc guide, as a gauge":        {gauge("arc_requests_total", nil), pushed, WrongType},
		"of the Arc guide, not monotonic":     {sum("arc_requests_total", false), pushed, WrongType},
		"a gauge of the Arc guide, as a sum":  {sum("arc_active_requests", true), pushed, WrongType},
		"and as one that goes down":           {sum("arc_active_requests", false), pushed, ""},
		"no name":                             {gauge("", nil), pushed, InvalidName},
		"a name that is not text":             {gauge("a\xff", nil), pushed, InvalidName},
		"many attributes":                     {gauge("a", map[string]any{"a": 1, "b": 1, "c": 1, "d": 1}), pushed, TooManyAttributes},
		"a histogram":                         {histogram(3, []float64{1, 2}, 1, 1, 1), pushed, ""},
		"without buckets":                     {histogram(3, nil), pushed, ""},
		"with one bucket":                     {histogram(3, nil, 3), pushed, ""},
		"fewer counts than bounds":            {histogram(1, []float64{1, 2}, 1), pushed, InvalidHistogram},
		"no counts":                           {histogram(1, []float64{1, 2}), pushed, InvalidHistogram},
		"more counts than bounds":             {histogram(3, []float64{1}, 1, 1, 1), pushed, InvalidHistogram},
		"a total that is not that of buckets": {histogram(4, []float64{1, 2}, 1, 1, 1), pushed, InvalidHistogram},
		"counts that overflow":                {histogram(0, []float64{1}, math.MaxUint64, 1), pushed, InvalidHistogram},
		"bounds that fall":                    {histogram(3, []float64{2, 1}, 1, 1, 1), pushed, InvalidHistogram},
		"equal bounds":                        {histogram(3, []float64{1, 1}, 1, 1, 1), pushed, InvalidHistogram},
		"a bound that is not a number":        {histogram(2, []float64{math.NaN()}, 1, 1), pushed, InvalidHistogram},
		"an infinite bound":                   {histogram(2, []float64{math.Inf(1)}, 1, 1), pushed, InvalidHistogram},
		"many buckets":                        {histogram(5, []float64{1, 2, 3, 4}, 1, 1, 1, 1, 1), pushed, TooManyBuckets},
		"an exponential one":                  {exponential(3, 2, 0, 1, 1), pushed, ""},
		"of a scale too low":                  {exponential(-5, 2, 0, 1, 1), pushed, InvalidHistogram},
		"with a total too large":              {exponential(3, 3, 0, 1, 1), pushed, InvalidHistogram},
		"with an offset at the end":           {exponential(3, 2, math.MaxInt32, 1, 1), pushed, InvalidHistogram},
		"with many buckets":                   {exponential(3, 5, 0, 1, 1, 1, 1, 1), pushed, TooManyBuckets},
		"a summary":                           {summary(0, .5, 1), pushed, ""},
		"with a quantile twice":               {summary(.5, .5), pushed, InvalidSummary},
		"with one above 1":                    {summary(1.5), pushed, InvalidSummary},
		"with one that is not a number":       {summary(math.NaN()), pushed, InvalidSummary},
	} {
		t.Run(name, func(t *testing.T) {
			var found Findings
			kept := Metric(test.metric, test.from, limits, &found)
			assert.Equal(t, test.want == "", kept)
			dropped := maps.Collect(found.Dropped())
			if test.want == "" {
				assert.Empty(t, dropped)
				return
			}
			assert.Equal(t, map[Reason]int64{test.want: 1}, dropped)
		})
	}
}

func TestRepairedLabels(t *testing.T) {
	resource := Source{Job: true, Instance: true}
	for name, test := range map[string]struct {
		metric pmetric.Metric
		want   map[string]any
		repair []Repair
	}{
		"as they are":             {gauge("a", map[string]any{"b.c": "1", "d": int64(2)}), map[string]any{"b.c": "1", "d": int64(2)}, nil},
		"one label twice":         {gauge("a", map[string]any{"b.c": "1", "b_c": "2"}), map[string]any{"b_c": "1;2"}, []Repair{MergedLabels}},
		"the exposition's labels": {gauge("a", map[string]any{"job": "x", "instance": "y"}), map[string]any{"exported_job": "x", "exported_instance": "y"}, []Repair{RenamedLabel}},
		"the name":                {gauge("a", map[string]any{"__name__": "x"}), map[string]any{"exported_name__": "x"}, []Repair{RenamedLabel}},
		"le of a gauge":           {gauge("a", map[string]any{"le": "1"}), map[string]any{"le": "1"}, nil},
		"bytes":                   {gauge("a", map[string]any{"b": "\xff"}), map[string]any{"b": "\uFFFD"}, []Repair{InvalidUTF8}},
		"no name":                 {gauge("a", map[string]any{"": "x", "b": "y"}), map[string]any{"b": "y"}, []Repair{RemovedLabel}},
		"a new collision":         {gauge("a", map[string]any{"job": "x", "exported_job": "y"}), map[string]any{"exported_job": "y;x"}, []Repair{RenamedLabel, MergedLabels}},
	} {
		t.Run(name, func(t *testing.T) {
			var found Findings
			require.True(t, Metric(test.metric, resource, limits, &found))
			assert.Equal(t, test.want, test.metric.Gauge().DataPoints().At(0).Attributes().AsRaw())
			var repairs []Repair
			for repair := range found.Repaired() {
				repairs = append(repairs, repair)
			}
			assert.ElementsMatch(t, test.repair, repairs)
			assert.Empty(t, maps.Collect(found.Dropped()))
		})
	}
}

// A label that the buckets have cannot come from an attribute.
func TestHistogramLabels(t *testing.T) {
	m := histogram(3, []float64{1, 2}, 1, 1, 1)
	m.Histogram().DataPoints().At(0).Attributes().PutStr("le", "5")
	var found Findings
	require.True(t, Metric(m, Source{}, limits, &found))
	assert.Equal(t, map[string]any{"exported_le": "5"}, m.Histogram().DataPoints().At(0).Attributes().AsRaw())
	s := summary(.5)
	s.Summary().DataPoints().At(0).Attributes().PutStr("quantile", "x")
	require.True(t, Metric(s, Source{}, limits, &found))
	assert.Equal(t, map[string]any{"exported_quantile": "x"}, s.Summary().DataPoints().At(0).Attributes().AsRaw())
}

// One bad point does not take the others of its metric with it.
func TestOtherPointsStay(t *testing.T) {
	m := histogram(3, []float64{1, 2}, 1, 1, 1)
	m.Histogram().DataPoints().AppendEmpty().ExplicitBounds().FromRaw([]float64{1})
	var found Findings
	require.True(t, Metric(m, Source{}, limits, &found))
	assert.Equal(t, 1, m.Histogram().DataPoints().Len())
	assert.Equal(t, map[Reason]int64{InvalidHistogram: 1}, maps.Collect(found.Dropped()))
	assert.Equal(t, "latency", found.Example(InvalidHistogram))
}
