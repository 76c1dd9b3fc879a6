// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Source is the web page or file that the newest price is from.
func (m *Model) Source() string { return m.source }

// List is the list that the entry is from; nil for what no list has.
func (m *Model) List() *List { return m.list }

// Checked is when the newest price was compared with its source: the day that the entry
// names, or that of its list. It is zero when neither names one.
func (m *Model) Checked() time.Time {
	if m.checked.IsZero() && m.list != nil {
		return m.list.Date
	}
	return m.checked
}

// Names are the names that mean the model, the first being that of its entry.
func (m *Model) Names() []string { return m.names }

// Regions are the regions where the model costs other amounts, with the factor.
func (m *Model) Regions() map[string]string {
	factors := map[string]string{}
	for region, factor := range m.uplifts {
		factors[region] = decimal(factor, million)
	}
	return factors
}

// Describe returns the prices at that time, a line each as price files write
// them: the key, and dollars per million tokens or, of fees, dollars. What is not
// priced by itself (cached reads as input, say) has no line. It is empty
// when no price was valid then.
func (m *Model) Describe(at time.Time) []string {
	p := m.period(at)
	if p == nil {
		return nil
	}
	var lines []string
	if !p.from.IsZero() {
		lines = append(lines, "valid_from: "+p.from.Format(time.DateOnly))
	}
	if m.currency != "" {
		lines = append(lines, "currency: "+m.currency)
		if rate, known := rateAt(m.exchange, at); known {
			lines = append(lines, "exchange_rate: "+decimal(rate, money.PerDollar))
		} else {
			lines = append(lines, "exchange_rate: unknown, so calls are unpriced")
		}
	}
	for tier, t := range p.tariffs {
		if t == nil {
			continue
		}
		prefix := ""
		if Tier(tier) != Standard {
			prefix = Tier(tier).String() + "."
		}
		lines = append(lines, t.rates.describe(t.own, prefix)...)
		for _, s := range t.steps {
			lines = append(lines, s.rates.describe(s.own, fmt.Sprintf("%slong_context above %d.", prefix, s.above))...)
		}
	}
	for _, h := range p.hours {
		lines = append(lines, h.tariff.rates.describe(h.tariff.own, h.String()+".")...)
	}
	for _, kind := range feeKinds {
		if fee := p.fees[kind]; fee != 0 {
			lines = append(lines, "fees."+kind.Info().Price+": "+decimal(fee, money.PerDollar))
		}
	}
	for i := range p.variants {
		lines = append(lines, "fees."+p.variants[i].key()+": "+decimal(p.variants[i].fee, money.PerDollar))
	}
	for _, a := range m.byDimension {
		if !at.Before(a.from) && (a.until.IsZero() || at.Before(a.until)) {
			lines = append(lines, a.String())
		}
	}
	return lines
}

// String writes an adjustment by dimensions: adjustment of team=research: -10 %.
func (a *adjustment) String() string {
	var of []string
	for _, tier := range a.tiers {
		of = append(of, "tier="+tier.String())
	}
	for _, c := range a.conditions {
		of = append(of, c.Dimension+"="+c.Value)
	}
	percent, sign := a.factor-million, "+"
	if percent < 0 {
		percent, sign = -percent, "-"
	}
	return "adjustment of " + strings.Join(of, ", ") + ": " + sign + decimal(percent, million/100) + " %"
}

func (r *rates) describe(own usage.Set, prefix string) []string {
	var lines []string
	for _, kind := range tokenKinds {
		if own.Has(kind) {
			lines = append(lines, prefix+kind.Info().Price+": "+decimal(r[kind], oneDollarPerMillion))
		}
	}
	return lines
}

// decimal writes an amount in units of dollars, in as many decimals as it has.
func decimal(amount money.Pico, unit int64) string {
	width := len(strconv.FormatInt(unit, 10)) - 1
	fraction := strings.TrimRight(fmt.Sprintf("%0*d", width, int64(amount)%unit), "0")
	text := strconv.FormatInt(int64(amount)/unit, 10)
	if fraction == "" {
		return text
	}
	return text + "." + fraction
}

// String writes the hours: Mon,Tue 01:00-04:00 UTC.
func (h *hours) String() string {
	var days []string
	for day := range 7 {
		if weekday := time.Weekday((day + 1) % 7); h.days&(1<<weekday) != 0 {
			days = append(days, weekday.String()[:3])
		}
	}
	text := fmt.Sprintf("%02d:%02d-%02d:%02d UTC", h.from/60, h.from%60, h.to/60, h.to%60)
	if len(days) == 0 {
		return "hours " + text
	}
	return "hours " + strings.Join(days, ",") + " " + text
}
