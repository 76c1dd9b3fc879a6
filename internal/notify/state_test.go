// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

func changeOf(t *testing.T, a alertevent.Alert, at time.Time) change {
	t.Helper()
	a.StartsAt = at
	ld := logs(a)
	var all []change
	for record := range alertevent.Records(ld) {
		if parsed, err := alertevent.Read(record); err == nil {
			c, err := newChange(record, parsed, "")
			require.NoError(t, err)
			all = append(all, c)
		}
	}
	require.Len(t, all, 1)
	return all[0]
}

// simulation is one channel with its storage, its vendor, and an alert processor
// that offers again what was not accepted.
type simulation struct {
	t      *testing.T
	random *rand.Rand
	now    time.Time
	client *memoryClient
	state  *state
	store  *store
	fresh  func() *state

	truth    map[string]alertevent.State
	view     map[string]alertevent.State
	outage   error
	poisoned map[string]bool
}

// restart replaces the state with that of the storage.
func (s *simulation) restart() {
	s.client = s.client.clone()
	s.state, s.store = s.fresh(), newStore()
	s.store.client = s.client
	entries, damaged, err := s.store.load(s.t.Context(), nil)
	require.NoError(s.t, errors.Join(err, damaged))
	s.state.restore(s.now, entries)
}

func (s *simulation) persist(entries ...*entry) {
	require.NoError(s.t, s.store.put(s.state, entries...))
	require.NoError(s.t, s.store.flush(s.t.Context(), &sync.Mutex{}))
}

// offer reports changes of some alerts. The process can be killed before they are
// persisted, and then they are offered again.
func (s *simulation) offer(names []string) {
	var changes []change
	for _, name := range names {
		state := alertevent.Firing
		if s.truth[name] == alertevent.Firing && s.random.IntN(2) == 0 {
			state = alertevent.Resolved
		}
		s.truth[name] = state
		a := alert(name, []string{"info", "critical", "", "warning"}[len(name)%4], state)
		if s.random.IntN(3) == 0 {
			a = in("group", a)
		}
		changes = append(changes, changeOf(s.t, a, s.now))
	}
	for killed := s.random.IntN(10) == 0; ; killed = false {
		var entries []*entry
		for _, c := range changes {
			e, _, evicted := s.state.offer(s.now, c)
			require.Nil(s.t, evicted)
			entries = append(entries, e)
		}
		if !killed {
			s.persist(entries...)
			return
		}
		s.restart()
	}
}

// send sends what is due, and reports whether something was.
func (s *simulation) send() bool {
	m := s.state.nextMessage(s.now)
	obsolete := s.state.dropObsolete(s.now, &m)
	if len(m.entries) == 0 {
		return obsolete > 0
	}
	poisoned := slices.ContainsFunc(m.sent, func(c change) bool {
		a, err := decode(c.encoded)
		require.NoError(s.t, err)
		return s.poisoned[a.Name()]
	})
	var throttled *ThrottledError
	err := s.outage
	if err == nil && poisoned {
		err = errors.New("status 500")
	}
	if err == nil || s.random.IntN(10) == 0 { // the response may be lost
		for _, c := range m.sent {
			a, err := decode(c.encoded)
			require.NoError(s.t, err)
			s.view[a.Name()] = a.State
		}
	}
	if s.random.IntN(20) == 0 {
		s.restart() // killed before the outcome is persisted
		return true
	}
	switch {
	case err == nil:
		s.state.accept(s.now, m)
	case errors.Is(err, ErrChannel):
		s.state.disable(s.now, m, err)
	case errors.As(err, &throttled):
		s.state.throttle(s.now, m, err, throttled.Delay)
	default:
		require.Empty(s.t, s.state.fail(s.now, m, err))
	}
	s.persist(m.entries...)
	return true
}

func (s *simulation) run(duration time.Duration) {
	for end := s.now.Add(duration); s.now.Before(end); {
		if s.send() {
			s.now = s.now.Add(100 * time.Millisecond)
			continue
		}
		s.now = s.now.Add(time.Second)
	}
}

