// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/metadata"
)

// Names and labels are those of the Arc guide; nobody adds suffixes to them.
const (
	metricCalls       = "arc_llm_calls_total"
	metricDuration    = "arc_llm_duration_seconds"
	metricTokens      = "arc_llm_tokens_total" //nolint:gosec // a name, no credential
	metricUsage       = "arc_llm_usage_total"
	metricCost        = "arc_llm_cost_dollars"
	metricDifference  = "arc_llm_cost_reported_difference_dollars"
	metricHourlyCost  = "arc_llm_hourly_cost_dollars"
	metricHourlyToken = "arc_llm_hourly_tokens" //nolint:gosec // a name, no credential
	metricHourlyCalls = "arc_llm_hourly_calls"

	labelModel  = "model"
	labelStatus = "status"
	labelType   = "type"

	typePrompt     = "prompt"
	typeCompletion = "completion"

	overflowAttribute = "otel.metric.overflow"
	attrService       = "service.name"
	attrInstance      = "service.instance.id"
	defaultService    = "otelcol-arc"
)

// buildMetrics makes metrics of everything that was counted, as those of the Collector
// itself.
func (c *core) buildMetrics() pmetric.Metrics {
	now := time.Now()
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	c.resource.CopyTo(rm.Resource())
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName(metadata.ScopeName)

	w := writer{to: sm.Metrics(), now: pcommon.NewTimestampFromTime(now)}
	totals := c.ledger.Export()
	models := slices.Sorted(maps.Keys(totals))
	w.totals(models, totals)
	w.differences(models, totals)
	w.hour(models, totals, c.ledger.Hour(ledger.HourOf(now)))
	c.usageSeries(w, now)
	c.budgetMetrics(w, now)
	w.billing(c.billingTotals(now))
	return md
}

// ownResource is the Collector's, with a name in any case.
func ownResource(collector pcommon.Resource) pcommon.Resource {
	own := pcommon.NewResource()
	collector.CopyTo(own)
	if _, ok := own.Attributes().Get(attrService); !ok {
		own.Attributes().PutStr(attrService, defaultService)
	}
	return own
}

// writer appends metrics that were observed now.
type writer struct {
	to  pmetric.MetricSlice
	now pcommon.Timestamp
}

// totals are cumulative, and never decrease: what a correction subtracts is deducted
// from later increases. Every series of a model exists from the start, with zeros, so
// that the first error is an increase and not a new series.
func (w writer) totals(models []string, totals map[string]ledger.Total) {
	if len(models) == 0 {
		return
	}
	calls := w.sum(metricCalls, "LLM calls.", "{call}")
	tokens := w.sum(metricTokens, "Tokens of LLM calls.", "{token}")
	used := w.sum(metricUsage, "Usage of LLM calls, by kind; kinds are disjoint.", "1")
	cost := w.sum(metricCost, "Cost of LLM calls in US dollars.", "USD")
	durations := w.metric(metricDuration, "Duration of LLM calls.", "s").SetEmptyHistogram()
	durations.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	// A model whose calls have no price has no cost series: 0 would be wrong.
	for _, model := range models {
		total := totals[model]
		start := pcommon.NewTimestampFromTime(total.Start)
		counters := &total.Exported
		for status, name := range ledger.Statuses {
			w.point(calls, start, model, labelStatus, name).SetIntValue(counters.Calls[status])
		}
		w.point(tokens, start, model, labelType, typePrompt).SetIntValue(counters.Prompt)
		w.point(tokens, start, model, labelType, typeCompletion).SetIntValue(counters.Completion)
		for kind, n := range counters.Usage {
			if n > 0 {
				w.point(used, start, model, labelType, usage.Kind(kind).String()).SetDoubleValue(float64(n) / float64(usage.Kind(kind).Scale()))
			}
		}
		if total.Priced() || !counters.Cost.IsZero() {
			// Without an exemplar: Prometheus 2.42 rejects the whole scrape for one on a
			// counter whose name does not end in _total.
			w.point(cost, start, model, "", "").SetDoubleValue(counters.Cost.Dollars())
		}
		w.histogram(durations.DataPoints().AppendEmpty(), start, model, &total)
	}
}

// differences are there for models whose applications report costs. They go down,
// too, where an application reports less than we compute.
func (w writer) differences(models []string, totals map[string]ledger.Total) {
	reported := slices.DeleteFunc(slices.Clone(models), func(model string) bool { return totals[model].Compared.Calls == 0 })
	if len(reported) == 0 {
		return
	}
	sum := w.metric(metricDifference, "What applications reported of the cost of LLM calls, less what we computed, in US dollars.", "USD").SetEmptySum()
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	for _, model := range reported {
		total := totals[model]
		w.point(sum.DataPoints(), pcommon.NewTimestampFromTime(total.Start), model, "", "").SetDoubleValue(total.Compared.Difference())
	}
}

