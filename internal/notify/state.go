// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"cmp"
	"container/list"
	"slices"
	"time"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

const (
	// maxWaiting bounds the alerts that wait to be sent by one channel. Beyond it
	// the least severe is evicted, but never the resolution of an alert that the
	// recipients may know of; those are bounded by maxSettled.
	maxWaiting = 50_000
	// maxSettled bounds the alerts whose last notification is remembered. One that
	// was forgotten is notified as if it were new.
	maxSettled = 50_000
)

// maxUnconfirmed is how long an alert from before a restart is sent again without
// having been reported since: the alert processor may have lost its own state and
// not know that the alert is resolved. It is longer than any sensible
// repeat_interval.
const maxUnconfirmed = 24 * time.Hour

// state is the notification state of one channel: for each alert what is to be
// notified, and what was. It is a pure data structure; the caller locks it and
// passes the time.
type state struct {
	waitingLimit, settledLimit int
	grouping                   grouping
	// resend is the time after which a firing alert is sent again; 0 is never.
	resend time.Duration
	// quiet is set when resolutions are not sent. They replace what was not sent yet,
	// so that nobody is notified of an alert that no longer fires.
	quiet bool

	entries map[string]*entry
	ready   [ranks]list.List          // to be sent now, in order of arrival
	byGroup map[readyGroup]*list.List // the same, by what can be one message
	failed  map[*entry]struct{}
	settled [2]list.List // resolved, and firing alerts that were notified, the oldest first
	resends list.List    // firing alerts by the time at which they are sent again
	waiting int          // entries that are to be sent
	freed   []int        // slots of removed entries, for the caller to take
	// unconfirmed counts alerts that are not sent again, see [maxUnconfirmed], and
	// overflow those that are not because too many are remembered.
	unconfirmed, overflow int

	schedule
}

// entry is one alert of one channel.
type entry struct {
	change // what is to be notified, or was last
	// settled is the stamp of what was accepted or permanently rejected last.
	settled stamp
	// known is set when the recipients may believe that the alert fires.
	known bool
	// evicted is set when the alert was dropped, unsent, because too many waited.
	evicted bool
	// confirmed is set once the alert was reported since the process started.
	confirmed bool
	inFlight  bool
	since     time.Time // waits since
	next      time.Time // not before
	fails     int
	part      int // see [schedule]
	slot      int // in the storage; -1: none yet

	in      *list.List
	element *list.Element
	readyIn readyGroup    // of inGroup
	inGroup *list.Element // in byGroup, while it is ready
	again   *list.Element // in resends
}

// readyGroup is what ready entries have in common that can be in one message and are of one rank.
type readyGroup struct {
	rank          int
	group, target string
}

func newState(g grouping, b backoff, resend time.Duration, settledLimit int) *state {
	return &state{
		waitingLimit: maxWaiting, settledLimit: settledLimit, grouping: g, resend: resend,
		entries: map[string]*entry{}, failed: map[*entry]struct{}{}, byGroup: map[readyGroup]*list.List{}, backoff: b,
	}
}

// waits reports whether an entry is to be sent.
func (e *entry) waits() bool { return e.stamp != e.settled && !e.evicted }

// offered is the outcome of a change.
type offered int

const (
	_ offered = iota // the change is to be sent
	// offerKnown is what was reported before, or is older than that.
	offerKnown
	// offerSuperseded took the place of a state that was not sent.
	offerSuperseded
	// offerFiltered is a resolution that is not sent, of an alert that was.
	offerFiltered
)

// offer adds a change. When too many alerts wait it evicts one, which can be the one
// that was offered.
func (s *state) offer(now time.Time, c change) (e *entry, outcome offered, evicted *entry) {
	e, ok := s.entries[c.key]
	switch {
	case ok && (c.stamp == e.stamp || c.stamp.At.Before(e.stamp.At) && !wasAhead(now, e.stamp.At, c.stamp.At)):
		e.confirmed = true
		return e, offerKnown, nil
	case !ok:
		// The recipients may know of a resolved alert from before it was forgotten.
		e = &entry{known: c.stamp.State == alertevent.Resolved, slot: -1}
		s.entries[c.key] = e
	case e.waits() && !e.inFlight:
		outcome = offerSuperseded
	}
	e.confirmed = true
	if !ok || !e.waits() {
		e.since = now
		s.waiting++
	}
	s.take(e)
	neverSent := e.evicted
	e.change, e.evicted, e.next = c, false, time.Time{}
	if neverSent && c.stamp.State == alertevent.Resolved {
		// Nobody knows of it.
		e.settled = c.stamp
		s.finish(now, e)
		return e, offerSuperseded, nil
	}
	if e.inFlight {
		return e, outcome, nil // is queued when that has ended
	}
	if s.isQuiet(e) {
		if outcome != offerSuperseded {
			outcome = offerFiltered
		}
		s.finish(now, e)
		return e, outcome, nil
	}
	s.queue(e)
	s.hurry(now)
	return e, outcome, s.evict()
}

// maxSkew is how far in the future the time of a record may be. The alert processor orders its
// records even if its clock is set back by more than that, up to a minute.
const maxSkew = 30 * time.Second

