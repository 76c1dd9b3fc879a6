// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package period

import (
	"errors"
	"regexp"
	"strconv"
	"time"
)

// Forms describes what Parse reads.
const Forms = "a time (2026-10-05T14:00:00Z, or 2026-10-05T14:00 in the time zone), a date (2026-10-05), a week (2026-W41), " +
	"a month (2026-10), a quarter (2026-Q4), a year (2026), or now"

var errForm = errors.New("must be " + Forms)

// maxYear keeps arithmetic with times far from its limits.
const minYear, maxYear = 1970, 9999

var (
	weekForm    = regexp.MustCompile(`^(\d{4})-W(\d{2})$`)
	quarterForm = regexp.MustCompile(`^(\d{4})-Q([1-4])$`)
)

// Parse returns the period that a text means: from and to are equal for a time. Dates and times
// without an offset are in the zone of now.
func Parse(s string, now time.Time) (Period, error) {
	zone := now.Location()
	p, err := parse(s, now, zone)
	if err != nil || p.From.Year() < minYear || p.To.Year() > maxYear {
		return Period{}, errForm
	}
	return p, nil
}

func parse(s string, now time.Time, zone *time.Location) (Period, error) {
	if s == "now" {
		return Period{now, now}, nil
	}
	for form, unit := range map[string]Unit{"2006-01-02": Day, "2006-01": Month, "2006": Year} {
		if t, err := time.ParseInLocation(form, s, zone); err == nil && len(s) == len(form) {
			return Of(unit, t), nil
		}
	}
	if m := weekForm.FindStringSubmatch(s); m != nil {
		return parseWeek(m[1], m[2], zone)
	}
	if m := quarterForm.FindStringSubmatch(s); m != nil {
		year, _ := strconv.Atoi(m[1])
		quarter, _ := strconv.Atoi(m[2])
		return Of(Quarter, time.Date(year, time.Month(3*quarter), 1, 0, 0, 0, 0, zone)), nil
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return Period{t, t}, nil
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	t = t.In(zone)
	return Period{t, t}, err
}

// parseWeek reads a week of ISO 8601: the first one of a year has its January 4.
func parseWeek(year, week string, zone *time.Location) (Period, error) {
	y, _ := strconv.Atoi(year)
	w, _ := strconv.Atoi(week)
	p := Of(Week, Week.Add(time.Date(y, time.January, 4, 0, 0, 0, 0, zone), w-1))
	if is, _ := p.From.ISOWeek(); w == 0 || is != y {
		return Period{}, errForm
	}
	return p, nil
}
