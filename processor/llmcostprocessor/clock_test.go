// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

// setClock has the wall clock be ahead of the time that passes.
func setClock(c *core, ahead time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clock.wall = func() time.Time { return time.Now().Add(ahead) }
}

// hoursCounted is what the ledger has, whenever it was.
func hoursCounted(r *rig) (calls int64) {
	c := r.core()
	rows := c.ledger.Rows() + c.ledger.Extent().DayRows
	for _, total := range c.ledger.Export() {
		calls += total.Count()
	}
	if rows == 0 {
		return 0
	}
	return calls
}

// The clock is set forward by two years and back: what was counted is there, in the ledger, the
// budgets and the series, and it was reported. A restart in between loses nothing, either.
func TestTheClockIsSetForward(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		disk := &memory{content: map[string][]byte{}}
		cfg := withStorage(func(c *Config) {
			c.MaxRows = 100
			c.Budgets = []BudgetConfig{{Name: "day", Window: WindowDay, Limit: 0.0075}}
		})
		r := newRig(t, cfg, disk.extension())
		r.price(callSpan())
		before := read(r.persistMetrics())
		require.Equal(t, 1.0, before["arc_llm_budget_used_ratio{budget=day}"])

		const years = 2 * 366 * 24 * time.Hour
		setClock(r.core(), years)
		during := read(r.persistMetrics())
		require.NotEmpty(t, r.warnings.FilterMessageSnippet("The clock was set forward").All())
		assert.True(t, r.core().health.Has(problemClock))
		assert.Equal(t, before["arc_llm_cost_dollars{model=gpt-4o}"], during["arc_llm_cost_dollars{model=gpt-4o}"])
		assert.Equal(t, 1.0, during["arc_llm_usage_calls{model=gpt-4o,provider=openai,service_name=shop}"])
		r.price(callSpan()) // of a sender whose clock is right
		time.Sleep(5 * time.Hour)
		r.price(callSpan())
		r.persistMetrics()
		assert.EqualValues(t, 3, hoursCounted(r))
		r.stop()

		// A process that starts while the clock is wrong.
		r = newBackInTime(t, cfg, disk, years)
		assert.EqualValues(t, 3, hoursCounted(r))
		assert.True(t, r.core().health.Has(problemClock))

		setClock(r.core(), 0)
		after := read(r.persistMetrics())
		assert.False(t, r.core().health.Has(problemClock))
		assert.InDelta(t, 3.0, after["arc_llm_budget_used_ratio{budget=day}"], 1e-9)
		assert.Equal(t, "23 10:30", reachedAt(after)["{budget=day,threshold=100}"])
		assert.InDelta(t, 0.0225, after["arc_llm_cost_dollars{model=gpt-4o}"], 1e-12)
		r.stop()
	})
}

// newBackInTime starts a rig whose clock is ahead from the start.
func newBackInTime(t *testing.T, cfg *Config, disk *memory, ahead time.Duration) *rig {
	t.Helper()
	r := buildRig(t, cfg, disk.extension())
	c := r.core()
	c.clock = newClock(func() time.Time { return time.Now().Add(ahead) })
	for _, component := range r.components() {
		require.NoError(t, component.Start(t.Context(), r.host))
	}
	t.Cleanup(r.stop)
	r.persistMetrics()
	return r
}

// A clock that stays as it is was set right: after a day the ledger follows it.
func TestTheClockSettles(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		ahead := time.Duration(0)
		c := newClock(func() time.Time { return time.Now().Add(ahead) })
		require.Zero(t, c.check())
		for _, small := range []time.Duration{0, time.Second, 30 * time.Minute, -3 * time.Hour} {
			ahead = small
			require.Zero(t, c.check())
			require.Equal(t, c.wall().Round(0), c.now(), "%v", small)
		}
		right := c.now()
		ahead = 1000 * time.Hour
		require.Equal(t, 1003*time.Hour, c.check())
		require.Equal(t, right, c.now())
		time.Sleep(settling - time.Minute)
		require.Equal(t, 1003*time.Hour, c.check())
		time.Sleep(time.Minute)
		require.Zero(t, c.check())
		require.Equal(t, c.wall().Round(0), c.now())
	})
}

// A machine that was off for some days has nothing to report.
func TestATimeWithoutTheProcess(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		disk := &memory{content: map[string][]byte{}}
		r := newRig(t, withStorage(nil), disk.extension())
		r.price(callSpan())
		r.persistMetrics()
		r.stop()
		r = newBackInTime(t, withStorage(nil), disk, 72*time.Hour)
		assert.False(t, r.core().health.Has(problemClock))
		assert.EqualValues(t, 1, hoursCounted(r))
		r.stop()
	})
}