// wasAhead reports whether the clock by which a record has an earlier time than the one before was
// ahead, and has been set back: it then is the newer one.
func wasAhead(now, before, at time.Time) bool {
	limit := now.Add(maxSkew)
	return before.After(limit) && !at.After(limit)
}

// isQuiet reports whether an entry is a resolution that is not sent.
func (s *state) isQuiet(e *entry) bool { return s.quiet && e.stamp.State == alertevent.Resolved }

// take removes an entry from the lists that it is in.
func (s *state) take(e *entry) {
	if e.in != nil {
		e.in.Remove(e.element)
		e.in, e.element = nil, nil
	}
	if e.inGroup != nil {
		all := s.byGroup[e.readyIn]
		if all.Remove(e.inGroup); all.Len() == 0 {
			delete(s.byGroup, e.readyIn)
		}
		e.inGroup = nil
	}
	if e.again != nil {
		s.resends.Remove(e.again)
		e.again = nil
	}
	delete(s.failed, e)
}

func (s *state) push(l *list.List, e *entry) {
	e.in, e.element = l, l.PushBack(e)
}

// queue makes an entry ready to be sent.
func (s *state) queue(e *entry) {
	s.push(&s.ready[e.rank()], e)
	e.readyIn = readyGroup{e.rank(), e.group, e.target}
	all := s.byGroup[e.readyIn]
	if all == nil {
		all = list.New()
		s.byGroup[e.readyIn] = all
	}
	e.inGroup = all.PushBack(e)
}

// rank orders what waits: the most severe first, and of equal severity what
// fires before what is resolved, and that before what nobody knows of.
func (e *entry) rank() int {
	switch {
	case e.stamp.State == alertevent.Firing:
		return 3*e.severity + 2
	case e.known:
		return 3*e.severity + 1
	default:
		return 3 * e.severity
	}
}

// evict makes space when too many alerts wait: the least severe gives way, of
// several the newest. A resolution that the recipients wait for does not, unless
// as many wait as alerts can be remembered.
func (s *state) evict() *entry {
	if s.waiting <= s.waitingLimit {
		return nil
	}
	for rank := range s.ready {
		if awaited := rank%3 == 1; awaited && s.waiting <= s.waitingLimit+s.settledLimit {
			continue
		}
		if last := s.ready[rank].Back(); last != nil {
			e := last.Value.(*entry)
			s.drop(e)
			return e
		}
	}
	return nil
}

// drop gives up sending a waiting alert.
func (s *state) drop(e *entry) {
	s.take(e)
	s.waiting--
	e.encoded = nil
	list := &s.settled[0]
	if e.known && e.stamp.State == alertevent.Firing {
		// A reminder is dropped; the resolution has to be sent.
		e.settled, list = e.stamp, &s.settled[1]
	} else {
		e.evicted = true
	}
	s.push(list, e)
	s.forget()
}

// finish files an entry once what was sent of it is settled: it waits again when
// it has changed meanwhile.
func (s *state) finish(now time.Time, e *entry) {
	if s.isQuiet(e) {
		e.settled = e.stamp
	}
	if e.waits() {
		s.queue(e)
		return
	}
	s.waiting--
	e.fails, e.part = 0, 0
	if e.stamp.State == alertevent.Resolved {
		e.encoded = nil
		s.push(&s.settled[0], e)
	} else {
		s.push(&s.settled[1], e)
		if s.resend == 0 {
			e.encoded = nil
		} else if e.known {
			e.next = now.Add(s.resend)
			e.again = s.resends.PushBack(e)
		}
	}
	s.forget()
}

// forget bounds the settled entries; what is resolved goes first.
func (s *state) forget() {
	for s.settled[0].Len()+s.settled[1].Len() > s.settledLimit {
		l := &s.settled[0]
		if l.Len() == 0 {
			l = &s.settled[1]
			if s.resend > 0 {
				s.overflow++
			}
		}
		s.remove(l.Front().Value.(*entry))
	}
}

func (s *state) remove(e *entry) {
	if e.waits() {
		s.waiting--
	}
	s.take(e)
	delete(s.entries, e.key)
	if e.slot >= 0 {
		s.freed = append(s.freed, e.slot)
	}
}

// promote makes ready what has waited long enough.
func (s *state) promote(now time.Time) {
	var again []*entry
	for e := range s.failed {
		if !e.next.After(now) {
			again = append(again, e)
		}
	}
	slices.SortFunc(again, func(a, b *entry) int { return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.key, b.key)) })
	for _, e := range again {
		delete(s.failed, e)
		s.queue(e)
	}
	for el := s.resends.Front(); el != nil; el = s.resends.Front() {
		e := el.Value.(*entry)
		if e.next.After(now) {
			return
		}
		if !e.confirmed && now.Sub(e.stamp.At) > maxUnconfirmed {
			s.remove(e)
			s.unconfirmed++
			continue
		}
		s.take(e)
		e.since, e.settled = now, stamp{}
		s.waiting++
		s.queue(e)
	}
}
