// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package prometheussource

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
)

// Metrics of budgets. Those that config/scale/rules/usage.yml records go before the sums that are
// made here: they have the share of a gateway that is away, too.
const (
	metricBudgetRatio   = "arc_llm_budget_used_ratio"
	metricBudgetLimit   = "arc_llm_budget_limit_dollars"
	metricBudgetStart   = "arc_llm_budget_window_start_timestamp_seconds"
	metricBudgetEnd     = "arc_llm_budget_window_end_timestamp_seconds"
	recordedBudgetRatio = "budget_values:arc_llm_budget_used_ratio:sum"
	recordedBudgetSum   = "budget:arc_llm_budget_used_ratio:sum"

	labelBudget    = "budget"
	budgetLookback = "1h"
	maxBudgets     = 5000
)

// budgetCache has the budgets of a few seconds ago.
type budgetCache struct {
	list []dashboard.Budget
	read time.Time
}

// Budgets are those that the metrics have: what all collectors together used of each.
func (s *Source) Budgets() []dashboard.Budget {
	if s.client == nil {
		return nil
	}
	ctx, cancel := s.withTimeout()
	defer cancel()
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return nil
	}
	now := s.now()
	if now.Sub(s.budgets.read) < ttlNow || s.cache.failed != nil && now.Before(s.cache.failure.Add(retryAfter)) {
		return s.budgets.list
	}
	list, err := s.readBudgets(ctx, now)
	if err != nil {
		_ = s.fail(ctx, err, 0, 0) // which logs it
		return nil
	}
	s.budgets = budgetCache{list, now}
	return list
}

// budgetParts are the metrics of budgets, by budget and value.
type budgetParts struct {
	limit, start, end map[string]float64
	// used is by budget and value, then by collector.
	used     map[string]map[string]float64
	recorded map[string]float64
	labels   map[string]model.Metric
	starts   map[string]float64 // by budget and collector
}

func (s *Source) readBudgets(ctx context.Context, now time.Time) ([]dashboard.Budget, error) {
	parts := budgetParts{
		map[string]float64{}, map[string]float64{}, map[string]float64{}, map[string]map[string]float64{}, map[string]float64{}, map[string]model.Metric{}, map[string]float64{},
	}
	for _, each := range []struct {
		expr string
		add  func(key, budget, collector string, value float64)
	}{
		{lately(metricBudgetLimit), func(key, _, _ string, value float64) { parts.limit[key] = max(parts.limit[key], value) }},
		{lately(metricBudgetStart), func(_, budget, collector string, value float64) {
			parts.start[budget] = max(parts.start[budget], value)
			of := budget + "\x00" + collector
			parts.starts[of] = max(parts.starts[of], value)
		}},
		{lately(metricBudgetEnd), func(_, budget, _ string, value float64) { parts.end[budget] = max(parts.end[budget], value) }},
		{lately(metricBudgetRatio), func(key, _, collector string, value float64) {
			if parts.used[key] == nil {
				parts.used[key] = map[string]float64{}
			}
			parts.used[key][collector] = max(parts.used[key][collector], value)
		}},
		{recordedBudgetRatio, func(key, _, _ string, value float64) { parts.recorded[key] = value }},
		{recordedBudgetSum, func(key, _, _ string, value float64) { parts.recorded[key] = value }},
	} {
		vector, err := s.client.at(ctx, each.expr, now)
		if err != nil {
			return nil, err
		}
		for _, sample := range vector {
			collector, _ := s.schema.identityOf(sample.Metric)
			key, labels := s.budgetKey(sample.Metric)
			if parts.labels[key] == nil {
				parts.labels[key] = labels
			}
			each.add(key, string(labels[labelBudget]), collector, float64(sample.Value))
		}
	}
	return s.newBudgets(&parts), nil
}

// lately is the last value of each series, also of a collector that is away for a moment.
func lately(metric string) string {
	return fmt.Sprintf("last_over_time(%s[%s])", metric, budgetLookback)
}

// budgetKey is a budget and its value, whatever collector a series is of.
func (s *Source) budgetKey(labels model.Metric) (string, model.Metric) {
	left := model.Metric{labelBudget: labels[labelBudget]}
	for _, name := range append([]string{string(dashboard.Model), string(dashboard.Provider)}, s.schema.labels...) {
		if value := labels[model.LabelName(name)]; value != "" {
			left[model.LabelName(name)] = value
		}
	}
	return left.String(), left
}

func (s *Source) newBudgets(parts *budgetParts) []dashboard.Budget {
	budgets := []dashboard.Budget{}
	for _, key := range slices.Sorted(maps.Keys(parts.limit)) {
		labels, limit := parts.labels[key], parts.limit[key]
		name := string(labels[labelBudget])
		ratio, recorded := parts.recorded[key]
		if !recorded {
			for collector, used := range parts.used[key] {
				if parts.starts[name+"\x00"+collector] == parts.start[name] { // and not of the window before
					ratio += used
				}
			}
		}
		budget := dashboard.Budget{
			Name: name, Used: ratio * limit, Limit: limit, SumOnly: true,
			Start: s.moment(parts.start[name]), End: s.moment(parts.end[name]),
		}
		budget.Window = windowOf(budget.End.Sub(budget.Start))
		for i, dimension := range s.schema.dimensions {
			label := dimension
			if i > 0 && i <= len(s.schema.labels) {
				label = s.schema.labels[i-1]
			}
			if value := labels[model.LabelName(label)]; value != "" {
				budget.By, budget.Values = append(budget.By, dimension), append(budget.Values, string(value))
			}
		}
		budgets = append(budgets, budget)
	}
	slices.SortStableFunc(budgets, func(a, b dashboard.Budget) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(b.Used/b.Limit, a.Used/a.Limit), slices.Compare(a.Values, b.Values))
	})
	return budgets[:min(len(budgets), maxBudgets)]
}

func (s *Source) moment(seconds float64) time.Time { return time.Unix(int64(seconds), 0).In(s.zone) }

// windowOf is the window that a length is of.
func windowOf(length time.Duration) string {
	switch hours := length.Hours(); {
	case hours <= 1:
		return "hour"
	case hours <= 25:
		return "day"
	case hours <= 7*24+1:
		return "week"
	case hours <= 31*24+1:
		return "month"
	default:
		return "quarter"
	}
}
