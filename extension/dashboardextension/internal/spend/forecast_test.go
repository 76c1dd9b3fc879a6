// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package spend

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/dashboard"
	"github.com/otelcol-arc/otelcol-arc/internal/period"
)

// hourlyRows spend dollars by the hour of the week.
func hourlyRows(of period.Period, dollars func(time.Time) float64) (rows []dashboard.Row) {
	for _, at := range of.Starts(period.Hour) {
		if d := dollars(at); d != 0 {
			rows = append(rows, row(at, d))
		}
	}
	return rows
}

func TestForecast(t *testing.T) {
	office := func(at time.Time) float64 {
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday || at.Hour() < 9 || at.Hour() > 16 {
			return 0
		}
		return 2
	}
	now := time.Date(2026, 3, 16, 12, 30, 0, 0, time.UTC) // a Monday
	month := period.Of(period.Month, now)
	soFar := 0.0
	for _, r := range hourlyRows(period.Period{From: month.From, To: period.Hour.Floor(now)}, office) {
		soFar += r.Usage.Dollars
	}
	soFar++ // half of the running hour
	whole := 0.0
	for _, r := range hourlyRows(month, office) {
		whole += r.Usage.Dollars
	}
	basis := ForecastFrom(now, now.AddDate(-1, 0, 0))
	assert.Equal(t, 28*24*time.Hour, basis.To.Sub(basis.From))
	got, method, ok := Forecast(hourlyRows(basis, office), basis, soFar, now, month.To)
	assert.True(t, ok)
	assert.Contains(t, method, "same hour of the week")
	assert.InDelta(t, whole, got, 1e-9, "a month like the one before is foreseen")

	basis = ForecastFrom(now, now.AddDate(0, 0, -3))
	got, method, ok = Forecast(hourlyRows(basis, func(time.Time) float64 { return 1 }), basis, 10, now, period.Hour.Floor(now).Add(48*time.Hour))
	assert.True(t, ok)
	assert.Contains(t, method, "all hours counted")
	assert.InDelta(t, 10+.5+47, got, 1e-9)

	basis = ForecastFrom(now, now.Add(-5*time.Hour))
	_, _, ok = Forecast(nil, basis, 10, now, month.To)
	assert.False(t, ok, "too little was counted")
	basis = ForecastFrom(now, now)
	assert.False(t, basis.From.Before(basis.To))
}

func TestSort(t *testing.T) {
	var at time.Time
	rows := []dashboard.Row{row(at, 1, "b"), row(at, 3, "a"), row(at, 1, "a"), row(at, 2, "c")}
	rows[3].Usage.Calls, rows[3].Usage.Unpriced = 1, 1
	cost, _ := ColumnNamed("cost")
	average, _ := ColumnNamed("average_cost")
	order := func(keys ...Key) (names []string) {
		Sort(rows, keys)
		for _, r := range rows {
			names = append(names, r.Group[0])
		}
		return names
	}
	assert.Equal(t, []string{"a", "c", "a", "b"}, order(Key{Column: &cost, Down: true}), "equal ones by group")
	assert.Equal(t, []string{"c", "b", "a", "a"}, order(Key{Group: 0, Down: true}))
	for _, down := range []bool{true, false} {
		names := order(Key{Column: &average, Down: down})
		assert.Equal(t, "c", names[3], "what has none comes last")
	}
	_, known := ColumnNamed("joy")
	assert.False(t, known)
}

// The rows of a page are those of all of them sorted, whatever is left out on the way.
func TestPage(t *testing.T) {
	cost, _ := ColumnNamed("cost")
	average, _ := ColumnNamed("average_cost")
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 3))
		keys := [][]Key{
			{{Column: &cost, Down: true}},
			{{Column: &average}},
			{{Group: 0, Down: true}, {Column: &cost}},
			{{Group: -1, Down: true}},
			{{Group: -1}, {Column: &average, Down: true}, {Column: &cost}},
		}[seed%5]
		limit, most := 1+random.IntN(40), []int{0, 60, 600}[random.IntN(3)]
		skip := random.IntN(5) * limit
		whole := random.IntN(2) == 0
		page, all := NewPage(skip, limit, keys), []dashboard.Row(nil)
		steps := map[time.Time]int{}
		for step := range random.IntN(8) {
			start := time.Unix(int64(step), 0)
			steps[start] = step
			for _, n := range random.Perm(random.IntN(most + 1)) {
				one := row(start, float64(random.IntN(5)), strconv.Itoa(n))
				if one.Usage.Calls = 1; random.IntN(4) == 0 {
					one.Usage.Unpriced = 1
				}
				all = append(all, one)
				page.Add(step, &one, whole)
			}
		}
		Sort(all, keys)
		all = all[min(skip, len(all)):]
		all = all[:min(limit, len(all))]
		found := page.Rows()
		require.Len(t, found, len(all), "seed %d", seed)
		for i := range found {
			require.Equal(t, all[i].Group, found[i].Group, "seed %d", seed)
			require.Equal(t, steps[all[i].Start], found[i].Step)
			require.Equal(t, whole, found[i].Row != nil)
			if whole {
				require.Equal(t, all[i], *found[i].Row)
			}
		}
		require.LessOrEqual(t, cap(page.found), 4*(skip+limit)+1024, "no more are kept")
	}
}
