// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

// Package budget finds which thresholds of budgets are reached, and remembers them until the window is
// over. It has no clock; the caller passes the time.
package budget

import (
	"encoding/json"
	"math"
	"time"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

// MaxValues bounds the values of a budget that are reported.
const MaxValues = 1000

// Budget is an amount that may be spent in each window, by one or several values of dimensions.
type Budget struct {
	Name string
	// ID identifies what is counted: what a budget of the same name and another ID reached does
	// not count.
	ID string
	// Thresholds are in percent of the limit, ascending.
	Thresholds []float64
	// Dimensions is how many values a spend has; 0 for a budget of all calls together.
	Dimensions int
	// LimitOf is the limit of values, in dollars.
	LimitOf func(values []string) float64
}

// Spend is what values of a budget's dimensions have used in the running window.
type Spend struct {
	Values []string // in the order of the dimensions; none without
	Used   money.Sum
	Limit  float64 // in dollars
	// Reached is when each of the budget's thresholds was reached in the running window; zero: not yet.
	Reached []time.Time
}

// Ratio is the part of the limit that is used; 1 is all of it.
func (s *Spend) Ratio() float64 { return s.Used.Dollars() / s.Limit }

// key is that of the values of a spend.
func (s *Spend) key() string {
	content, _ := json.Marshal(s.Values)
	return string(content)
}

// highest is the highest threshold that was reached; 0 for none.
func (s *Spend) highest(thresholds []float64) (percent float64) {
	for i, at := range s.Reached {
		if !at.IsZero() {
			percent = math.Max(percent, thresholds[i])
		}
	}
	return percent
}

// Exhausted is when a budget is used up at the pace of its window so far, or was. Ratio is the part
// that is used.
func Exhausted(start, now time.Time, ratio float64) (at time.Time, known bool) {
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
