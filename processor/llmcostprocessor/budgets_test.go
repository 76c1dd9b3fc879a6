// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
	"github.com/otelcol-arc/otelcol-arc/processor/llmcostprocessor/internal/budget"
)

func TestWindows(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, tc := range []struct {
		window     Window
		now        string
		zone       *time.Location
		start, end string
	}{
		{WindowHour, "2026-11-23T10:30:00Z", time.UTC, "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"},
		{WindowDay, "2026-11-23T23:30:00Z", berlin, "2026-11-24T00:00:00+01:00", "2026-11-25T00:00:00+01:00"},
		{WindowDay, "2026-10-25T12:00:00Z", berlin, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"}, // of 25 hours
		{WindowWeek, "2026-11-29T12:00:00Z", time.UTC, "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"},        // a Sunday
		{WindowWeek, "2026-11-23T00:00:00Z", time.UTC, "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"},
		{WindowMonth, "2026-12-31T23:30:00Z", berlin, "2027-01-01T00:00:00+01:00", "2027-02-01T00:00:00+01:00"},
		{WindowQuarter, "2026-11-23T10:30:00Z", time.UTC, "2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{WindowQuarter, "2026-02-28T10:30:00Z", time.UTC, "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{Window24Hours, "2026-11-23T10:30:00Z", berlin, "2026-11-22T11:00:00Z", "2026-11-23T11:00:00Z"},
		{Window30Days, "2026-11-23T10:30:00Z", time.UTC, "2026-10-24T11:00:00Z", "2026-11-23T11:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		require.NoError(t, err)
		start, end := tc.window.around(now, tc.zone)
		assert.Equal(t, tc.start, start.Format(time.RFC3339), "%s at %s", tc.window, tc.now)
		assert.Equal(t, tc.end, end.Format(time.RFC3339), "%s at %s", tc.window, tc.now)
		assert.LessOrEqual(t, end.Sub(start), windows[tc.window], "%s at %s", tc.window, tc.now)
	}
}

func TestMistakesInBudgetsAreNamed(t *testing.T) {
	cfg := testConfig(func(c *Config) {
		c.Budgets = []BudgetConfig{
			{Name: "a", Window: WindowDay, Limit: 1, TimeZone: "Europe/Atlantis"},
			{Name: "b", Window: WindowDay, Limit: 1, By: []string{"service.name", "user.id", "service.name"}},
			{Name: "c", Window: WindowDay, Limit: 1, By: []string{"service.name"}, Limits: map[string]float64{"shop": -1}},
			{Name: "d", Window: WindowDay, Limit: 1, Limits: map[string]float64{"shop": 1}},
		}
	})
	err := cfg.Validate()
	for _, want := range []string{
		"budgets::0::time_zone", `budgets::1::by::1: "user.id"`, `budgets::1::by::2: "service.name"`, "budgets::2::limits::shop", "budgets::3::limits::shop",
	} {
		assert.ErrorContains(t, err, want)
	}
}

// Each user has a limit, some another one; and each window begins with nothing.
func TestBudgetsByUser(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) {
			c.Dimensions = dimensionsOf("service.name", "user.id")
			c.Budgets = []BudgetConfig{
				{Name: "user", Window: WindowDay, Limit: 0.01, By: []string{"user.id"}, Limits: map[string]float64{"bob": 0.1}, TimeZone: "Europe/Berlin"},
				{Name: "models", Window: Window24Hours, Limit: 1, By: []string{"model", "user.id"}, Limits: map[string]float64{"gpt-4o/ada": 0.03}},
			}
		}))
		for _, user := range []string{"ada", "bob", "ada", ""} {
			r.price(callSpan(put("user.id", user)))
		}
		r.price(callSpan(put("user.id", "ada"), endsAt(morning.Add(-12*time.Hour)))) // 23:30 in Berlin
		got := map[string]float64{}
		for _, b := range (usageSource{r.core()}).Budgets() {
			got[fmt.Sprintf("%s%v%v", b.Name, b.Values, b.Limit)] = b.Used
		}
		assert.InDeltaMapValues(t, map[string]float64{
			"user[ada]0.01": 0.015, "user[bob]0.1": 0.0075,
			"models[gpt-4o ada]0.03": 0.0225, "models[gpt-4o bob]1": 0.0075, "models[gpt-4o ]1": 0.0075,
		}, got, 1e-12)
		assert.Equal(t, []string{"ada"}, (usageSource{r.core()}).Budgets()[0].Values, "who used most of the limit comes first")

		found := read(r.persistMetrics())
		assert.InDelta(t, 1.5, found["arc_llm_budget_used_ratio{budget=user,user_id=ada}"], 1e-9)
		assert.InDelta(t, 0.075, found["arc_llm_budget_used_ratio{budget=user,user_id=bob}"], 1e-9)
		assert.InDelta(t, 0.75, found["arc_llm_budget_used_ratio{budget=models,model=gpt-4o,user_id=ada}"], 1e-9)
		assert.Equal(t, 3600.0, found["arc_llm_budget_utc_offset_seconds{budget=user,time_zone=Europe/Berlin}"])
		// It is 11:30 in Berlin. At this pace the limit was used up after two thirds of the time.
		assert.InDelta(t, float64(morning.Add(-(11*60+30)*time.Minute/3).Unix()), found["arc_llm_budget_exhausted_timestamp_seconds{budget=user,user_id=ada}"], 1)
		assert.NotContains(t, found, "arc_llm_budget_exhausted_timestamp_seconds{budget=models,model=gpt-4o,user_id=ada}")

		time.Sleep(13 * time.Hour) // the next day in Berlin, not in UTC
		found = read(r.persistMetrics())
		assert.NotContains(t, found, "arc_llm_budget_used_ratio{budget=user,user_id=ada}")
		assert.Contains(t, found, "arc_llm_budget_used_ratio{budget=models,model=gpt-4o,user_id=ada}")
		r.stop()
	})
}

func TestBudgetValuesAreBounded(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		r := newRig(t, testConfig(func(c *Config) {
			c.Dimensions = dimensionsOf("user.id")
			c.Budgets = []BudgetConfig{{Name: "user", Window: WindowDay, Limit: 1, By: []string{"user.id"}}}
		}))
		for i := range budget.MaxValues + 10 {
			r.price(callSpan(put("user.id", fmt.Sprint("bomb-", i)), put("gen_ai.usage.input_tokens", 1), put("gen_ai.usage.output_tokens", 1)))
		}
		r.price(callSpan(put("user.id", "ada")))
		budgets := (usageSource{r.core()}).Budgets()
		assert.Len(t, budgets, budget.MaxValues)
		assert.Equal(t, []string{"ada"}, budgets[0].Values)
		r.stop()
	})
}
