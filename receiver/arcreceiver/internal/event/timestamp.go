// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var errTimestamp = errors.New("must be an ISO 8601 date and time, or a number of seconds, milliseconds, microseconds or nanoseconds since 1970")

// layouts are those of Python's isoformat, str and logging. Fractions of a
// second, after a point or a comma, need no mention. Without an offset the time
// is UTC.
var layouts = []string{
	"2006-01-02T15:04:05Z07:00",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z0700",
}

func parseTimestamp(text string) (time.Time, error) {
	// What Arc writes, with the offset that time.Parse has a fast path for.
	if t, err := time.Parse(time.RFC3339, text+"Z"); err == nil {
		return inRange(t)
	}
	if t, ok := parseEpoch(text); ok {
		return t, nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return inRange(t.UTC())
		}
	}
	return time.Time{}, errTimestamp
}

// inRange refuses what 64-bit nanoseconds since 1970 cannot hold.
func inRange(t time.Time) (time.Time, error) {
	if t.Unix() < 0 || t.Unix() >= math.MaxInt64/int64(time.Second) {
		return time.Time{}, errTimestamp
	}
	return t, nil
}

// epochUnits recognize a number's unit by its size: seconds up to the year 5138,
// milliseconds from March 1973, microseconds and nanoseconds likewise.
var epochUnits = []struct {
	below  float64
	digits int // in front of the decimal point, in nanoseconds
}{
	{1e11, 9},
	{1e14, 6},
	{1e17, 3},
	{math.MaxInt64, 0},
}

// parseEpoch reads a number of a unit since 1970. The decimal point is moved in
// the text, because a float64 of today's seconds has no nanoseconds.
func parseEpoch(text string) (time.Time, bool) {
	if !isDecimal(text) {
		return time.Time{}, false
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || value < 0 {
		return time.Time{}, false
	}
	for _, unit := range epochUnits {
		if value >= unit.below {
			continue
		}
		if strings.ContainsAny(text, "eE") {
			return epoch(int64(value * math.Pow10(unit.digits)))
		}
		whole, fraction, _ := strings.Cut(text, ".")
		fraction = (fraction + "000000000")[:unit.digits]
		ns, err := strconv.ParseInt(strings.TrimPrefix(whole, "+")+fraction, 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		return epoch(ns)
	}
	return time.Time{}, false
}

func epoch(ns int64) (time.Time, bool) {
	if ns < 0 {
		return time.Time{}, false
	}
	return time.Unix(0, ns).UTC(), true
}