// Whatever happens, in the end the view of the recipients equals the truth.
func TestViewEqualsTruth(t *testing.T) {
	groupings := map[string]grouping{
		"individually": {individually: true}, "grouped": {}, "batched": {together: true, limit: 3},
	}
	outages := []error{
		nil, nil, errors.New("status 503"), &ThrottledError{Err: errors.New("429"), Delay: 10 * time.Second},
		fmt.Errorf("%w: 403", ErrChannel),
	}
	for name, g := range groupings {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				s := &simulation{
					t: t, random: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_800_000_000, 0),
					client: &memoryClient{values: map[string][]byte{}},
					truth:  map[string]alertevent.State{}, view: map[string]alertevent.State{}, poisoned: map[string]bool{},
					fresh: func() *state { return newState(g, backoff(NewDeliveryConfig().Retry), 0, maxSettled) },
				}
				s.restart()
				for range 40 {
					var names []string
					for range 1 + s.random.IntN(6) {
						name := fmt.Sprint("alert", s.random.IntN(20))
						if !slices.Contains(names, name) {
							names = append(names, name)
						}
					}
					s.offer(names)
					s.outage = outages[s.random.IntN(len(outages))]
					clear(s.poisoned)
					for range s.random.IntN(3) {
						s.poisoned[fmt.Sprint("alert", s.random.IntN(20))] = true
					}
					s.run(time.Duration(s.random.IntN(40)) * time.Second)
					if s.random.IntN(8) == 0 {
						s.restart()
					}
				}
				s.outage = nil
				clear(s.poisoned)
				s.run(2 * time.Hour)
				require.Equal(t, s.truth, s.view, "seed %d", seed)
				require.Zero(t, s.state.waiting, "seed %d", seed)
				checkConsistent(t, s.state)
				stored := maps.Clone(s.client.values)
				delete(stored, keySlots)
				require.Len(t, stored, len(s.state.entries))
			}
		})
	}
}

// checkConsistent checks that every entry is in the list of its state.
func checkConsistent(t *testing.T, s *state) {
	t.Helper()
	waiting := 0
	for _, e := range s.entries {
		if e.waits() {
			waiting++
		}
		_, failed := s.failed[e]
		assert.Equal(t, !failed && !e.inFlight, e.in != nil, e.key)
	}
	assert.Equal(t, waiting, s.waiting)
}

// When too many wait the least severe gives way, the newest first; never the
// resolution of an alert that the recipients know of. The resolution of what was
// evicted is not sent.
func TestEviction(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := newState(grouping{individually: true}, backoff(NewDeliveryConfig().Retry), 0, 100)
	s.waitingLimit = 3
	offer := func(name, severity string, state alertevent.State) string {
		now = now.Add(time.Second)
		e, _, evicted := s.offer(now, changeOf(t, alert(name, severity, state), now))
		require.NotNil(t, e)
		if evicted == nil {
			return ""
		}
		return strconv.Itoa(evicted.severity)
	}
	send := func() {
		m := s.nextMessage(now)
		require.Len(t, m.entries, 1)
		s.accept(now, m)
	}
	assert.Empty(t, offer("known", "info", alertevent.Firing))
	send()
	assert.Empty(t, offer("known", "info", alertevent.Resolved))
	assert.Empty(t, offer("warning", "warning", alertevent.Firing))
	assert.Empty(t, offer("critical", "critical", alertevent.Firing))
	assert.Equal(t, "1", offer("info", "info", alertevent.Firing), "the new one")
	assert.Equal(t, "2", offer("critical2", "critical", alertevent.Firing))
	assert.Equal(t, "4", offer("critical3", "critical", alertevent.Firing), "the newest")
	assert.Empty(t, offer("warning", "warning", alertevent.Resolved), "nobody knows of it")
	assert.Equal(t, 3, s.waiting)
	checkConsistent(t, s)
	var order []string
	for range 3 {
		m := s.nextMessage(now)
		a, err := decode(m.sent[0].encoded)
		require.NoError(t, err)
		order = append(order, a.Name()+" "+string(a.State))
		s.accept(now, m)
	}
	assert.Equal(t, []string{"critical firing", "critical2 firing", "known resolved"}, order)
	assert.Empty(t, s.nextMessage(now).entries)
	assert.Empty(t, offer("critical3", "critical", alertevent.Firing), "there is space again")
}

