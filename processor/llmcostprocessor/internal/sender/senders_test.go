// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package sender

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var morning = time.Date(2026, 11, 23, 10, 30, 0, 0, time.UTC)

// However many senders there are, they have a bounded number of entries, and none of their records
// is lost. Those that have sent nothing for a day make room for new ones.
func TestSendersAreBounded(t *testing.T) {
	s := New(nil)
	for i := range 3 * Limit {
		s.Add(ID{fmt.Sprint("service-", i), strings.Repeat("é", maxName), "1"}, &Tally{Spans: 2}, morning)
	}
	assert.Equal(t, Limit, s.Len())
	assert.EqualValues(t, 4*Limit, s.Unlisted())
	arrivals := s.Arrivals(morning)
	assert.Len(t, arrivals.Senders, Limit+1)
	sum := int64(0)
	for _, one := range arrivals.Senders {
		sum += one.Records()
		assert.LessOrEqual(t, len(one.Scope), maxName)
	}
	assert.EqualValues(t, 6*Limit, sum)

	later := morning.Add(idle + time.Hour)
	s.Add(ID{Service: "new"}, &Tally{Spans: 1}, later)
	assert.Equal(t, 1, s.Len())
	assert.EqualValues(t, 4*Limit, s.Unlisted(), "the overflow entry stays")
}

// The rate is the average of the last minutes, and of fewer where there are fewer.
func TestRates(t *testing.T) {
	s := New(nil)
	rate := func(at time.Time) float64 { return s.Arrivals(at).Senders[0].PerMinute }
	s.Add(ID{Service: "a"}, &Tally{Spans: 30}, morning)
	assert.InDelta(t, 30, rate(morning), 1e-9)
	assert.InDelta(t, 10, rate(morning.Add(3*time.Minute)), 1e-9)
	assert.InDelta(t, 2, rate(morning.Add(14*time.Minute+59*time.Second)), .1)
	assert.Zero(t, rate(morning.Add(15*time.Minute)))
	s.Add(ID{Service: "a"}, &Tally{LogRecords: 15}, morning.Add(time.Hour))
	assert.InDelta(t, 1, rate(morning.Add(time.Hour)), 1e-9)
	s.Add(ID{Service: "a"}, &Tally{LogRecords: 15}, morning) // the clock was set back
	assert.InDelta(t, 2, rate(morning.Add(time.Hour)), 1e-9)
}
