// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package text

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestDollars(t *testing.T) {
	for v, want := range map[float64]string{
		0: "$0.00", .01: "$0.01", .015: "$0.015", .006: "$0.006", .00996: "$0.01", .02: "$0.02", .0996: "$0.10", .0012: "$0.0012", .0000123: "$0.000012", 1: "$1.00", 999.999: "$1,000.00",
		1234567.891: "$1,234,567.89", -2.5: "−$2.50", -.002: "−$0.002",
	} {
		assert.Equal(t, want, Dollars(v))
	}
	for v, want := range map[float64]string{0: "$0", .30000000000000004: "$0.30", .25: "$0.25", .002: "$0.002", 2.5: "$2.50", 750: "$750", 25000: "$25k"} {
		assert.Equal(t, want, AxisDollars(v))
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1500: "−1,500"} {
		assert.Equal(t, want, Count(n))
	}
	for n, want := range map[int64]string{0: "0 calls", 1: "1 call", 1200: "1,200 calls"} {
		assert.Equal(t, want, CountOf(n, "call"))
	}
	for v, want := range map[float64]string{0: "0", 12: "12", 999: "999", 999.9: "1k", 12345: "12.3k", 4e6: "4M", 1e21: "1000E"} {
		assert.Equal(t, want, Short(v))
	}
	for v, want := range map[float64]string{0: "0%", .0004: "0.04%", .032: "3.2%", .41: "41%", 1.2: "120%"} {
		assert.Equal(t, want, Percent(v))
	}
}

func TestTimes(t *testing.T) {
	for v, want := range map[float64]string{.0031: "3.1 ms", .82: "820 ms", 1.44: "1.4 s", 35.2: "35 s", 150: "2 min"} {
		assert.Equal(t, want, Seconds(v))
	}
	for v, want := range map[time.Duration]string{
		-time.Second: "0 s", 45 * time.Second: "45 s", 3 * time.Minute: "3 min", 2 * time.Hour: "2 h", 130 * time.Minute: "2 h 10 min", 121 * time.Hour: "5 d",
	} {
		assert.Equal(t, want, Ago(v))
	}
}

func TestCut(t *testing.T) {
	assert.Equal(t, "äöü", Cut("äöü", 3))
	assert.Equal(t, "äö…", Cut("äöüß", 3))
}
