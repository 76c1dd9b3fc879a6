// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// maxConsecutive is how many attempts in a row fail until the channel, and not
	// what was sent, counts as the cause, and waits as a whole.
	maxConsecutive = 3
	// maxRejections is the same for permanent rejections.
	maxRejections = 5
	// A channel that rejects everything, such as with a revoked key, is tried
	// again after these times: to try a wrong password often locks accounts.
	minRejected = 5 * time.Minute
	maxRejected = time.Hour
)

// accept records that the vendor accepted a message.
func (s *state) accept(now time.Time, m message) {
	if s.consecutive >= maxConsecutive {
		// The channel is back: all that failed is tried again, in whole messages.
		s.merged = s.parts
		for e := range s.failed {
			e.next = now
		}
	}
	s.consecutive, s.rejections, s.until, s.firm = 0, 0, time.Time{}, false
	s.tried, s.acceptedAt, s.failing, s.lastErr = now, now, time.Time{}, nil
	for i, e := range m.entries {
		e.inFlight, e.fails, e.part = false, 0, 0
		e.settled = m.sent[i].stamp
		e.known = m.sent[i].stamp.State == alertevent.Firing
		s.finish(now, e)
	}
}

// fail records that a message was not accepted and is to be tried again. It returns
// the entries that are given up.
func (s *state) fail(now time.Time, m message, err error) (givenUp []*entry) {
	s.note(now, err)
	s.consecutive++
	if s.consecutive >= maxConsecutive {
		s.until, s.firm = now.Add(s.backoff.delay(s.consecutive-maxConsecutive+1)), false
		if s.hurrying {
			s.hurry(now)
		}
	}
	kept := message{}
	for i, e := range m.entries {
		if m.sent[i].stamp.State == alertevent.Firing {
			e.known = true // it may have been accepted
		}
		if s.backoff.givesUp(now, e.since) {
			e.inFlight, e.settled = false, m.sent[i].stamp
			s.finish(now, e)
			givenUp = append(givenUp, e)
			continue
		}
		kept.entries, kept.sent = append(kept.entries, e), append(kept.sent, m.sent[i])
	}
	if len(kept.entries) > 1 {
		s.divide(kept)
		return givenUp
	}
	for i, e := range kept.entries {
		e.inFlight = false
		e.fails++
		if e.stamp != kept.sent[i].stamp {
			s.finish(now, e) // has changed meanwhile
			continue
		}
		e.next = now.Add(s.backoff.delay(e.fails))
		s.failed[e] = struct{}{}
	}
	return givenUp
}

// throttle records that the vendor asked to wait. It waits as after a failure if that is longer:
// the vendor may ask for no time at all, or for a date that by this clock has passed.
func (s *state) throttle(now time.Time, m message, err error, delay time.Duration) {
	s.note(now, err)
	s.until, s.firm = now.Add(max(delay, s.backoff.delay(1))), true
	s.giveBack(m)
}

// reject records that the vendor permanently rejected a message. It returns the
// entry that is given up; of several alerts each half is tried first.
func (s *state) reject(now time.Time, m message, err error) (givenUp []*entry) {
	s.note(now, err)
	s.consecutive = 0 // it responds
	if s.rejections++; s.rejections >= maxRejections {
		s.pauseRejected(now, s.rejections-maxRejections+1)
	}
	if len(m.entries) > 1 {
		s.divide(m)
		return nil
	}
	for i, e := range m.entries {
		e.inFlight, e.settled = false, m.sent[i].stamp
		s.finish(now, e)
		givenUp = append(givenUp, e)
	}
	return givenUp
}

// disable records that the vendor rejects the channel and not the message. Waiting
// alerts keep waiting.
func (s *state) disable(now time.Time, m message, err error) {
	s.note(now, err)
	s.rejections++
	s.pauseRejected(now, s.rejections)
	s.giveBack(m)
}

func (s *state) pauseRejected(now time.Time, n int) {
	delay := minRejected
	for range n - 1 {
		delay = min(2*delay, maxRejected)
	}
	s.until, s.firm = now.Add(delay), true
}

func (s *state) note(now time.Time, err error) {
	s.tried, s.lastErr = now, err
	if s.failing.IsZero() {
		s.failing = now
	}
}

// giveBack makes what was not sent ready again.
func (s *state) giveBack(m message) {
	for _, e := range m.entries {
		e.inFlight = false
		if s.isQuiet(e) {
			s.finish(time.Time{}, e) // is not sent again
			continue
		}
		s.queue(e)
	}
}

// divide makes what was not sent ready again, in two parts.
func (s *state) divide(m message) {
	for i, e := range m.entries {
		if i == 0 || i == (len(m.entries)+1)/2 {
			s.parts++
		}
		e.fails++
		e.part = s.parts
	}
	s.giveBack(m)
}
