// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"slices"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/budget"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
)

// The metrics of budgets.
const (
	metricBudget          = "arc_llm_budget_used_ratio"
	metricBudgetLimit     = "arc_llm_budget_limit_dollars"
	metricBudgetExhausted = "arc_llm_budget_exhausted_timestamp_seconds"
	metricBudgetStart     = "arc_llm_budget_window_start_timestamp_seconds"
	metricBudgetEnd       = "arc_llm_budget_window_end_timestamp_seconds"
	metricBudgetOffset    = "arc_llm_budget_utc_offset_seconds"
	metricBudgetThreshold = "arc_llm_budget_threshold_ratio"
	metricBudgetReached   = "arc_llm_budget_threshold_reached_timestamp_seconds"

	labelBudget    = "budget"
	labelTimeZone  = "time_zone"
	labelThreshold = "threshold" // in percent
)

// zoneOfBudget is the time zone of a budget's windows.
func (c *core) zoneOfBudget(b *BudgetConfig) *time.Location {
	if b.TimeZone == "" {
		return c.zone
	}
	return zoneNamed(b.TimeZone)
}

// spends adds up what the calls of a budget's running window, from its start on, cost, by value.
func (c *core) spends(b *BudgetConfig, start, now time.Time) []budget.Spend {
	where, err := whereOf(c.dimensions.names, b.Where)
	if err != nil {
		return nil // Validate has seen to it
	}
	first, last := ledger.HourOf(start), ledger.HourOf(now)
	if len(b.By) == 0 {
		return []budget.Spend{{Used: c.ledger.Cost(first, last, where), Limit: b.Limit}}
	}
	by, err := columns(c.dimensions.names, b.By)
	if err != nil {
		return nil // as above
	}
	var out []budget.Spend
	for _, group := range c.ledger.Sum(ledger.Query{First: first, Last: last, By: by, Where: where}) {
		known := slices.ContainsFunc(group.Values, func(value string) bool { return value != "" && value != ledger.Overflow })
		if known && !group.Row.Cost.IsZero() {
			out = append(out, budget.Spend{Values: group.Values, Used: group.Row.Cost, Limit: b.limitOf(group.Values)})
		}
	}
	return out
}

// check adds up a budget's running window, and marks the thresholds that were reached in it.
func (c *core) check(
	b *BudgetConfig, now time.Time, mark func(*budget.Budget, []budget.Spend, budget.Moment) []budget.Spend,
) (start, end time.Time, spends []budget.Spend) {
	zone := c.zoneOfBudget(b)
	start, end = b.Window.around(now, zone)
	kept, _ := b.Window.around(c.clock.before(now), zone)
	return start, end, mark(b.definition(), c.spends(b, start, now), budget.Moment{Start: start, Now: now, Kept: kept})
}

// Budgets are those of the configuration, with what is used of them.
func (b usageSource) Budgets() []dashboard.Budget {
	now := time.Now()
	budgets := make([]dashboard.Budget, 0, len(b.cfg.Budgets))
	for i := range b.cfg.Budgets {
		configured := &b.cfg.Budgets[i]
		start, end, spends := b.check(configured, now, b.reached.Mark)
		for _, s := range spends {
			of := dashboard.Budget{
				Name: configured.Name, Window: string(configured.Window), Where: configured.Where, By: configured.By, Values: s.Values,
				Start: start, End: end, Used: s.Used.Dollars(), Limit: s.Limit,
			}
			for j, percent := range configured.thresholds() {
				of.Thresholds = append(of.Thresholds, dashboard.Threshold{Percent: percent, Reached: s.Reached[j]})
			}
			budgets = append(budgets, of)
		}
	}
	return budgets
}

// budgetMetrics writes what is used of the budgets, and when they are used up.
func (c *core) budgetMetrics(w writer, now time.Time) {
	if len(c.cfg.Budgets) == 0 {
		return
	}
	ratios := w.gauge(metricBudget, "Part of a budget that was spent in its running window; 1 is all of it.", "1")
	limits := w.gauge(metricBudgetLimit, "Limit of a budget in US dollars.", "USD")
	until := w.gauge(metricBudgetExhausted, "Time at which a budget of the calendar is used up at the pace of its window so far, in seconds since 1970.", "s")
	starts := w.gauge(metricBudgetStart, "Start of a budget's running window, in seconds since 1970.", "s")
	ends := w.gauge(metricBudgetEnd, "End of a budget's running window, in seconds since 1970.", "s")
	offsets := w.gauge(metricBudgetOffset, "Offset from UTC of a budget's time zone, in seconds.", "s")
	thresholds := w.gauge(metricBudgetThreshold, "Threshold of a budget, as a part of its limit.", "1")
	times := w.gauge(metricBudgetReached, "Time at which a threshold of a budget was reached in its running window, in seconds since 1970.", "s")
	for i := range c.cfg.Budgets {
		b := &c.cfg.Budgets[i]
		zone := c.zoneOfBudget(b)
		start, end, spends := c.check(b, now, c.reached.Update)
		w.budget(starts, b, nil).SetDoubleValue(float64(start.Unix()))
		w.budget(ends, b, nil).SetDoubleValue(float64(end.Unix()))
		offset := w.budget(offsets, b, nil)
		offset.Attributes().PutStr(labelTimeZone, zone.String())
		_, east := now.In(zone).Zone()
		offset.SetDoubleValue(float64(east))
		for _, s := range spends {
			w.budget(ratios, b, s.Values).SetDoubleValue(s.Ratio())
			w.budget(limits, b, s.Values).SetDoubleValue(s.Limit)
			if at, known := budget.Exhausted(start, now, s.Ratio()); known && b.Window.rolling() == 0 {
				w.budget(until, b, s.Values).SetDoubleValue(float64(at.Unix()))
			}
			for j, percent := range b.thresholds() {
				w.threshold(thresholds, b, s.Values, percent).SetDoubleValue(percent / 100)
				if at := s.Reached[j]; !at.IsZero() {
					w.threshold(times, b, s.Values, percent).SetDoubleValue(float64(at.Unix()))
				}
			}
		}
	}
	w.to.RemoveIf(func(m pmetric.Metric) bool {
		return m.Type() == pmetric.MetricTypeGauge && m.Gauge().DataPoints().Len() == 0
	})
}

func (w writer) budget(to pmetric.NumberDataPointSlice, b *BudgetConfig, values []string) pmetric.NumberDataPoint {
	point := to.AppendEmpty()
	point.SetTimestamp(w.now)
	putBudget(point.Attributes(), b, values)
	return point
}

func (w writer) threshold(to pmetric.NumberDataPointSlice, b *BudgetConfig, values []string, percent float64) pmetric.NumberDataPoint {
	point := w.budget(to, b, values)
	point.Attributes().PutStr(labelThreshold, budget.Percent(percent))
	return point
}

func putBudget(to pcommon.Map, b *BudgetConfig, values []string) {
	to.PutStr(labelBudget, b.Name)
	for i, value := range values {
		label := dashboard.MetricLabel(b.By[i])
		if b.By[i] == dashboard.Model || b.By[i] == dashboard.Provider {
			label = b.By[i]
		}
		if value != "" {
			to.PutStr(label, value)
		}
	}
}
