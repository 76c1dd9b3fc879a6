// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package llmcostprocessor

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

const (
	// jump is by how much the clock must change at once not to be followed: more than by slewing
	// and leap seconds.
	jump = time.Hour
	// reportedJump is the least that is reported: not that a machine was suspended for the night.
	reportedJump = 24 * time.Hour
	// settling is for how long after a jump the time before it decides what is forgotten: an
	// operator, or NTP, has until then to set the clock right.
	settling = 24 * time.Hour

	// keyClock has the time by which the ledger forgets, in RFC 3339: a process that starts
	// while the clock is wrong forgets nothing, either.
	keyClock = "clock"
	// clockSaved is how much the stored time may be behind.
	clockSaved = 10 * time.Minute
)

// clock is the time by which what is old is forgotten. It follows the wall clock, except that
// after a jump forward it goes on at its own pace until the wall clock has settled. It is safe
// for concurrent use, but for check.
type clock struct {
	wall   func() time.Time
	anchor atomic.Pointer[anchor]

	held  time.Time // when a jump was found, by the pace of the process; zero: none
	saved time.Time // what is in the storage
}

// anchor is a time, and when it was right by the pace of the process.
type anchor struct {
	at   time.Time // without a monotonic reading
	pace time.Time // with one
}

func newClock(wall func() time.Time) *clock {
	c := &clock{wall: wall}
	c.set(wall())
	return c
}

func (c *clock) set(at time.Time) { c.anchor.Store(&anchor{at: at.Round(0), pace: time.Now()}) }

// now is the time by which what is old is forgotten.
func (c *clock) now() time.Time {
	a := c.anchor.Load()
	return a.at.Add(time.Since(a.pace))
}

// before is the earlier of a time of the wall clock, at which something arrived, and now.
func (c *clock) before(at time.Time) time.Time {
	if now := c.now(); now.Before(at) {
		return now
	}
	return at
}

// check follows the wall clock, and returns by how much it is ahead as long as it is not
// followed. One goroutine at a time may call it.
func (c *clock) check() (ahead time.Duration) {
	wall := c.wall()
	ahead = wall.Round(0).Sub(c.now())
	switch {
	case ahead < jump:
		c.held = time.Time{}
	case c.held.IsZero():
		c.held = time.Now()
		return ahead
	case time.Since(c.held) < settling:
		return ahead
	default:
		c.held = time.Time{}
	}
	c.set(wall)
	return 0
}

// checkClock reports a clock that was set forward. It must be called with mu held.
func (c *core) checkClock() {
	var err error
	if ahead := c.clock.check(); ahead >= reportedJump {
		err = fmt.Errorf("the clock was set forward, or the machine suspended, by %v to %s: for %v from then on the ledger forgets nothing and accepts calls as if it had not been",
			ahead.Round(time.Second), c.clock.wall().UTC().Format(time.RFC3339), settling)
	}
	c.health.Set(problemClock, err, "The clock was set forward, or the machine was suspended; the ledger forgets nothing until the clock is set back or a day has passed", "The ledger follows the clock again")
}

// loadClock continues the time by which the ledger forgets. It is for Start.
func (c *core) loadClock(ctx context.Context) error {
	if c.store == nil {
		return nil
	}
	var saved time.Time
	if err := c.store.Read(ctx, keyClock, saved.UnmarshalText); err != nil {
		return err
	}
	if !saved.IsZero() && c.clock.wall().Sub(saved) > c.cfg.Retention {
		// A machine may be off for long; but whether it was, or its clock is wrong, shows only
		// when the clock stays as it is. Up to the retention nothing is lost.
		c.clock.set(saved)
	}
	c.clock.saved = saved
	return nil
}

// saveClock must be called with mu held.
func (c *core) saveClock(ctx context.Context) error {
	now := c.clock.now()
	if age := now.Sub(c.clock.saved); 0 <= age && age < clockSaved {
		return nil
	}
	content, err := now.UTC().Round(0).MarshalText()
	if err == nil {
		err = c.store.Client().Set(ctx, keyClock, content)
	}
	if err != nil {
		return fmt.Errorf("time: %w", err)
	}
	c.clock.saved = now
	return nil
}