// What is remembered is bounded, and resolved alerts are forgotten first.
func TestForget(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := newState(grouping{individually: true}, backoff(NewDeliveryConfig().Retry), 0, 5)
	for i := range 20 {
		state := alertevent.Firing
		if i%2 == 0 {
			state = alertevent.Resolved
		}
		s.offer(now, changeOf(t, alert(strconv.Itoa(i), "info", state), now))
		s.accept(now, s.nextMessage(now))
	}
	assert.Len(t, s.entries, 5)
	for _, e := range s.entries {
		assert.Equal(t, alertevent.Firing, e.stamp.State)
	}
}

// Without retries, or after max_elapsed_time, an alert is given up.
func TestGivesUp(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, change := range map[string]func(*backoff){
		"no retry": func(b *backoff) { b.Enabled = false },
		"a minute": func(b *backoff) { b.MaxElapsedTime = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			b := backoff(NewDeliveryConfig().Retry)
			change(&b)
			s := newState(grouping{individually: true}, b, 0, 5)
			s.offer(now, changeOf(t, alert("A", "info", alertevent.Firing), now))
			givenUp := 0
			for at := now; at.Before(now.Add(5 * time.Minute)); at = at.Add(time.Second) {
				if m := s.nextMessage(at); len(m.entries) > 0 {
					givenUp += len(s.fail(at, m, errors.New("down")))
				}
			}
			assert.Equal(t, 1, givenUp)
			assert.Zero(t, s.waiting)
		})
	}
}

// Everything is rejected: after five rejections the channel counts as the cause,
// and what waits is kept.
func TestRejectsEverything(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	s := newState(grouping{individually: true}, backoff(NewDeliveryConfig().Retry), 0, 5)
	for i := range 50 {
		s.offer(now, changeOf(t, alert(strconv.Itoa(i), "info", alertevent.Firing), now))
	}
	givenUp := 0
	for at := now; at.Before(now.Add(30 * time.Minute)); at = at.Add(time.Second) {
		if m := s.nextMessage(at); len(m.entries) > 0 {
			givenUp += len(s.reject(at, m, consumererror.NewPermanent(errors.New("400"))))
		}
	}
	assert.Equal(t, maxRejections+2, givenUp)
	assert.Equal(t, 50-givenUp, s.waiting)
}

// Alerts that fire are sent again, until they are resolved, or for a day after a
// restart of which nothing was reported since.
func TestResend(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	fresh := func() *state {
		return newState(grouping{together: true}, backoff(NewDeliveryConfig().Retry), time.Minute, 100)
	}
	s := fresh()
	sent := func(duration time.Duration) (n int) {
		for end := now.Add(duration); now.Before(end); now = now.Add(time.Second) {
			if m := s.nextMessage(now); len(m.entries) > 0 {
				n += len(m.entries)
				s.accept(now, m)
			}
		}
		return n
	}
	s.offer(now, changeOf(t, alert("A", "info", alertevent.Firing), now))
	s.offer(now, changeOf(t, alert("B", "info", alertevent.Firing), now))
	assert.InDelta(t, 2*11, sent(10*time.Minute+time.Second), 2)
	s.offer(now, changeOf(t, alert("A", "info", alertevent.Resolved), now))
	assert.InDelta(t, 1+10, sent(10*time.Minute), 1)

	st := newStore()
	st.client = &memoryClient{values: map[string][]byte{}}
	for _, e := range s.entries {
		require.NoError(t, st.put(s, e))
	}
	require.NoError(t, st.flush(t.Context(), &sync.Mutex{}))
	entries, damaged, err := st.load(t.Context(), nil)
	require.NoError(t, errors.Join(damaged, err))
	s = fresh()
	s.restore(now, entries)
	assert.Len(t, s.nextMessage(now).entries, 1, "at once: it may be about to expire")
	s = fresh()
	entries, _, err = st.load(t.Context(), nil)
	require.NoError(t, err)
	s.restore(now, entries)
	sent(maxUnconfirmed)
	assert.Zero(t, sent(time.Hour))
	assert.Equal(t, 1, s.unconfirmed)
	checkConsistent(t, s)
}
