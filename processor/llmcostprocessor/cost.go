// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"

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

// priceCall prices a call of a batch.
func (c *core) priceCall(ctx context.Context, b *batch, d *detectedCall) {
	d.at = c.timeOf(ctx, d.end, b.at)
	match := b.findModel(d)
	d.entry, d.region = match.Model, match.Region
	b.convertReported(d)
	b.decideReading(d, match.Model)
	d.variant = d.countImages()
	d.charge = priceCall(&d.call, match, d.variant, false, d.at)
	d.charge.takeReported(&d.call, match.Seller, c.cfg.ReportedCost)
	if d.charge.outcome == outcomeUnpriced && d.charge.reason == "" {
		d.charge.reason = d.unconverted
	}
}

// convertReported converts a reported cost in another currency to dollars, by the rate
// of the time of the call. What has no rate is not used.
func (b *batch) convertReported(d *detectedCall) {
	call := &d.call
	if !call.HasReported || call.Currency == "" {
		return
	}
	if call.Reported, call.HasReported = b.prices.Dollars(call.Reported, call.Currency, d.at); !call.HasReported {
		d.unconverted = price.NoRate(call.Currency)
	}
	call.Currency = ""
}

// timeOf is when the call was made: its end, which every kind of record has. A
// time that cannot be is taken for now, and counted.
func (c *core) timeOf(ctx context.Context, end pcommon.Timestamp, now time.Time) time.Time {
	switch {
	case end == 0:
		return now
	case end < firstCalls*1e9, end > pcommon.NewTimestampFromTime(now)+pcommon.Timestamp(maxAhead):
		c.telemetry.ProcessorLlmCostClampedTimes.Add(ctx, 1)
		return now
	}
	return time.Unix(0, int64(end))
}
