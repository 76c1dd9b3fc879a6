// Copyright The otelcol-arc Authors
// SPDX-License-Identifier: Apache-2.0

package notification

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/otelcol-arc/otelcol-arc/internal/alertevent"
)

// ofGroup is an observation of one group, by what it reported before and reports now.
func ofGroup(name string, last, now []alertevent.Alert) Observation {
	o := Observation{Group: name, Firing: map[string]alertevent.Alert{}}
	for _, a := range now {
		o.Firing[a.Fingerprint()] = a
	}
	for _, a := range last {
		if _, fires := o.Firing[a.Fingerprint()]; !fires {
			o.Ended = append(o.Ended, a.Fingerprint())
		}
	}
	return o
}

// What an evaluation of a group costs does not depend on the alerts of others: a look at any of them
// would panic.
func TestObservationOfAGroupDoesNotVisitOthers(t *testing.T) {
	for name, grouping := range map[string]Grouping{
		"individually": {},
		"grouped":      {By: []string{"alertname"}, Wait: time.Minute, Interval: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			b := NewLog(Policy{Cooldown: time.Minute, Repeat: 4 * time.Hour, Limit: 1000, Grouping: grouping})
			var own, others []alertevent.Alert
			for i := range 100 {
				others = append(others, ofRule("other", "warning", i))
			}
			for i := range 10 {
				own = append(own, ofRule("own", "warning", i))
			}
			b.Observe(start, ofGroup("others", nil, others), nothing)
			b.Flush(start, nothing)
			b.Flush(minutes(1), nothing)
			for _, a := range others {
				b.alerts[a.Fingerprint()] = nil
			}
			for key, g := range b.groups {
				if g.route == nil || len(g.members) > 0 {
					b.groups[key] = nil
				}
			}

			visits := 0
			count := func(alertevent.Alert) Mute { visits++; return Mute{} }
			now := minutes(2)
			notified := 0
			for _, fires := range [][]alertevent.Alert{own, own[:5], own, nil} {
				last := own
				visits = 0
				b.Observe(now, ofGroup("own", last, fires), count)
				assert.Equal(t, len(fires), visits)
				for range 2 {
					got, _ := b.Flush(now, nothing)
					notified += len(got)
				}
				b.Next()
				assert.Empty(t, b.AwaitedAlerts(func(name string) bool { return name == "own" }))
				now = now.Add(2 * time.Minute)
			}
			assert.NotZero(t, notified)
		})
	}
}

// However alerts of several groups come and go, observations of one group after the other
// lead to the notifications that observations of all together lead to.
func TestObservationsByGroup(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 2))
		policy := Policy{Cooldown: time.Duration(random.IntN(4)) * time.Minute, Repeat: time.Duration(random.IntN(3)) * 7 * time.Minute, Limit: 30, RuleLimit: 20, Grace: 5 * time.Minute}
		if random.IntN(3) == 0 {
			policy.Grouping = Grouping{By: []string{"severity"}, Wait: 30 * time.Second, Interval: 2 * time.Minute}
		}
		if random.IntN(3) == 0 {
			policy.PerMinute = 5
		}
		byGroup, together := NewLog(policy), NewLog(policy)
		fires := make([][]alertevent.Alert, 4)
		pending := map[string]bool{}
		isMuted := ""
		mutes := func(a alertevent.Alert) Mute {
			if a.Labels["i"] == isMuted {
				return Mute{Reason: Silenced, By: isMuted}
			}
			return Mute{}
		}
		for minute := range 60 {
			now := minutes(float64(minute))
			group := random.IntN(len(fires))
			last := fires[group]
			fires[group] = nil
			for i := range random.IntN(6) {
				if random.IntN(2) == 0 {
					fires[group] = append(fires[group], ofRule("r"+strconv.Itoa(group), []string{"warning", "critical"}[i%2], i))
				}
			}
			if random.IntN(5) == 0 {
				isMuted = strconv.Itoa(random.IntN(6))
				byGroup.Remute(mutes)
			}
			if random.IntN(15) == 0 {
				byGroup, together = restart(t, now, byGroup), restart(t, now, together)
				for i := range fires { // the first evaluation of each group
					byGroup.Observe(now, ofGroup(strconv.Itoa(i), nil, fires[i]), mutes)
				}
			}
			o := ofGroup(strconv.Itoa(group), last, fires[group])
			byGroup.Observe(now, o, mutes)
			all := map[string]alertevent.Alert{}
			for _, a := range slices.Concat(fires...) {
				all[a.Fingerprint()] = a
			}
			together.Observe(now, observationOf(together, all, pending), mutes)
			got, _ := byGroup.Flush(now, mutes)
			want, _ := together.Flush(now, mutes)
			require.Equal(t, describe(want), describe(got), "seed %d, minute %d", seed, minute)
		}
		now := minutes(100)
		for group := range fires {
			byGroup.Observe(now, ofGroup(strconv.Itoa(group), fires[group], nil), mutes)
		}
		for i := range 20 {
			byGroup.Observe(minutes(float64(101+i)), Observation{}, mutes)
			byGroup.Flush(minutes(float64(101+i)), mutes)
		}
		assert.Empty(t, byGroup.alerts, "seed %d", seed)
		assert.Empty(t, byGroup.groups)
		assert.Empty(t, byGroup.limiter.rules)
		for _, n := range []int{len(byGroup.due.times), len(byGroup.ending.times), len(byGroup.cooling.times), len(byGroup.awaited.byBase), len(byGroup.awaited.byName)} {
			assert.Zero(t, n, "seed %d", seed)
		}
	}
}

// Alerts of a rule that is evaluated once an hour are dropped for all of the hour.
func TestDroppedAlertsAreNotTrackedAgainBeforeTheNextEvaluation(t *testing.T) {
	b := NewLog(Policy{Limit: 100, RuleLimit: 2})
	var alerts []alertevent.Alert
	for i := range 5 {
		alerts = append(alerts, ofRule("a", "warning", i))
	}
	notified := func(minute float64, o Observation) string {
		b.Observe(minutes(minute), o, nothing)
		got, _ := b.Flush(minutes(minute), nothing)
		return describe(got)
	}
	assert.Equal(t, "a; a; AlertsDropped", notified(0, ofGroup("hourly", nil, alerts)))
	_, ok := b.Next()
	assert.False(t, ok, "nothing is due until then")
	assert.Empty(t, notified(30, ofGroup("other", nil, nil)))
	b = restart(t, minutes(40), b)
	assert.Empty(t, notified(60, ofGroup("hourly", nil, alerts)))
	assert.Equal(t, "-a; -a; -AlertsDropped", notified(120, ofGroup("hourly", alerts, nil)))
}
