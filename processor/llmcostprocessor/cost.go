// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/convention"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

const (
	// maxAhead is how far a sender's clock may be ahead before its time is taken
	// to be wrong.
	maxAhead = 10 * time.Minute
	// firstCalls is the second in which 2020 began, the year in which the first model was sold by the call. A
	// time before is that of a clock that was never set.
	firstCalls = 1577836800
)

// quote is what a call costs.
type quote struct {
	at      time.Time
	outcome string
	// name is that of the model in the table, if it is listed, or as written.
	name   string
	listed bool
	// noPrice: the table has no price of the model, and the call needs one.
	noPrice     bool
	cost, saved money.Pico
}

// priceCalls prices the calls of a batch.
func (c *core) priceCalls(ctx context.Context, b *batch) {
	b.prices = c.prices.Load()
	b.decideReadings()
	for i := range b.calls {
		d := &b.calls[i]
		model, found := b.prices.Find(d.call.Provider, d.call.Model)
		d.quote = priceCall(&d.call, model, found, (*price.Model).Cost, c.timeOf(ctx, d.end, b.at))
	}
}

// priceSum prices the sum of calls. What caches saved depends on the length of
// each, and is not known.
func (c *core) priceSum(call *convention.Call, at time.Time) quote {
	model, found := c.prices.Load().Find(call.Provider, call.Model)
	q := priceCall(call, model, found, (*price.Model).CostOfSum, at)
	q.saved = 0
	return q
}

func priceCall(call *convention.Call, model *price.Model, found bool, cost func(*price.Model, *usage.Amounts, price.Tier, time.Time) (money.Pico, bool), at time.Time) quote {
	q := quote{at: at, name: call.Model}
	if q.listed = found && model.Name != ""; q.listed {
		q.name = model.Name
	}
	if call.Free || !call.HasUsage && call.Status != convention.Success && call.Reported == 0 {
		q.outcome = outcomeFree
		return q
	}
	q.outcome, q.noPrice = outcomeUnpriced, !found
	if !found || !call.HasUsage {
		return q
	}
	amount, known := cost(model, &call.Usage, call.Tier, at)
	if !known {
		q.noPrice = true
		return q
	}
	q.outcome, q.cost = outcomePriced, amount
	q.saved, _ = model.Saved(&call.Usage, call.Tier, at) // 0 when it does not fit
	return q
}

// timeOf is when the call was made: its end, which every kind of record has. A
// time that cannot be is taken for now, and counted.
func (c *core) timeOf(ctx context.Context, end pcommon.Timestamp, now time.Time) time.Time {
	at, clamped := clampTime(end, now)
	if clamped {
		c.telemetry.ProcessorLlmCostClampedTimes.Add(ctx, 1)
	}
	return at
}

func clampTime(end pcommon.Timestamp, now time.Time) (at time.Time, clamped bool) {
	switch {
	case end == 0:
		return now, false
	case end < firstCalls*1e9, end > pcommon.NewTimestampFromTime(now)+pcommon.Timestamp(maxAhead):
		return now, true
	}
	return time.Unix(0, int64(end)), false
}
