// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseTimestamp(t *testing.T) {
	noon := time.Date(2024, 5, 31, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		text string
		want time.Time
	}{
		{"2024-05-31T12:00:00", noon},
		{"2024-05-31T12:00:00Z", noon},
		{"2024-05-31T12:00:00.5", noon.Add(500 * time.Millisecond)},
		{"2024-05-31T12:00:00.123456", noon.Add(123456 * time.Microsecond)},
		{"2024-05-31T12:00:00.123456789Z", noon.Add(123456789)},
		{"2024-05-31T12:00:00.1234567891Z", noon.Add(123456789)},
		{"2024-05-31T14:00:00.123456+02:00", noon.Add(123456 * time.Microsecond)},
		{"2024-05-31T07:00:00-0500", noon},
		{"2024-05-31 12:00:00,123", noon.Add(123 * time.Millisecond)},
		{"2024-05-31 12:00:00.123456", noon.Add(123456 * time.Microsecond)},
		{"2024-05-31 14:00:00+02:00", noon},
		{"1717156800", noon},
		{"1717156800.123456", noon.Add(123456 * time.Microsecond)},
		{"1717156800.1234567899", noon.Add(123456789)},
		{"1717156800123", noon.Add(123 * time.Millisecond)},
		{"1717156800123.5", noon.Add(123500 * time.Microsecond)},
		{"1717156800123456", noon.Add(123456 * time.Microsecond)},
		{"1717156800123456789", noon.Add(123456789)},
		{"1.7171568e9", noon},
		{"0", time.Unix(0, 0).UTC()},
		{"1970-01-01T00:00:00", time.Unix(0, 0).UTC()},
		{"1970-01-01T00:00:00Z", time.Unix(0, 0).UTC()},
		{"100000000000", time.Unix(100_000_000, 0).UTC()},    // the first number of milliseconds
		{"100000000000000", time.Unix(100_000_000, 0).UTC()}, // the first of microseconds
		{".5", time.Unix(0, 500_000_000).UTC()},
		{"99999999999", time.Time{}}, // the last number of seconds; its nanoseconds need more than 64 bits
	} {
		got, err := parseTimestamp(tt.text)
		if tt.want.IsZero() {
			assert.ErrorIs(t, err, errTimestamp, tt.text)
			continue
		}
		if assert.NoError(t, err, tt.text) {
			assert.Equal(t, tt.want, got, tt.text)
		}
	}
	for _, text := range []string{
		"", "yesterday", "2024-05-31", "2024-13-31T12:00:00", "1969-12-31T23:59:59Z", "2262-04-12T00:00:00Z", "9999-12-31T23:59:59",
		"-1", "1e19", "1e999", "NaN", "Inf", "0x10", "1_000", "1.2.3", "1-2",
	} {
		_, err := parseTimestamp(text)
		assert.ErrorIs(t, err, errTimestamp, text)
	}
}

func TestLevels(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Level
	}{
		{"DEBUG", Level{"DEBUG", 5}},
		{"INFO", Level{"INFO", 9}},
		{"WARNING", Level{"WARNING", 13}},
		{"warn", Level{"warn", 13}},
		{"ERROR", Level{"ERROR", 17}},
		{"CRITICAL", Level{"CRITICAL", 21}},
		{"AUDIT", Level{"AUDIT", 0}},
		{"20", Level{"INFO", 9}},
		{"5", Level{"Level 5", 1}},
		{"10", Level{"DEBUG", 5}},
		{"25", Level{"Level 25", 9}},
		{"30", Level{"WARNING", 13}},
		{"40", Level{"ERROR", 17}},
		{"50", Level{"CRITICAL", 21}},
		{"99", Level{"Level 99", 21}},
		{"0", Level{"Level 0", 0}},
		{"-1", Level{"Level -1", 0}},
	} {
		assert.Equal(t, tt.want, levelByName(tt.text), tt.text)
	}
}

// FuzzTimestamp compares what is read with what time.Parse reads.
func FuzzTimestamp(f *testing.F) {
	for _, seed := range []string{
		"2024-05-31T12:00:00", "2024-05-31 12:00:00,123", "2024-02-30T12:00:00", "2024-02-29T23:59:59.999999999", "2023-02-29T00:00:00",
		"2024-00-10T12:00:00", "2024-12-32T12:00:00", "2024-12-31T24:00:00", "2024-12-31T23:60:00", "2024-12-31T23:59:60", "0000-01-01T00:00:00",
		"2024-05-31T12:00:00.", "2024-05-31T12:00:00.1234567890", "2024-05-31T12:00:00.12x",
		"2024-05-3xT12:00:00", "2024-05-3/T12:00:00", "2024-05-31t12:00:00", "2024-05-31T12-00-00", "2024/05/31T12:00:00", "2024-05-31T12:60:00", "2024-05-31T12:00:60", "2024-05-31T12:00:00Z",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseTimestamp(text)
		if err != nil {
			got = time.Time{}
		}
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return // a number, which time.Parse does not read
		}
		var want time.Time
		for _, layout := range layouts {
			if t, err := time.Parse(layout, text); err == nil {
				want, _ = inRange(t.UTC())
				break
			}
		}
		require.Equal(t, want, got)
	})
}
