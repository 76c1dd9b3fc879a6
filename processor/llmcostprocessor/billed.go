// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/invoice"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/ledger"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/price"
)

// Metrics of the receiver llm_billing, and those that the comparison makes of them.
const (
	metricBilledCost  = "arc_llm_billed_cost_dollars"
	metricBilledUsage = "arc_llm_billed_usage"

	metricBillingRatio   = "arc_llm_billing_difference_ratio"
	metricBillingCounted = "arc_llm_billing_counted_dollars"
	metricBillingBilled  = "arc_llm_billing_billed_dollars"

	labelProvider = "provider"
)

const (
	// maxCharges bounds the names of a bill: accounts × projects × models × days.
	maxCharges = 100_000
	// billDays are how long a bill is kept.
	billDays = 400
	// billingCheck is how often the metrics of the comparison are worked out again.
	billingCheck = time.Minute
	// maxNameBytes bounds names of a bill.
	maxNameBytes = 256

	keyBill = "billed"
	// keySince has the first hour that was counted, in whole hours since 1970.
	keySince = "counting_since"
)

// billing compares the ledger with the bill.
type billing struct {
	bill *invoice.Bill
	// since is when counting began; set before Start ends.
	since time.Time

	checked time.Time // guarded by core.mu, as totals are
	totals  []providerTotal
}

// providerTotal is the day before yesterday of a provider.
type providerTotal struct {
	provider        string
	billed, counted money.Sum
}

// readBilled records the billed costs and usage among metrics. The metrics are not changed.
func (c *core) readBilled(md pmetric.Metrics) {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				switch m.Name() {
				case metricBilledCost:
					eachNumber(m, c.readBilledCost)
				case metricBilledUsage:
					eachNumber(m, c.readBilledUsage)
				}
			}
		}
	}
}

func eachNumber(m pmetric.Metric, read func(attributes pcommon.Map, value float64)) {
	if m.Type() != pmetric.MetricTypeGauge {
		return
	}
	for _, p := range m.Gauge().DataPoints().All() {
		read(p.Attributes(), numberOf(p))
	}
}

func chargeOf(attributes pcommon.Map) invoice.Charge {
	name := func(key string) string {
		s := text(attributes, key)
		if len(s) > maxNameBytes {
			s = strings.ToValidUTF8(s[:maxNameBytes], "")
		}
		return strings.Clone(s)
	}
	return invoice.Charge{
		Provider: name(labelProvider), Account: name("account"), Project: name("project"), Item: name("model_or_item"), Day: name("day"),
	}
}

func (c *core) readBilledCost(attributes pcommon.Map, dollars float64) {
	amount, ok := money.FromDollars(math.Abs(dollars))
	if dollars < 0 {
		amount = -amount // a credit
	}
	if !ok || !c.billing.bill.SetCost(chargeOf(attributes), amount) {
		c.telemetry.ProcessorLlmCostBilledRejected.Add(context.Background(), 1)
	}
}

func (c *core) readBilledUsage(attributes pcommon.Map, amount float64) {
	of := invoice.Consumption{Charge: chargeOf(attributes)}
	for key, to := range map[string]*string{"kind": &of.Kind, "tier": &of.Tier} {
		if value, ok := attributes.Get(key); ok && len(value.AsString()) <= maxNameBytes {
			*to = strings.Clone(value.AsString())
		}
	}
	if !(amount >= 0 && amount < math.MaxInt64) || !c.billing.bill.SetUsage(of, int64(amount)) {
		c.telemetry.ProcessorLlmCostBilledRejected.Add(context.Background(), 1)
	}
}

// compare compares the days of [from, to), both midnight UTC.
func (c *core) compare(from, to, now time.Time) []invoice.Line {
	if c.billing.bill.IsEmpty() || !from.Before(to) {
		return nil
	}
	table := c.prices.Load()
	counted := c.sumCounted(table, from, to)
	called := map[[2]string]bool{}
	for i := range counted {
		called[[2]string{counted[i].Provider, counted[i].Model}] = true
	}
	billed := c.billing.bill.Lines(dayOf(from), dayOf(to), func(provider, item string) string {
		if m, found := table.Lookup(provider, item); found && m.Name != "" {
			return m.Name
		}
		if called[[2]string{provider, item}] {
			return item
		}
		return ""
	})
	counting := c.billing.since.UTC().Add(day - 1).Truncate(day)
	return invoice.Compare(billed, counted, invoice.Period{
		Final: dayOf(now.UTC().Truncate(day).Add(-day)), Counting: dayOf(counting),
	})
}

const day = 24 * time.Hour

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// sumCounted adds the ledger up by day, provider and model, as price files name them.
func (c *core) sumCounted(table *price.Table, from, to time.Time) []invoice.Line {
	type key struct {
		day int64
		called
	}
	name := namer(table)
	sums := map[key]*ledger.Row{}
	c.ledger.Visit(ledger.HourOf(from), ledger.HourOf(to)-1, func(hour int64, k *ledger.Key, row *ledger.Row) {
		at := key{hour / 24, name(k.Provider, k.Model)}
		if sums[at] == nil {
			sums[at] = &ledger.Row{}
		}
		sums[at].Add(row)
	})
	lines := make([]invoice.Line, 0, len(sums))
	for at, row := range sums {
		lines = append(lines, invoice.Line{
			Day: dayOf(timeOfHour(at.day * 24)), Provider: at.provider, Model: at.model,
			Counted: row.Cost, CountedAmounts: *row.Usage.Amounts(), Calls: row.Count(), Unpriced: row.Unpriced,
		})
	}
	return lines
}

