// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/config/configretry"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// schedule decides when a channel tries, and what it sends in one message.
//
// A message that fails is tried again in two parts, each with half of its alerts,
// and so on: this isolates an alert that the vendor does not accept in log2 of
// them steps, and all others are sent meanwhile. When everything fails the whole
// channel waits, and parts are merged when it is back.
type schedule struct {
	backoff backoff

	until       time.Time // the channel is not tried before
	firm        bool      // until is what the vendor asked for, or follows a rejection
	consecutive int       // failed attempts in a row
	rejections  int       // permanent rejections in a row
	tried       time.Time // last attempt
	acceptedAt  time.Time // the last that was accepted; zero: none since the start
	failing     time.Time // since; zero after a success
	lastErr     error     // of the last attempt; nil after a success

	hurrying bool      // an alert came that was not yet tried
	hurried  time.Time // the channel was last tried early

	parts  int // the number of the last part
	merged int // parts up to this number are merged
}

// backoff is how long to wait after failures.
type backoff configretry.BackOffConfig

// delay is how long to wait after so many failures in a row.
func (b backoff) delay(failures int) time.Duration {
	d := float64(b.InitialInterval)
	for range failures - 1 {
		if d *= b.Multiplier; d > float64(b.MaxInterval) {
			break
		}
	}
	d = min(d, float64(b.MaxInterval))
	return time.Duration(d * (1 + b.RandomizationFactor*(2*rand.Float64()-1))) //nolint:gosec // spreads retries
}

// givesUp reports whether an alert that waits since then is not tried again.
func (b backoff) givesUp(now, since time.Time) bool {
	return !b.Enabled || b.MaxElapsedTime > 0 && now.Sub(since) > b.MaxElapsedTime
}

// grouping is which alerts are sent in one message.
type grouping struct {
	// individually makes each alert a message of its own.
	individually bool
	// together lets alerts of different groups share a message.
	together bool
	// limit is the most alerts of one message; 0: any number.
	limit int
	// place distinguishes alerts that cannot be in one message; nil: none.
	place func(c change) string
}

// message is what is sent in one request.
type message struct {
	entries []*entry
	sent    []change // of the entries, as they are sent
}

// id names the changes of a message.
func (m message) id() string {
	hash := sha256.New()
	for _, c := range m.sent {
		_, _ = fmt.Fprintln(hash, c.key, c.stamp.At.UnixNano(), c.stamp.State, c.stamp.Span)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// hurry lets a new alert try a channel that waits at once, but no more often than
// it would be tried at first.
func (s *state) hurry(now time.Time) {
	s.hurrying = true
	if s.firm || !s.until.After(now) {
		return
	}
	at := s.hurried.Add(s.backoff.InitialInterval)
	if at.Before(now) {
		at = now
	}
	if at.Before(s.until) {
		s.until, s.hurried = at, at
	}
}

func (s *state) partOf(e *entry) int {
	if e.part <= s.merged {
		return 0
	}
	return e.part
}

// due reports whether something is to be sent now, or else when; zero is never.
func (s *state) due(now time.Time) (wake time.Time, due bool) {
	s.promote(now)
	ready := s.first() != nil
	if !ready || s.until.After(now) {
		return s.wake(ready), false
	}
	return now, true
}

// nextMessage returns the message that is due; it has no entries when none is.
func (s *state) nextMessage(now time.Time) (m message) {
	if _, due := s.due(now); !due {
		return m
	}
	s.hurrying = false
	for _, e := range s.with(s.first()) {
		s.take(e)
		e.inFlight = true
		m.entries = append(m.entries, e)
		m.sent = append(m.sent, e.change)
	}
	return m
}

// follow queues a message again for the targets that did not accept it, one entry
// per target and alert. It returns these entries.
func (s *state) follow(now time.Time, m message, targets []string) (followers []*entry) {
	for _, sent := range m.sent {
		for _, target := range targets {
			c := sent
			c.base, c.target = sent.key, target
			if sent.base != "" {
				c.base = sent.base
			}
			c.key = keyOf(c.base, target)
			e, outcome, _ := s.offer(now, c)
			if outcome == offerKnown && !e.waits() && c.stamp == e.stamp {
				// It was this target's own message.
				s.take(e)
				e.change, e.settled, e.since = c, stamp{}, now
				s.waiting++
				s.queue(e)
			}
			e.next = now.Add(s.backoff.delay(1))
			if !e.inFlight {
				s.take(e)
				s.failed[e] = struct{}{}
			}
			followers = append(followers, e)
		}
	}
	return followers
}

// dropObsolete removes entries from a message that repeat a state which is no longer
// the latest of its alert. It returns their number.
func (s *state) dropObsolete(now time.Time, m *message) (obsolete int) {
	var kept message
	for i, e := range m.entries {
		if base := s.entries[m.sent[i].base]; m.sent[i].base != "" && (base == nil || base.stamp != m.sent[i].stamp) {
			e.inFlight, e.settled = false, m.sent[i].stamp
			s.finish(now, e)
			obsolete++
			continue
		}
		kept.entries, kept.sent = append(kept.entries, e), append(kept.sent, m.sent[i])
	}
	*m = kept
	return obsolete
}

// mute drops the resolution of an alert that the recipients do not know of, as
// when both happened while the channel is muted.
func (s *state) mute(now time.Time, e *entry) bool {
	if e.stamp.State != alertevent.Resolved || e.known || e.inFlight || !e.waits() {
		return false
	}
	s.take(e)
	e.settled = e.stamp
	s.finish(now, e)
	return true
}

// first is the most severe of what is ready. After a failure it is one that has
// failed least, to find out whether the channel or the alert is the cause.
func (s *state) first() *entry {
	var first *entry
	probing := s.consecutive > 0 && s.consecutive < maxConsecutive || s.rejections > 0 && s.rejections < maxRejections
	for rank := ranks - 1; rank >= 0; rank-- {
		for el := s.ready[rank].Front(); el != nil; el = el.Next() {
			e := el.Value.(*entry)
			if !probing || e.fails == 0 {
				if first == nil || e.fails < first.fails {
					return e
				}
				return first
			}
			if first == nil || e.fails < first.fails {
				first = e
			}
		}
	}
	return first
}

// with is what is sent with an alert that is ready, the most severe first.
func (s *state) with(first *entry) []*entry {
	if s.grouping.individually {
		return []*entry{first}
	}
	place := func(e *entry) string {
		if s.grouping.place == nil {
			return ""
		}
		return s.grouping.place(e.change)
	}
	part, at := s.partOf(first), place(first)
	var all []*entry
	for rank := ranks - 1; rank >= 0; rank-- {
		ready := &s.ready[rank]
		if !s.grouping.together {
			if ready = s.byGroup[readyGroup{rank, first.group, first.target}]; ready == nil {
				continue
			}
		}
		for el := ready.Front(); el != nil; el = el.Next() {
			e := el.Value.(*entry)
			if e.target != first.target || s.partOf(e) != part {
				continue
			}
			if e != first && place(e) != at {
				continue
			}
			if all = append(all, e); len(all) == s.grouping.limit {
				return all
			}
		}
	}
	return all
}

// wake is the next time at which something is to be sent.
func (s *state) wake(ready bool) time.Time {
	var at time.Time
	if ready {
		at = s.until
	}
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	for e := range s.failed {
		sooner(e.next)
	}
	if el := s.resends.Front(); el != nil {
		sooner(el.Value.(*entry).next)
	}
	if !at.IsZero() && at.Before(s.until) {
		return s.until
	}
	return at
}
