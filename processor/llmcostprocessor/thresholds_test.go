// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/falseclock"
)

func TestMistakesInThresholdsAreNamed(t *testing.T) {
	for want, thresholds := range map[string][]float64{
		"":                                       {0.5, 33.3, 100, 1000},
		"budgets::0::thresholds::1: must be abo": {50, 50},
		"budgets::0::thresholds::2: must be abo": {50, 80, 60},
		"budgets::0::thresholds::0: must be above 0 and at most 1000, is -1":  {-1},
		"budgets::0::thresholds::0: must be above 0 and at most 1000, is NaN": {math.NaN()},
		"budgets::0::thresholds::1: must be above 0 and at most 1000, is":     {1, 1001},
		"budgets::0::thresholds: there are 11, more than 10":                  {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
	} {
		err := testConfig(func(c *Config) {
			c.Budgets = []BudgetConfig{{Name: "a", Window: WindowDay, Limit: 1, Thresholds: thresholds}}
		}).Validate()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

// reachedAt are the thresholds that metrics report as reached, and when.
func reachedAt(found readings) map[string]string {
	out := map[string]string{}
	for series, value := range found {
		if rest, ok := strings.CutPrefix(series, metricBudgetReached); ok {
			out[rest] = time.Unix(int64(value), 0).UTC().Format("2 15:04")
		}
	}
	return out
}

// A budget around a threshold reaches it once in a window: corrections, restarts and clocks
// that are set back do not change when.
func TestThresholdsAreReachedOnce(t *testing.T) {
	falseclock.Test(t, func(t *testing.T) {
		wakeUp()
		disk := &memory{content: map[string][]byte{}}
		cfg := withStorage(func(c *Config) {
			c.Dimensions = dimensionsOf("user.id")
			c.Budgets = []BudgetConfig{
				{Name: "all", Window: WindowDay, Limit: 0.01, Thresholds: []float64{70, 100}},
				{Name: "user", Window: WindowDay, By: []string{"user.id"}, Limit: 1, Limits: map[string]float64{"ada": 0.0075}},
				{Name: "rolling", Window: Window24Hours, Limit: 0.0075, Thresholds: []float64{100}},
			}
		})
		r := newRig(t, cfg, disk.extension())
		ada := put("user.id", "ada")
		same := put("gen_ai.response.id", "chatcmpl-1")
		r.price(callSpan(ada, same))
		found := read(r.persistMetrics())
		first := map[string]string{
			"{budget=all,threshold=70}":              "23 10:30",
			"{budget=user,threshold=50,user_id=ada}": "23 10:30", "{budget=user,threshold=80,user_id=ada}": "23 10:30", "{budget=user,threshold=100,user_id=ada}": "23 10:30",
			"{budget=rolling,threshold=100}": "23 10:30",
		}
		assert.Equal(t, first, reachedAt(found))
		assert.Equal(t, 0.7, found["arc_llm_budget_threshold_ratio{budget=all,threshold=70}"])
		assert.Equal(t, 1.0, found["arc_llm_budget_threshold_ratio{budget=user,threshold=100,user_id=ada}"])

		// A record with more detail comes: most of the input was cached.
		time.Sleep(time.Hour)
		r.price(callSpan(ada, same, put("gen_ai.usage.cache_read.input_tokens", 1000)))
		found = read(r.persistMetrics())
		require.Less(t, found["arc_llm_budget_used_ratio{budget=user,user_id=ada}"], 1.0)
		assert.Equal(t, first, reachedAt(found))

		time.Sleep(time.Hour)
		r.price(callSpan(ada))
		assert.Equal(t, "23 12:30", reachedAt(read(r.persistMetrics()))["{budget=all,threshold=100}"])
		r.stop()
		r = newRig(t, cfg, disk.copy().extension())
		first["{budget=all,threshold=100}"] = "23 12:30"
		assert.Equal(t, first, reachedAt(read(r.persistMetrics())))

		var percents []string
		for _, b := range (usageSource{r.core()}).Budgets() {
			for _, threshold := range b.Thresholds {
				percents = append(percents, fmt.Sprintf("%s%v%v", b.Name, threshold.Percent, !threshold.Reached.IsZero()))
			}
		}
		assert.Equal(t, []string{"all70true", "all100true", "user50true", "user80true", "user100true", "rolling100true"}, percents)

		// The next day begins with nothing; the rolling window still has what was reached.
		time.Sleep(13 * time.Hour)
		assert.Equal(t, map[string]string{"{budget=rolling,threshold=100}": "23 10:30"}, reachedAt(read(r.persistMetrics())))
		// Calls of the last 24 hours are still above: it is reached again, without a gap.
		time.Sleep(10 * time.Hour)
		assert.Equal(t, map[string]string{"{budget=rolling,threshold=100}": "24 10:00"}, reachedAt(read(r.persistMetrics())))
		time.Sleep(48 * time.Hour)
		assert.Empty(t, reachedAt(read(r.persistMetrics())))
		r.stop()
	})
}
