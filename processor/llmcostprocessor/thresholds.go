// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/budget"
)

const (
	// maxThresholds bounds those of a budget: each is a series for each of its values.
	maxThresholds = 10
	// maxThreshold is the highest, in percent.
	maxThreshold = 1000

	// keyReached has which thresholds of budgets were reached in their running windows.
	keyReached = "budget_thresholds"
)

// defaultThresholds are those of a budget without others, in percent.
var defaultThresholds = []float64{50, 80, 100}

func (b *BudgetConfig) thresholds() []float64 {
	if b.Thresholds == nil {
		return defaultThresholds
	}
	return b.Thresholds
}

func validateThresholds(i int, thresholds []float64) []error {
	var errs []error
	if len(thresholds) > maxThresholds {
		errs = append(errs, fmt.Errorf("budgets::%d::thresholds: there are %d, more than %d", i, len(thresholds), maxThresholds))
	}
	for j, percent := range thresholds {
		if !(percent > 0 && percent <= maxThreshold) { // NaN, too
			errs = append(errs, fmt.Errorf("budgets::%d::thresholds::%d: must be above 0 and at most %d, is %v", i, j, maxThreshold, percent))
		} else if j > 0 && percent <= thresholds[j-1] {
			errs = append(errs, fmt.Errorf("budgets::%d::thresholds::%d: must be above the one before, %v, is %v", i, j, thresholds[j-1], percent))
		}
	}
	return errs
}

// definition is what decides which thresholds are reached. What counts for another window, or for
// other calls, is another one; limits may change.
func (b *BudgetConfig) definition() *budget.Budget {
	id, _ := json.Marshal([]any{b.Window, b.TimeZone, b.By, b.Where})
	return &budget.Budget{
		Name: b.Name, ID: string(id), Thresholds: b.thresholds(), Dimensions: len(b.By), LimitOf: b.limitOf,
	}
}

// limitOf is the limit of values, in dollars.
func (b *BudgetConfig) limitOf(values []string) float64 {
	if limit, own := b.Limits[strings.Join(values, "/")]; own {
		return limit
	}
	return b.Limit
}

// loadReached loads what was reached. It is for Start.
func (c *core) loadReached(ctx context.Context) error {
	if c.store == nil {
		return nil
	}
	return c.store.Read(ctx, keyReached, c.reached.Load)
}

// saveReached persists what was reached. It is called before metrics of it are emitted, with
// mu held.
func (c *core) saveReached(ctx context.Context) error {
	isConfigured := func(name string) bool {
		return slices.ContainsFunc(c.cfg.Budgets, func(b BudgetConfig) bool { return b.Name == name })
	}
	if err := c.reached.Save(isConfigured, func(content []byte) error { return c.store.Client().Set(ctx, keyReached, content) }); err != nil {
		return fmt.Errorf("thresholds of budgets: %w", err)
	}
	return nil
}
