// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package period

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := LoadZone(name)
	require.NoError(t, err)
	return z
}

func TestParse(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	now := time.Date(2026, 11, 28, 22, 10, 5, 0, berlin)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, berlin) }
	for text, want := range map[string]Period{
		"now":                       {now, now},
		"2026-10-25":                {day(2026, 10, 25), day(2026, 10, 26)}, // has 25 hours
		"2026-02":                   {day(2026, 2, 1), day(2026, 3, 1)},
		"2026-12":                   {day(2026, 12, 1), day(2027, 1, 1)},
		"2026":                      {day(2026, 1, 1), day(2027, 1, 1)},
		"2026-Q4":                   {day(2026, 10, 1), day(2027, 1, 1)},
		"2026-Q1":                   {day(2026, 1, 1), day(2026, 4, 1)},
		"2026-W01":                  {day(2025, 12, 29), day(2026, 1, 5)},
		"2026-W53":                  {day(2026, 12, 28), day(2027, 1, 4)},
		"2026-10-05T14:00":          {time.Date(2026, 10, 5, 14, 0, 0, 0, berlin), time.Date(2026, 10, 5, 14, 0, 0, 0, berlin)},
		"2026-10-05T14:00:30":       {time.Date(2026, 10, 5, 14, 0, 30, 0, berlin), time.Date(2026, 10, 5, 14, 0, 30, 0, berlin)},
		"2026-10-05T14:00:00Z":      {time.Date(2026, 10, 5, 16, 0, 0, 0, berlin), time.Date(2026, 10, 5, 16, 0, 0, 0, berlin)},
		"2026-10-05T14:00:00+09:00": {time.Date(2026, 10, 5, 7, 0, 0, 0, berlin), time.Date(2026, 10, 5, 7, 0, 0, 0, berlin)},
	} {
		got, err := Parse(text, now)
		require.NoError(t, err, text)
		assert.True(t, want.From.Equal(got.From) && want.To.Equal(got.To), "%s: %v", text, got)
		assert.Equal(t, berlin, got.From.Location(), text)
	}
	for _, text := range []string{
		"", "yesterday", "2026-13", "2026-02-30", "2026-W00", "2025-W53", "2026-Q5", "26", "1969", "12026", "2026-1", "2026-10-05 14:00", "1e9", "-1",
		"0001-01-01", "2026-10-05T25:00", "9999-12-31T23:59:59+99:99", "9999-12-31T23:59:59-14:00",
	} {
		_, err := Parse(text, now)
		require.ErrorIs(t, err, errForm, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"now", "2026-10-25", "2026-Q4", "2026-W53", "2026-10-05T14:00:00+09:00", "9999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text, time.Date(2026, 11, 28, 22, 10, 5, 0, time.UTC))
		if err == nil {
			assert.False(t, p.To.Before(p.From))
		}
	})
}

func TestStarts(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	october := Of(Month, time.Date(2026, 10, 5, 0, 0, 0, 0, berlin))
	assert.Len(t, october.Starts(Hour), 31*24+1, "the clocks go back")
	days := october.Starts(Day)
	require.Len(t, days, 31)
	assert.Equal(t, 25*time.Hour, days[25].Sub(days[24]))
	weeks := october.Starts(Week)
	require.Len(t, weeks, 5)
	assert.Equal(t, october.From, weeks[0], "within a week")
	assert.Equal(t, time.Monday, weeks[1].Weekday())
	assert.Empty(t, Period{october.To, october.From}.Starts(Day))
}

// In some zones clocks are changed at midnight, which is skipped or comes twice.
func TestDaysBeginOnce(t *testing.T) {
	for _, name := range []string{"America/Santiago", "America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Asuncion", "Australia/Lord_Howe", "Asia/Kolkata"} {
		at := time.Date(2010, 1, 1, 0, 0, 0, 0, zone(t, name))
		for range 16 * 366 {
			next := Day.Next(at)
			require.Contains(t, []int{0, 1}, next.Hour(), "%s %s", name, next)
			require.NotEqual(t, at.Day(), next.Day(), "%s %s", name, at)
			require.Equal(t, at.Day(), next.Add(-time.Nanosecond).Day(), "%s %s", name, at)
			require.True(t, Day.Floor(next.Add(-time.Nanosecond)).Equal(at), "%s %s", name, at)
			require.True(t, Day.Floor(at.Add(30*time.Minute)).Equal(at), "%s %s", name, at)
			at = next
		}
	}
}

func TestBefore(t *testing.T) {
	day := func(m time.Month, d, h int) time.Time { return time.Date(2026, m, d, h, 0, 0, 0, time.UTC) }
	for name, tt := range map[string]struct{ p, want Period }{
		"a month":        {Period{day(3, 1, 0), day(4, 1, 0)}, Period{day(2, 1, 0), day(3, 1, 0)}},
		"a day":          {Period{day(3, 1, 0), day(3, 2, 0)}, Period{day(2, 28, 0), day(3, 1, 0)}},
		"a quarter":      {Period{day(4, 1, 0), day(7, 1, 0)}, Period{day(1, 1, 0), day(4, 1, 0)}},
		"a week":         {Period{day(3, 2, 0), day(3, 9, 0)}, Period{day(2, 23, 0), day(3, 2, 0)}},
		"hours":          {Period{day(3, 2, 5), day(3, 3, 5)}, Period{day(3, 1, 5), day(3, 2, 5)}},
		"two months":     {Period{day(3, 1, 0), day(5, 1, 0)}, Period{day(3, 1, 0).Add(-61 * 24 * time.Hour), day(3, 1, 0)}},
		"part of a week": {Period{day(3, 2, 0), day(3, 4, 0)}, Period{day(2, 28, 0), day(3, 2, 0)}},
	} {
		assert.Equal(t, tt.want, tt.p.Before(), name)
	}
	march := Period{day(3, 1, 0), day(4, 1, 0)}
	assert.Equal(t, Period{day(2, 1, 0), day(2, 11, 6)}, march.BeforeUntil(day(3, 11, 6)))
	assert.Equal(t, Period{day(2, 1, 0), day(3, 1, 0)}, march.BeforeUntil(day(3, 30, 0)), "February is over")
	assert.Equal(t, Period{day(2, 1, 0), day(3, 1, 0)}, march.BeforeUntil(day(6, 1, 0)))
}

func TestZones(t *testing.T) {
	for _, name := range []string{"Local", "Berlin", "../etc/passwd", "Europe/Berlin "} {
		_, err := LoadZone(name)
		require.ErrorContains(t, err, "IANA", name)
	}
	assert.Equal(t, time.UTC, zone(t, ""))
}
