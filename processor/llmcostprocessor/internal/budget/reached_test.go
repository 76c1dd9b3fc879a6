// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package budget

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/money"
)

func TestMark(t *testing.T) {
	b := &Budget{
		Name: "user", ID: "day", Thresholds: []float64{50, 80, 100}, Dimensions: 1,
		LimitOf: func([]string) float64 { return 10 },
	}
	spent := func(user string, dollars float64) Spend {
		amount, ok := money.FromDollars(dollars)
		require.True(t, ok)
		s := Spend{Values: []string{user}, Limit: 10}
		s.Used.Add(amount)
		return s
	}
	at := func(d time.Duration) Moment {
		start := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
		return Moment{Start: start, Now: start.Add(d), Kept: start}
	}
	highest := func(spends []Spend) map[string]float64 {
		out := map[string]float64{}
		for i := range spends {
			out[spends[i].Values[0]] = spends[i].highest(b.Thresholds)
		}
		return out
	}
	var r Reached
	assert.Equal(t, map[string]float64{"ada": 80, "bob": 0}, highest(r.Update(b, []Spend{spent("bob", 4.99), spent("ada", 8)}, at(time.Hour))))
	assert.True(t, r.changed)
	r.changed = false
	assert.Equal(t, map[string]float64{"ada": 80}, highest(r.Update(b, nil, at(2*time.Hour))), "all was corrected to nothing")
	assert.Equal(t, map[string]float64{"ada": 80}, highest(r.Mark(b, []Spend{spent("ada", 99)}, at(2*time.Hour))), "only what is emitted is remembered")
	assert.False(t, r.changed)
	assert.Equal(t, map[string]float64{"ada": 0}, highest(r.Update(b, []Spend{spent("ada", 1)}, at(59*time.Minute))), "the clock was set back")
	higher := spent("ada", 8)
	higher.Limit = 100
	assert.Equal(t, map[string]float64{"ada": 0}, highest(r.Update(b, []Spend{higher}, at(3*time.Hour))), "the limit was raised")

	var many []Spend
	for i := range MaxValues + 10 {
		many = append(many, spent(fmt.Sprint("bomb-", i), 10))
	}
	r = Reached{}
	r.Update(b, []Spend{spent("ada", 20)}, at(time.Hour))
	for range 3 {
		marked := r.Update(b, append([]Spend{spent("ada", 1)}, many...), at(time.Hour))
		assert.Len(t, marked, MaxValues)
		assert.Len(t, r.budgets["user"].Values, MaxValues)
	}
	b.ID = "month"
	assert.Empty(t, r.Update(b, nil, at(time.Hour)), "another budget has its name")
}
