// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package text

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Dollars writes an amount to the cent; below ten cents, where a cent is much, with two
// significant digits.
func Dollars(v float64) string {
	sign := ""
	if v < 0 {
		sign, v = "−", -v
	}
	decimals := 2
	if v > 0 && v < .0995 {
		decimals = min(int(1-math.Floor(math.Log10(v))), 12)
	}
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(v, 'f', decimals, 64), ".")
	for len(fraction) > 2 && fraction[len(fraction)-1] == '0' {
		fraction = fraction[:len(fraction)-1]
	}
	return sign + "$" + thousands(whole) + "." + fraction
}

// Count writes a number with thousands separators.
func Count(n int64) string {
	if n < 0 {
		return "−" + thousands(strings.TrimPrefix(strconv.FormatInt(n, 10), "-"))
	}
	return thousands(strconv.FormatInt(n, 10))
}

// CountOf writes a number of things: 1 call, 1,200 calls.
func CountOf(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Count(n) + " " + thing
}

func thousands(digits string) string {
	var out strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out.WriteByte(',')
		}
		out.WriteRune(digit)
	}
	return out.String()
}

// Short writes a number in three digits at most: 950, 12.3k, 4M.
func Short(v float64) string {
	units := []string{"", "k", "M", "G", "T", "P", "E"}
	for i, unit := range units {
		rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
		if err == nil && rounded < 1000 || i == len(units)-1 {
			return strconv.FormatFloat(rounded, 'f', -1, 64) + unit
		}
		v /= 1000
	}
	return ""
}

// AxisDollars writes an amount at an axis with as few digits as possible, but never
// with one decimal.
func AxisDollars(v float64) string {
	if v >= 1000 {
		return "$" + Short(v)
	}
	// Six digits hide the error of binary fractions.
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 6, 64), 64)
	amount := strconv.FormatFloat(v, 'f', -1, 64)
	if _, fraction, _ := strings.Cut(amount, "."); len(fraction) == 1 {
		amount += "0"
	}
	return "$" + amount
}

// Seconds writes a duration: 820 ms, 1.4 s, 35 s, 2 min.
func Seconds(s float64) string {
	switch {
	case s < .0995:
		return strconv.FormatFloat(1000*s, 'g', 2, 64) + " ms"
	case s < .9995:
		return strconv.FormatFloat(1000*s, 'f', 0, 64) + " ms"
	case s < 9.95:
		return strconv.FormatFloat(s, 'f', 1, 64) + " s"
	case s < 119.5:
		return strconv.FormatFloat(s, 'f', 0, 64) + " s"
	default:
		return Ago(time.Duration(s * float64(time.Second)))
	}
}

// Percent writes a share: 0 %, 0.04 %, 3.2 %, 41 %.
func Percent(ratio float64) string {
	p := 100 * ratio
	switch {
	case p == 0:
		return "0%"
	case math.Abs(p) < .095:
		return strconv.FormatFloat(p, 'g', 1, 64) + "%"
	case math.Abs(p) < 9.95:
		return strconv.FormatFloat(p, 'f', 1, 64) + "%"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + "%"
	}
}

// Ago writes a time span in its two largest units: 45 s, 3 min, 2 h 10 min, 5 d.
func Ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(max(d, 0).Seconds())) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < 24*time.Hour:
		hours, minutes := int(d.Hours()), int(d.Minutes())%60
		if minutes == 0 {
			return strconv.Itoa(hours) + " h"
		}
		return strconv.Itoa(hours) + " h " + strconv.Itoa(minutes) + " min"
	default:
		return strconv.Itoa(int(d.Hours())/24) + " d"
	}
}

// Cut shortens a text to n characters, and marks it by an ellipsis.
func Cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}
