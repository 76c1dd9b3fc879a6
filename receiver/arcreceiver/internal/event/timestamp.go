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

func (m *minute) parseTimestamp(text string) (time.Time, error) {
	if t, ok := m.parseNaive(text); ok {
		return inRange(t)
	}
	if t, ok := parseEpoch(text); ok {
		return t, nil
	}
	const date, second = len("2006-01-02"), len("2006-01-02T15:04:05")
	if len(text) < second {
		return time.Time{}, errTimestamp
	}
	naive := !strings.ContainsAny(text[second:], "Z+-")
	for _, layout := range layouts {
		// A layout that cannot match is not tried, as a mismatch costs more than a match.
		if layout[date] != text[date] || (len(layout) == second) != naive {
			continue
		}
		if t, err := time.Parse(layout, text); err == nil {
			return inRange(t.UTC())
		}
	}
	return time.Time{}, errTimestamp
}

// minute remembers the minute that was read last: that of the next line mostly is
// the same.
type minute struct {
	text [len("2006-01-02T15:04")]byte
	unix int64 // when it began
}

// parseNaive reads what Python's isoformat and logging write, 2006-01-02T15:04:05
// and perhaps a fraction, in a fifth of the time that time.Parse takes. What else
// is a time is left to it.
func (m *minute) parseNaive(text string) (time.Time, bool) {
	const whole = len("2006-01-02T15:04:05")
	if len(text) < whole || text[len(m.text)] != ':' {
		return time.Time{}, false
	}
	if string(m.text[:]) != text[:len(m.text)] && !m.parse(text) {
		return time.Time{}, false
	}
	second, ok := twoDigits(text[len(m.text)+1:], 59)
	if !ok {
		return time.Time{}, false
	}
	nanoseconds, ok := parseFraction(text[whole:])
	return time.Unix(m.unix+second, nanoseconds).UTC(), ok
}

// parse reads the minute with which text begins.
func (m *minute) parse(text string) bool {
	if text[4] != '-' || text[7] != '-' || text[10] != 'T' && text[10] != ' ' || text[13] != ':' {
		return false
	}
	century, ok := twoDigits(text, 99)
	year, ok2 := twoDigits(text[2:], 99)
	month, ok3 := twoDigits(text[5:], 12)
	day, ok4 := twoDigits(text[8:], 31)
	hour, ok5 := twoDigits(text[11:], 23)
	minutes, ok6 := twoDigits(text[14:], 59)
	if !ok || !ok2 || !ok3 || !ok4 || !ok5 || !ok6 || month == 0 {
		return false
	}
	t := time.Date(int(100*century+year), time.Month(month), int(day), int(hour), int(minutes), 0, 0, time.UTC)
	if t.Day() != int(day) {
		return false // a day that the month does not have became one of the next
	}
	copy(m.text[:], text)
	m.unix = t.Unix()
	return true
}

// twoDigits reads the two digits with which text begins.
func twoDigits(text string, limit int64) (n int64, ok bool) {
	tens, ones := int64(text[0])-'0', int64(text[1])-'0'
	n = 10*tens + ones
	return n, 0 <= tens && tens <= 9 && 0 <= ones && ones <= 9 && n <= limit
}

// parseFraction reads a point or comma and up to nine digits, or nothing.
func parseFraction(text string) (nanoseconds int64, ok bool) {
	if text == "" {
		return 0, true
	}
	if len(text) < len(".0") || len(text) > len(".000000000") || text[0] != '.' && text[0] != ',' {
		return 0, false
	}
	for i := 1; i < len(text); i++ {
		digit := int64(text[i]) - '0'
		if digit < 0 || digit > 9 {
			return 0, false
		}
		nanoseconds = 10*nanoseconds + digit
	}
	for i := len(text); i <= 9; i++ {
		nanoseconds *= 10
	}
	return nanoseconds, true
}

// inRange refuses what 64-bit nanoseconds since 1970 cannot hold.
func inRange(t time.Time) (time.Time, error) {
	if t.Unix() < 0 || t.Unix() >= math.MaxInt64/int64(time.Second) {
		return time.Time{}, errTimestamp
	}
	return t, nil
}

// epochUnits tell a number's unit by its size: seconds up to the year 5138,
// milliseconds from March 1973, microseconds and nanoseconds likewise.
var epochUnits = []struct {
	below  float64
	digits int // after which the decimal point of nanoseconds stands
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
