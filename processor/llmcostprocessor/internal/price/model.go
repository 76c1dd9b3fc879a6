// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package price

import (
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/usage"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// Model is one entry of a table: a model as one provider sells it. It does not
// change after the table is made.
type Model struct {
	// Name is the canonical name, such as gpt-4o. It is empty where a whole
	// provider is free, for any model of it.
	Name string
	// Provider is who sells it at these prices, such as openai.
	Provider string

	names    []string // name and aliases, in lower case
	hostOnly bool     // found only where Provider is named
	prices   *schedule
	// listed are the prices before adjustments; nil where there are none.
	listed  *schedule
	source  string    // of the newest price: a page, or a file
	checked time.Time // when it was compared with its source; zero: unknown
	list    *List     // that the entry is from
	// uplifts are what prices are multiplied by in a region, in millionths.
	uplifts map[string]money.Pico
	// currency is that of the prices, "" for dollars, and exchange its rates.
	currency string
	exchange []exchangeRate
	// byDimension are the adjustments that depend on dimensions of a call.
	byDimension []*adjustment
}

// multiply returns the model with its prices times a factor in millionths.
func (m *Model) multiply(factor money.Pico) *Model {
	out := *m
	periods := slices.Clone(m.prices.periods())
	for i, p := range periods {
		periods[i] = p.scaled(factor)
	}
	out.prices = newSchedule(periods...)
	return &out
}

// period is the prices from a day on, until the next period begins.
type period struct {
	from time.Time // midnight UTC; zero: since ever
	// tariffs are by tier. One that is nil is billed at the standard tariff.
	tariffs [tiers]*tariff
	hours   []hours // at which the standard tariff is another
	fees    rates   // of the kinds that are no tokens
	// variants are the fees that depend on a size and a quality.
	variants []variantFee
}

// hours are times of the week, in UTC.
type hours struct {
	days     days
	from, to int // minutes of the day
	tariff   *tariff
}

// days is a set of time.Weekday. None means all.
type days uint8

func (h *hours) hold(at time.Time) bool {
	at = at.UTC()
	minute := at.Hour()*60 + at.Minute()
	return (h.days == 0 || h.days&(1<<at.Weekday()) != 0) && h.from <= minute && minute < h.to
}

// tariff is what tokens cost, by the length of the call.
type tariff struct {
	rates rates
	own   usage.Set // the kinds that have a price of their own
	steps []step    // ascending
}

// step is the prices of a whole call that has more input tokens than above.
type step struct {
	above int64
	rates rates
	own   usage.Set
}

// period returns the last period that has begun.
func (m *Model) period(at time.Time) *period {
	periods := m.prices.periods()
	for i := len(periods) - 1; i >= 0; i-- {
		if !at.Before(periods[i].from) {
			return &periods[i]
		}
	}
	return nil
}
