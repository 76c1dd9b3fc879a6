// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import "time"

// aging is the time by which records age. It passes while records arrive: a pause counts
// as a tenth of the window at most. A collector that was stopped, hung, or that nobody could
// reach for longer than the window still knows what it counted before, which is what
// is sent again first.
type aging struct {
	last   time.Time     // of the last batch
	paused time.Duration // that did not count
}

// longestPause is what a pause counts as at most.
func longestPause(window time.Duration) time.Duration { return window / 10 }

// at is the time of a batch by which its records age.
func (a *aging) at(now time.Time, window time.Duration) time.Time {
	if pause := now.Sub(a.last) - longestPause(window); !a.last.IsZero() && pause > 0 {
		a.paused += pause
	}
	a.last = now
	return now.Add(-a.paused)
}

// Age is how much older records become in a pause between two batches.
func Age(pause, window time.Duration) time.Duration { return min(pause, longestPause(window)) }
