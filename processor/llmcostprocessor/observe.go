// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

func (c *core) observe() error {
	number := func(get func() int64) metric.Int64Callback {
		return func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(get())
			return nil
		}
	}
	counting := func(get func() int64) metric.Int64Callback { // with the lock held
		return number(func() int64 {
			c.counting.Lock()
			defer c.counting.Unlock()
			return get()
		})
	}
	return errors.Join(
		c.telemetry.RegisterProcessorLlmCostDedupRecordsCallback(counting(func() int64 { return int64(c.calls.Len()) })),
		c.telemetry.RegisterProcessorLlmCostDedupEvictionsCallback(counting(c.calls.Evicted)),
		c.telemetry.RegisterProcessorLlmCostCrowdedRecordsCallback(counting(func() int64 { return c.calls.Crowding().Total })),
		c.telemetry.RegisterProcessorLlmCostLedgerRowsLimitCallback(number(func() int64 { return int64(c.cfg.MaxRows) })),
		c.telemetry.RegisterProcessorLlmCostLedgerDayRowsLimitCallback(number(func() int64 { return int64(c.cfg.MaxDayRows) })),
		c.telemetry.RegisterProcessorLlmCostLedgerDayRowsCallback(number(func() int64 { return int64(c.ledger.Extent().DayRows) })),
		c.telemetry.RegisterProcessorLlmCostLedgerFoldedDaysCallback(number(func() int64 { return int64(c.ledger.Extent().Folded) })),
		c.telemetry.RegisterProcessorLlmCostLedgerRowsCallback(number(func() int64 { return int64(c.ledger.Rows()) })),
		c.telemetry.RegisterProcessorLlmCostKeptCallsCallback(number(func() int64 {
			extent := c.kept.Extent()
			return int64(extent.Newest + extent.MostExpensive)
		})),
		c.telemetry.RegisterProcessorLlmCostDroppedCallsCallback(number(func() int64 { return c.kept.Extent().Dropped })),
		c.telemetry.RegisterProcessorLlmCostSendersCallback(number(func() int64 { return int64(c.arrivals.Len()) })),
		c.telemetry.RegisterProcessorLlmCostUnlistedRecordsCallback(number(c.arrivals.Unlisted)),
		c.telemetry.RegisterProcessorLlmCostSeriesCallback(counting(func() int64 { return int64(c.series.Len()) })),
		c.telemetry.RegisterProcessorLlmCostSeriesLimitCallback(number(func() int64 { return int64(c.cfg.MaxSeries) })),
		c.telemetry.RegisterProcessorLlmCostPriceModelsCallback(func(_ context.Context, o metric.Int64Observer) error {
			table := c.prices.Load()
			o.Observe(int64(table.Len()), metric.WithAttributes(attribute.String("version", table.Version())))
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			if age, known := c.priceAge(time.Now()); known {
				o.Observe(age.Seconds())
			}
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceSourceAgeCallback(func(_ context.Context, o metric.Float64Observer) error {
			c.lists.mu.Lock()
			defer c.lists.mu.Unlock()
			for _, s := range c.lists.sources {
				since := s.state.Confirmed
				if since.IsZero() {
					since = s.since
				}
				o.Observe(time.Since(since).Seconds(), metric.WithAttributes(attribute.String("source", s.name)))
			}
			return nil
		}),
		c.telemetry.RegisterProcessorLlmCostPriceResolutionsCallback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(c.searched.Load() + c.prices.Load().Resolutions())
			return nil
		}),
	)
}
