// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
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

// maxBudgetValues bounds the values of a budget that are reported.
const maxBudgetValues = 1000

// spend is what a value of a budget's dimensions has used.
type spend struct {
	values []string // in the order of by; none without
	used   money.Sum
	limit  float64
	// reached is when each of the budget's thresholds was, in the running window; zero: not yet.
	reached []time.Time
}

func (s *spend) ratio() float64 { return s.used.Dollars() / s.limit }

// zoneOfBudget is the time zone of a budget's windows.
func (c *core) zoneOfBudget(b *BudgetConfig) *time.Location {
	if b.TimeZone == "" {
		return c.zone
	}
	return zoneNamed(b.TimeZone)
}

// spends adds up what the calls of a budget's running window, from its start on, cost, by value.
func (c *core) spends(b *BudgetConfig, start, now time.Time) []spend {
	where, err := whereOf(c.dimensions.names, b.Where)
	if err != nil {
		return nil // Validate has seen to it
	}
	first, last := ledger.HourOf(start), ledger.HourOf(now)
	if len(b.By) == 0 {
		return []spend{{used: c.ledger.Cost(first, last, where), limit: b.Limit}}
	}
	by, err := columns(c.dimensions.names, b.By)
	if err != nil {
		return nil // as above
	}
	var out []spend
	for _, group := range c.ledger.Sum(ledger.Query{First: first, Last: last, By: by, Where: where}) {
		known := slices.ContainsFunc(group.Values, func(value string) bool { return value != "" && value != ledger.Overflow })
		if known && !group.Row.Cost.IsZero() {
			out = append(out, spend{values: group.Values, used: group.Row.Cost, limit: b.limitOf(strings.Join(group.Values, "/"))})
		}
	}
	return out
}

// check adds up a budget's running window, with the thresholds that were reached in it. With
// latch, those that are reached now are remembered.
func (c *core) check(b *BudgetConfig, now time.Time, latch bool) (start, end time.Time, spends []spend) {
	zone := c.zoneOfBudget(b)
	start, end = b.Window.around(now, zone)
	kept, _ := b.Window.around(c.clock.before(now), zone)
	return start, end, c.reached.mark(b, c.spends(b, start, now), moment{start: start, now: now, kept: kept}, latch)
}

func (b *BudgetConfig) limitOf(values string) float64 {
	if limit, own := b.Limits[values]; own {
		return limit
	}
	return b.Limit
}

// exhausted is when a budget is used up at the pace of its window so far, or was.
func exhausted(start, now time.Time, ratio float64) (at time.Time, known bool) {
	elapsed := now.Sub(start)
	if ratio <= 0 || elapsed <= 0 {
		return time.Time{}, false
	}
	seconds := elapsed.Seconds() / ratio
	if seconds > 100*366*24*3600 {
		return time.Time{}, false // in more than a century
	}
	return start.Add(time.Duration(seconds * float64(time.Second))), true
}

// Budgets are those of the configuration, with what is used of them.
func (b usageSource) Budgets() []dashboard.Budget {
	now := time.Now()
	budgets := make([]dashboard.Budget, 0, len(b.cfg.Budgets))
	for i := range b.cfg.Budgets {
		budget := &b.cfg.Budgets[i]
		start, end, spends := b.check(budget, now, false)
		for _, s := range spends {
			of := dashboard.Budget{
				Name: budget.Name, Window: string(budget.Window), Where: budget.Where, By: budget.By, Values: s.values,
				Start: start, End: end, Used: s.used.Dollars(), Limit: s.limit,
			}
			for j, percent := range budget.thresholds() {
				of.Thresholds = append(of.Thresholds, dashboard.Threshold{Percent: percent, Reached: s.reached[j]})
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
		start, end, spends := c.check(b, now, true)
		w.budget(starts, b, nil).SetDoubleValue(float64(start.Unix()))
		w.budget(ends, b, nil).SetDoubleValue(float64(end.Unix()))
		offset := w.budget(offsets, b, nil)
		offset.Attributes().PutStr(labelTimeZone, zone.String())
		_, east := now.In(zone).Zone()
		offset.SetDoubleValue(float64(east))
		for _, s := range spends {
			w.budget(ratios, b, s.values).SetDoubleValue(s.ratio())
			w.budget(limits, b, s.values).SetDoubleValue(s.limit)
			if at, known := exhausted(start, now, s.ratio()); known && b.Window.rolling() == 0 {
				w.budget(until, b, s.values).SetDoubleValue(float64(at.Unix()))
			}
			for j, percent := range b.thresholds() {
				w.threshold(thresholds, b, s.values, percent).SetDoubleValue(percent / 100)
				if at := s.reached[j]; !at.IsZero() {
					w.threshold(times, b, s.values, percent).SetDoubleValue(float64(at.Unix()))
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
	point.Attributes().PutStr(labelThreshold, percentLabel(percent))
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