// hour is the running hour so far, with zeros for the models that were called
// before but not in it.
func (w writer) hour(models []string, totals map[string]ledger.Total, rows map[string]ledger.Row) {
	if len(models) == 0 {
		return
	}
	rows = foldRows(rows, totals)
	if _, more := rows[ledger.Overflow]; more && !slices.Contains(models, ledger.Overflow) {
		models = append(models, ledger.Overflow)
	}
	cost := w.gauge(metricHourlyCost, "Cost of the LLM calls of the running hour (UTC) in US dollars.", "USD")
	tokens := w.gauge(metricHourlyToken, "Tokens of the LLM calls of the running hour (UTC).", "{token}")
	calls := w.gauge(metricHourlyCalls, "LLM calls of the running hour (UTC).", "{call}")
	for _, model := range models {
		row, total := rows[model], totals[model]
		if row.Priced() || total.Priced() {
			w.point(cost, 0, model, "", "").SetDoubleValue(row.Cost.Dollars())
		}
		w.point(tokens, 0, model, labelType, typePrompt).SetIntValue(row.Usage.Prompt())
		w.point(tokens, 0, model, labelType, typeCompletion).SetIntValue(row.Usage.Completion())
		w.point(calls, 0, model, "", "").SetIntValue(row.Count())
	}
}

// foldRows is the rows with those of models that have no total of their own added
// to the overflow, as they are in the totals. Without, they would be nowhere.
func foldRows(rows map[string]ledger.Row, totals map[string]ledger.Total) map[string]ledger.Row {
	out := make(map[string]ledger.Row, len(rows))
	for model, row := range rows {
		if _, own := totals[model]; !own {
			model = ledger.Overflow
		}
		sum := out[model]
		sum.Add(&row)
		out[model] = sum
	}
	return out
}

func (w writer) metric(name, description, unit string) pmetric.Metric {
	m := w.to.AppendEmpty()
	m.SetName(name)
	m.SetDescription(description)
	m.SetUnit(unit)
	return m
}

func (w writer) sum(name, description, unit string) pmetric.NumberDataPointSlice {
	sum := w.metric(name, description, unit).SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	return sum.DataPoints()
}

func (w writer) gauge(name, description, unit string) pmetric.NumberDataPointSlice {
	return w.metric(name, description, unit).SetEmptyGauge().DataPoints()
}

func (w writer) point(to pmetric.NumberDataPointSlice, start pcommon.Timestamp, model, label, value string) pmetric.NumberDataPoint {
	point := to.AppendEmpty()
	point.SetStartTimestamp(start)
	point.SetTimestamp(w.now)
	labels(point.Attributes(), model)
	if label != "" {
		point.Attributes().PutStr(label, value)
	}
	return point
}

func (w writer) histogram(point pmetric.HistogramDataPoint, start pcommon.Timestamp, model string, total *ledger.Total) {
	point.SetStartTimestamp(start)
	point.SetTimestamp(w.now)
	labels(point.Attributes(), model)
	point.ExplicitBounds().FromRaw(ledger.Bounds[:])
	point.BucketCounts().FromRaw(total.Exported.Durations[:])
	point.SetCount(total.Exported.Timed())
	point.SetSum(total.Exported.Elapsed.Float())
	for i := range total.Examples {
		example := &total.Examples[i]
		addExemplar(point.Exemplars(), example.Trace, example.Span, example.End, example.Duration.Seconds())
	}
}

// addExemplar adds a call as an exemplar, if its trace is known. end is in nanoseconds since 1970.
func addExemplar(to pmetric.ExemplarSlice, trace [16]byte, span [8]byte, end int64, value float64) {
	if trace == [16]byte{} {
		return
	}
	exemplar := to.AppendEmpty()
	exemplar.SetTraceID(trace)
	exemplar.SetSpanID(span)
	exemplar.SetTimestamp(pcommon.Timestamp(end))
	exemplar.SetDoubleValue(value)
}

// labels say the model; the one of the models beyond the limit is marked as the
// metrics SDK marks overflow.
func labels(attributes pcommon.Map, model string) {
	attributes.PutStr(labelModel, model)
	if model == ledger.Overflow {
		attributes.PutBool(overflowAttribute, true)
	}
}