// Billing compares days with what providers billed.
func (b usageSource) Billing(from, to time.Time) dashboard.Billing {
	lines := b.compare(from.UTC().Truncate(day), to.UTC().Add(day-1).Truncate(day), time.Now())
	var out dashboard.Billing
	for i := range lines {
		l := &lines[i]
		at, _ := time.Parse(time.DateOnly, l.Day)
		out.Lines = append(out.Lines, dashboard.BillingLine{
			Day: at, Provider: l.Provider, Model: l.Model, Item: l.Item,
			Counted: l.Counted.Dollars(), Billed: l.Billed.Dollars(), Calls: l.Calls, Unpriced: l.Unpriced,
			CountedAmounts: l.CountedAmounts, HasUsage: l.BilledUsage, BilledAmounts: l.BilledAmounts, BilledRequests: l.BilledRequests,
			Ratio: l.Ratio(), Cause: string(l.Cause),
		})
	}
	for _, contract := range invoice.Contracts(lines) {
		out.Contracts = append(out.Contracts, dashboard.BillingContract{
			Provider: contract.Provider, Models: contract.Models, Percent: contract.Percent, Days: contract.Days, Adjustment: contract.Adjustment(),
		})
	}
	return out
}

// billingTotals are those of the day before yesterday, which is the newest that providers
// have reported completely. They are worked out at most once a minute. It must be called
// with mu held.
func (c *core) billingTotals(now time.Time) []providerTotal {
	if c.billing.bill.IsEmpty() {
		return nil
	}
	if !c.billing.checked.IsZero() && now.Sub(c.billing.checked) < billingCheck && now.Sub(c.billing.checked) >= 0 {
		return c.billing.totals
	}
	c.billing.checked, c.billing.totals = now, nil
	of := now.UTC().Truncate(day).Add(-2 * day)
	at := map[string]int{}
	for _, line := range c.compare(of, of.Add(day), now) {
		if line.Cause == invoice.NotCounting {
			return nil
		}
		i, known := at[line.Provider]
		if !known {
			i = len(c.billing.totals)
			at[line.Provider] = i
			c.billing.totals = append(c.billing.totals, providerTotal{provider: line.Provider})
		}
		c.billing.totals[i].billed.AddSum(line.Billed)
		c.billing.totals[i].counted.AddSum(line.Counted)
	}
	return c.billing.totals
}

// billing are gauges by provider.
func (w writer) billing(totals []providerTotal) {
	if len(totals) == 0 {
		return
	}
	ratio := w.gauge(metricBillingRatio, "What providers billed for the day before yesterday (UTC), less what was counted, as a part of the larger of both.", "1")
	counted := w.gauge(metricBillingCounted, "Cost of the LLM calls of the day before yesterday (UTC) that were counted, by providers that report what they billed, in US dollars.", "USD")
	billed := w.gauge(metricBillingBilled, "What providers billed for the day before yesterday (UTC), in US dollars.", "USD")
	for i := range totals {
		add := func(to pmetric.NumberDataPointSlice, value float64) {
			point := to.AppendEmpty()
			point.SetTimestamp(w.now)
			point.Attributes().PutStr(labelProvider, totals[i].provider)
			point.SetDoubleValue(value)
		}
		line := invoice.Line{Billed: totals[i].billed, Counted: totals[i].counted}
		add(ratio, line.Ratio())
		add(counted, line.Counted.Dollars())
		add(billed, line.Billed.Dollars())
	}
}

// loadBill loads the bill, and when counting began: at the first hour of the ledger, or
// now.
func (c *core) loadBill(ctx context.Context) error {
	c.billing.since = time.Now()
	if c.store == nil {
		return nil
	}
	if err := c.store.Read(ctx, keyBill, c.billing.bill.Load); err != nil {
		return err
	}
	known := false
	if err := c.store.Read(ctx, keySince, func(content []byte) error {
		known = true
		return c.billing.since.UnmarshalText(content)
	}); err != nil || known {
		return err
	}
	if first := c.ledger.Extent().First; first != 0 && first < ledger.HourOf(c.billing.since) {
		c.billing.since = timeOfHour(first)
	}
	since, err := c.billing.since.MarshalText()
	if err != nil {
		return err
	}
	return c.store.Client().Set(ctx, keySince, since)
}

// saveBill must be called with mu held.
func (c *core) saveBill(ctx context.Context) error {
	c.billing.bill.Forget(dayOf(c.clock.now().Add(-billDays * day)))
	content, err := c.billing.bill.Take()
	if err == nil && content != nil {
		err = c.store.Client().Set(ctx, keyBill, content)
	}
	if err != nil {
		c.billing.bill.GiveBack()
		return fmt.Errorf("what was billed: %w", err)
	}
	return nil
}
