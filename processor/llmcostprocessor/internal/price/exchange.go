// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// dollar is the currency in which costs are summed.
const dollar = "USD"

// exchangeRate is what a unit of another currency is worth from a day on.
type exchangeRate struct {
	from    time.Time  // midnight UTC; zero: since ever
	dollars money.Pico // for one unit
}

// Currency is an ISO 4217 code as telemetry writes it; "" for dollars.
func Currency(text string) string {
	if code := strings.ToUpper(strings.TrimSpace(text)); code != dollar {
		return code
	}
	return ""
}

// NoRate is why an amount of a currency has no value in dollars.
func NoRate(currency string) string { return "exchange_rate: " + currency }

// rateAt is the rate that is valid at a time.
func rateAt(rates []exchangeRate, at time.Time) (money.Pico, bool) {
	for _, rate := range slices.Backward(rates) {
		if !at.Before(rate.from) {
			return rate.dollars, true
		}
	}
	return 0, false
}

// Dollars converts an amount of a currency by the rate of the time. It is false where
// there is no rate, or the amount is not one.
func (t *Table) Dollars(amount float64, currency string, at time.Time) (float64, bool) {
	rate, known := rateAt(t.exchange[currency], at)
	pico, fits := money.FromDollars(amount)
	if !known || !fits {
		return 0, false
	}
	return money.Scale(pico, rate, money.PerDollar).Dollars(), true
}

// inDollars converts a quote in the currency of the entry.
func (m *Model) inDollars(q Quote, at time.Time) (Quote, bool) {
	if m.currency == "" {
		return q, true
	}
	rate, known := rateAt(m.exchange, at)
	if !known {
		return Quote{Missing: NoRate(m.currency)}, false
	}
	q.Cost, q.Saved = money.Scale(q.Cost, rate, money.PerDollar), money.Scale(q.Saved, rate, money.PerDollar)
	return q, q.Cost < money.Max
}

// assignRates gives the entries in other currencies the rates of the table.
func (t *Table) assignRates() {
	for m := range t.models {
		m.exchange = t.exchange[m.currency]
	}
}

// currency reads an ISO 4217 code; "" for dollars.
func (r *reader) currency(node *yaml.Node, key string) string {
	code := r.text(node, key)
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		r.fail(node, key, "%q is not a code of ISO 4217, such as EUR", code)
		return ""
	}
	return Currency(code)
}

// exchange reads rates: {currency: EUR, valid_from: 2026-01-01, dollars: "1.08"}.
func (r *reader) exchange(list *yaml.Node, key string) map[string][]exchangeRate {
	rates := map[string][]exchangeRate{}
	for i, node := range r.list(list, key) {
		at := fmt.Sprintf("%s[%d]", key, i)
		fields := r.fields(node, at, "currency", "valid_from", "dollars", "source")
		var rate exchangeRate
		code := ""
		if of, ok := fields["currency"]; !ok {
			r.fail(node, at+".currency", "is missing")
		} else if code = r.currency(of, at+".currency"); code == "" {
			r.fail(of, at+".currency", "must be another one than %s", dollar)
		}
		if from, ok := fields["valid_from"]; ok {
			rate.from = r.date(from, at+".valid_from")
		}
		if of, ok := fields["dollars"]; !ok {
			r.fail(node, at+".dollars", "is missing")
		} else {
			var err error
			if rate.dollars, err = parseFee(r.text(of, at+".dollars")); err != nil || rate.dollars == 0 {
				r.fail(of, at+".dollars", "%q is not what a unit of the currency is worth, such as \"1.08\"", of.Value)
			}
		}
		if before := rates[code]; len(before) > 0 && !rate.from.After(before[len(before)-1].from) {
			r.fail(node, at+".valid_from", "must be later than that of the rate of %s before", code)
		}
		rates[code] = append(rates[code], rate)
	}
	return rates
}
